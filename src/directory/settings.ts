import { z } from 'zod';
import { flag, MINUTE, wholeNumber } from '../settings/fields.js';

/** The environment variables of the staff directory. */
export const DIRECTORY_SETTINGS = {
  CONFIRM_WRITES: flag(
    'A person confirms each change of the staff directory first, in a form of their client; a client that has none can change nothing. The flag is `--confirm-writes` alone',
  ),
  CACHE_TTL_MS: wholeNumber(
    { min: 0, max: 24 * 60 * MINUTE, default: 5 * MINUTE },
    'How long names and ids of departments are cached for reads, which may lag a rename by that; 0: they are not',
  ),
};

export type DirectorySettings = ReturnType<typeof readDirectorySettings>;

/** @param variables checked at the start with all others */
export function readDirectorySettings(variables: Readonly<Record<string, string>>) {
  return z.object(DIRECTORY_SETTINGS).parse(variables);
}
