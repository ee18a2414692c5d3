import { randomUUID } from 'node:crypto';
import type { Context } from '../capability/define.js';
import { cancelledBy } from '../database/cancellation.js';
import { translateDatabaseError } from '../database/errors.js';
import { internalError, StewardError } from '../errors.js';
import type { Log } from '../observability/log.js';
import type { Tracing } from '../observability/tracing.js';
import { authorise } from './authorise.js';
import type { Call } from './call.js';
import { endSpan, logCall, outcomeOf, spanOf, type CallRecord, type Outcome } from './call-record.js';
import { beforeDeadline } from './deadline.js';
import type { RateLimit } from './rate-limit.js';

/** The outcome of a call, ready to be sent. */
export interface Answered<Result> {
  result: Result;
  /** The number of rows it holds; for the log. */
  rows: number;
  /** The result asks the client for something instead of answering. */
  inputRequired?: boolean;
}

export interface Guard {
  /** After so many milliseconds a call is given up. */
  readonly deadlineMs: number;
  /**
   * Runs a call. All that makes its answer happens in `work`: the caller, the log and the metrics learn of anything that
   * is thrown there, by the same code.
   * @throws StewardError
   */
  run<Result>(call: Call, work: (context: Context) => Promise<Answered<Result>>): Promise<Result>;
  /** Logs and counts a request that failed although it reaches no capability. @returns the error for its caller */
  fail(call: Call, thrown: unknown): StewardError;
}

export interface GuardOptions {
  log: Log;
  rateLimit: RateLimit;
  deadlineMs: number;
  /** Told of each call when it is over, with the milliseconds it took. */
  observe?: ((call: Call, outcome: Outcome, ms: number) => void) | undefined;
  tracing: Tracing;
}

/**
 * Every call passes, in this order: the caller's scopes, its rate limit, the deadline, the call itself. Errors become
 * StewardErrors. Each call leaves one line in the log, refused or not.
 */
export function createGuard({ log, rateLimit, deadlineMs, observe, tracing }: GuardOptions): Guard {
  const keep = (call: Call, record: CallRecord) => {
    logCall(log, call, record);
    observe?.(call, outcomeOf(call, record), record.ms);
  };
  return {
    deadlineMs,
    run: (call, work) =>
      tracing.inSpan(...spanOf(call), async (span) => {
        const requestId = randomUUID();
        const started = performance.now();
        let redacted: Record<string, unknown> = {};
        const finish = (ending: Pick<CallRecord, 'rows' | 'inputRequired' | 'error'>) => {
          const record = { requestId, redacted, ms: performance.now() - started, ...ending };
          keep(call, record);
          endSpan(span, call, record);
        };
        try {
          redacted = call.redactArguments?.(call.arguments) ?? {};
          if (call.scope !== undefined) authorise(call.caller, call.scope);
          await rateLimit(call.caller.countedAs ?? call.caller.name);
          const { result, ...ending } = await beforeDeadline(deadlineMs, call.signal, (signal) => {
            const { name: actor, claims, scopes } = call.caller;
            const context = { author: { actor, tool: call.capability, requestId }, claims, scopes, signal };
            return cancelledBy(signal, () => work(context));
          });
          finish(ending);
          return result;
        } catch (thrown) {
          const error = toStewardError(thrown, requestId);
          finish({ rows: 0, error });
          throw error;
        }
      }),
    fail(call, thrown) {
      const requestId = randomUUID();
      const error = toStewardError(thrown, requestId);
      keep(call, { requestId, redacted: {}, ms: 0, rows: 0, error });
      return error;
    },
  };
}

function toStewardError(thrown: unknown, requestId: string): StewardError {
  if (thrown instanceof StewardError) return thrown;
  return translateDatabaseError(thrown) ?? internalError(thrown, requestId);
}
