import { StewardError } from '../../errors.js';
import { showUnseenIn } from '../../visible-text.js';
import { renderCell } from './text.js';

const LARGEST_ANSWER_BYTES = 256 * 1024;

/** An answer holds each row twice. A DEL, of 1 byte, is shown as an escape of 5 or, in related records, of 7. */
const MOST_GROWTH = 12;

/**
 * The rows that fit into an answer, and at least one: text and structured content say the same, so each row is counted
 * as both. A character that is shown as an escape takes several times its bytes.
 */
export function takeFittingRows<Row extends object>(rows: Row[], largestBytes = 200 * 1024): Row[] {
  if (Buffer.byteLength(JSON.stringify(rows)) * MOST_GROWTH <= largestBytes) return rows;
  let bytes = 0;
  const firstTooMany = rows.findIndex((row) => {
    bytes += measureRow(row);
    return bytes > largestBytes;
  });
  return firstTooMany === -1 ? rows : rows.slice(0, Math.max(1, firstTooMany));
}

/** The bytes of a row in an answer, as text and as structured content. */
export function measureRow(row: object): number {
  const line = Object.values(row).map(renderCell).join('\t');
  return Buffer.byteLength(JSON.stringify(showUnseenIn(row))) + Buffer.byteLength(JSON.stringify(line));
}

/**
 * Tools bound their rows; this bound holds for rows of any length that another program may have written. An answer that
 * cannot be written as JSON fails here, inside the guard, and not in the transport.
 * @throws StewardError VALIDATION for an answer that is too large; TypeError for one that is no JSON
 */
export function assertFits(answer: unknown, largestBytes = LARGEST_ANSWER_BYTES): void {
  if (Buffer.byteLength(JSON.stringify(answer)) <= largestBytes) return;
  throw new StewardError(
    'VALIDATION',
    `The answer would be larger than ${Math.floor(largestBytes / 1024)} KiB. Ask for fewer rows with limit.`,
  );
}
