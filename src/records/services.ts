import type { Cursors } from '../capability/answer/cursor.js';
import type { Records } from './records.js';

/** What the tools stand on. */
export interface Services {
  records: Records;
  cursors: Cursors;
  /** Bytes of the rows of an answer; what goes beyond is left for the next page. */
  largestAnswerBytes: number;
}
