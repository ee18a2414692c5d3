import { CatalogueError } from '../capability/catalogue.js';
import { ConfigError } from '../settings/errors.js';
import { BackupError } from '../database/backup/errors.js';
import { EmbeddedDatabaseError } from '../database/embedded/errors.js';
import { UnusableDatabaseError } from '../database/unusable.js';
import { StewardError } from '../errors.js';
import { TokenFileError } from '../guard/authentication/token-file-error.js';

/** Errors whose message is made for whoever started the command. */
const EXPLAINED = [
  ConfigError,
  CatalogueError,
  UnusableDatabaseError,
  EmbeddedDatabaseError,
  BackupError,
  TokenFileError,
  StewardError,
];

/** What to tell the person at the terminal: the message of an error that was foreseen, the whole of any other. */
export function explanation(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return EXPLAINED.some((kind) => error instanceof kind) ? error.message : (error.stack ?? error.message);
}
