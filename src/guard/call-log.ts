import { describeError, type Log } from '../observability/log.js';
import type { Call } from './call.js';
import { outcomeOf, type Ending } from './outcome.js';

/** Arguments that may stand in a log as they are, if they are what they should be: an email typed into one of them is not. */
const NAMES = new Set(['username', 'department', 'new_department', 'name', 'role']);
const NUMBERS = new Set(['id', 'user_id', 'active', 'limit', 'page']);
/** Arguments that are named at most. */
const HIDDEN = new Set(['email', 'search', 'preferences', 'cursor']);
const LONGEST_NAME = 60;

/**
 * One line for each call: who asked for what, how it ended, how long it took, how many rows it moved. It is made once the
 * answer is on its way, which need not wait for it.
 */
export function logCall(log: Log, call: Call, requestId: string, ms: number, ending: Ending): void {
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
    arguments: redact(call.arguments),
    ...(error?.cause !== undefined && { cause: describeError(error.cause) }),
  };
  setImmediate(() => log.log(line));
}

function redact(input: unknown): Record<string, unknown> {
  if (typeof input !== 'object' || input === null) return {};
  const known = Object.entries(input).filter(
    ([name]) => NAMES.has(name) || NUMBERS.has(name) || HIDDEN.has(name),
  );
  return Object.fromEntries(
    known.map(([name, value]) => [name, isClear(name, value) ? value : '[redacted]']),
  );
}

/** Long text is hidden, not cut: the log's mask knows an email, but not the first half of one. */
function isClear(name: string, value: unknown): boolean {
  if (typeof value === 'string') return NAMES.has(name) && value.length <= LONGEST_NAME;
  return NUMBERS.has(name) && (typeof value === 'number' || typeof value === 'boolean');
}
