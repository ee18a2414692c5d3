import type { Cursors } from '../capability/answer/cursor.js';
import type { Seal } from '../capability/seal.js';
import type { Records } from './records.js';

/** What the tools stand on. */
export interface Services {
  records: Records;
  cursors: Cursors;
  /** Of the questions in addresses of files. */
  seal: Seal;
  /** Bytes of the rows of an answer; what goes beyond is left for the next page. */
  largestAnswerBytes: number;
}
