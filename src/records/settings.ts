import { z } from 'zod';
import { wholeNumber } from '../settings/fields.js';

export const RECORDS_SETTINGS = {
  RECORDS_LARGEST_ANSWER_BYTES: wholeNumber(
    { min: 4096, max: 200_000, default: 65_536 },
    'Bytes of the rows of one answer about records; what goes beyond is on the next page',
  ),
};

/** @param variables as text, by name */
export function readRecordsSettings(variables: Readonly<Record<string, string>>): {
  largestAnswerBytes: number;
} {
  const settings = z.object(RECORDS_SETTINGS).parse(variables);
  return { largestAnswerBytes: settings.RECORDS_LARGEST_ANSWER_BYTES };
}
