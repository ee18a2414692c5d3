import type { ErrorCode, StewardError } from '../errors.js';
import { describeError, type Log } from '../observability/log.js';
import type { Attributes, Span } from '../observability/tracing.js';
import type { Call } from './call.js';

/** The outcome of a call in one word, the same in the log, the metrics and the traces. */
export type Outcome = 'OK' | 'INPUT_REQUIRED' | 'CANCELLED' | ErrorCode;

/** What is kept of a call that is over. */
export interface CallRecord {
  requestId: string;
  /** The arguments that may be logged. */
  redacted: Record<string, unknown>;
  ms: number;
  /** The number of rows in its answer. */
  rows: number;
  /** It ended with a question to the client, who may call again with the answer. */
  inputRequired?: boolean | undefined;
  error?: StewardError;
}

/** A cancelled call gets no answer. It counts as cancelled, not as an error. */
export function outcomeOf({ signal }: Call, { error, inputRequired }: CallRecord): Outcome {
  if (inputRequired) return 'INPUT_REQUIRED';
  if (error === undefined) return 'OK';
  return signal.aborted ? 'CANCELLED' : error.code;
}

/** Logs a line: who called what, how it ended, how long it took, how many rows it moved. No answer waits for it. */
export function logCall(log: Log, call: Call, record: CallRecord): void {
  const { requestId, redacted, ms, rows, error } = record;
  const line = {
    level: error?.code === 'INTERNAL' ? 'error' : 'info',
    message: 'call',
    requestId,
    caller: call.caller.name,
    kind: call.kind,
    capability: call.capability,
    outcome: outcomeOf(call, record),
    ms: Math.round(ms * 10) / 10,
    rows,
    arguments: redacted,
    ...(error?.cause !== undefined && { cause: describeError(error.cause) }),
  };
  setImmediate(() => log.log(line));
}

const METHODS = {
  tool: 'tools/call',
  resource: 'resources/read',
  prompt: 'prompts/get',
  completion: 'completion/complete',
} satisfies Partial<Record<Call['kind'], string>>;

/** Name and attributes of a call's span (OpenTelemetry semantic conventions for MCP, server). Only names that the catalogue lists. */
export function spanOf({
  kind,
  capability,
  listedAs,
  labels = {},
}: Call): [name: string, attributes: Attributes] {
  const method = kind === 'protocol' ? capability : METHODS[kind];
  return [
    listedAs === undefined ? method : `${method} ${listedAs}`,
    {
      'mcp.method.name': method,
      'steward.capability': listedAs ?? 'unknown',
      ...Object.fromEntries(Object.entries(labels).map(([name, value]) => [`steward.${name}`, value])),
      ...(kind === 'tool' && { 'gen_ai.operation.name': 'execute_tool' }),
      ...(kind === 'tool' && listedAs !== undefined && { 'gen_ai.tool.name': listedAs }),
      ...(kind === 'prompt' && listedAs !== undefined && { 'gen_ai.prompt.name': listedAs }),
    },
  ];
}

/** The request's id leads to its line in the log, which says more. */
export function endSpan(span: Span, call: Call, record: CallRecord): void {
  const outcome = outcomeOf(call, record);
  span.set({ 'steward.request_id': record.requestId, 'steward.outcome': outcome });
  // By the conventions, every error of a tool has the same type.
  if (record.error !== undefined) span.fail(call.kind === 'tool' ? 'tool_error' : outcome);
}
