import { z } from 'zod';
import { absolutePath, wholeNumber } from '../settings/fields.js';

export const RECORDS_SETTINGS = {
  STEWARD_SCHEMA_FILE: absolutePath(
    'Prisma schema, or a folder of such files, to serve instead of what a configuration file names: what its marks expose, of `DATABASE_URL`',
  ),
  RECORDS_LARGEST_ANSWER_BYTES: wholeNumber(
    { min: 4096, max: 200_000, default: 65_536 },
    'Bytes of the rows of one answer about records; what goes beyond is on the next page',
  ),
};

/** @param variables as text, by name */
export function readRecordsSettings(variables: Readonly<Record<string, string>>): {
  schemaFile: string | undefined;
  largestAnswerBytes: number;
} {
  const settings = z.object(RECORDS_SETTINGS).parse(variables);
  return {
    schemaFile: settings.STEWARD_SCHEMA_FILE,
    largestAnswerBytes: settings.RECORDS_LARGEST_ANSWER_BYTES,
  };
}
