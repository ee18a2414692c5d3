import { StewardError } from '../../errors.js';

/** Of a file. One answer holds it, and clients cut answers at 1 MB. */
export const MOST_ROWS = 10_000;
export const MOST_BYTES = 800 * 1024;

/** Characters: as many as a cell of a spreadsheet holds. */
export const LONGEST_TEXT = 32_767;

/** Of the rows as PostgreSQL sends them. Memory holds them and the file made of them. */
export const MOST_READ_BYTES = 4 * 1024 * 1024;

/** A file that is cut looks whole, so there is none. */
export function refuseTooLarge(): never {
  throw new StewardError(
    'VALIDATION',
    `The file would have more than ${MOST_ROWS.toLocaleString('en')} rows or ${MOST_BYTES / 1024} KiB. Ask for less, and for its link anew: narrow the filter, or make fewer groups.`,
  );
}
