import { describeError, type Log } from '../observability/log.js';
import type { Call } from './call.js';
import { outcomeOf, type Ending } from './outcome.js';

/**
 * One line for each call: who called what, how it ended, how long it took, how many rows it moved. It is made once the
 * answer is on its way, which need not wait for it.
 */
export function logCall(
  log: Log,
  call: Call,
  redacted: Record<string, unknown>,
  requestId: string,
  ms: number,
  ending: Ending,
): void {
  const error = 'error' in ending ? ending.error : undefined;
  const line = {
    level: error === undefined || error.code !== 'INTERNAL' ? 'info' : 'error',
    message: 'call',
    requestId,
    caller: call.caller.name,
    kind: call.kind,
    capability: call.capability,
    outcome: outcomeOf(call, ending),
    ms: Math.round(ms * 10) / 10,
    rows: 'rows' in ending ? ending.rows : 0,
    arguments: redacted,
    ...(error?.cause !== undefined && { cause: describeError(error.cause) }),
  };
  setImmediate(() => log.log(line));
}
