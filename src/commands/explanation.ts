import { CatalogueError } from '../capability/catalogue.js';
import { ConfigError } from '../settings/errors.js';
import { BackupError } from '../database/backup/errors.js';
import { UnusableDatabaseError } from '../database/unusable.js';
import { StewardError } from '../errors.js';
import { TokenFileError } from '../guard/authentication/token-file-error.js';

/** Errors whose message is for the operator. */
const EXPLAINED = [
  ConfigError,
  CatalogueError,
  UnusableDatabaseError,
  BackupError,
  TokenFileError,
  StewardError,
];

/** Formats an error for the operator: an expected one by its message, any other in full. */
export function explanation(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return EXPLAINED.some((kind) => error instanceof kind) ? error.message : (error.stack ?? error.message);
}
