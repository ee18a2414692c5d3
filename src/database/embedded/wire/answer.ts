import { BACKEND, messagesOf } from './frames.js';

/** What the wire server has to know of PGlite's answer to a batch. */
export interface Answer {
  bytes: Buffer;
  /** The status of the last ReadyForQuery: idle, in a transaction, in a failed one; undefined: none was sent. */
  status: 'I' | 'T' | 'E' | undefined;
  failed: boolean;
}

/** Reads an answer's message headers, and leaves out the one ParseComplete that the client did not ask for. */
export function readAnswer(bytes: Buffer, surplusParseComplete: number | undefined): Answer {
  const answer: Answer = { bytes, status: undefined, failed: false };
  let parsed = 0;
  for (const { type, from, to } of messagesOf(bytes)) {
    if (type === BACKEND.readyForQuery)
      answer.status = String.fromCharCode(bytes[from + 5] ?? 0) as 'I' | 'T' | 'E';
    else if (type === BACKEND.error) answer.failed = true;
    else if (type === BACKEND.parseComplete && parsed++ === surplusParseComplete)
      answer.bytes = Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  }
  return answer;
}
