import type { Attributes, Span } from '../observability/tracing.js';
import type { Call } from './call.js';
import type { Outcome } from './outcome.js';

const METHODS = {
  tool: 'tools/call',
  resource: 'resources/read',
  prompt: 'prompts/get',
  completion: 'completion/complete',
} satisfies Partial<Record<Call['kind'], string>>;

/** Name and attributes of a call's span (OpenTelemetry semantic conventions for MCP, server). Only names that the catalogue lists. */
export function spanOf({ kind, capability, listedAs }: Call): [name: string, attributes: Attributes] {
  const method = kind === 'protocol' ? capability : METHODS[kind];
  return [
    listedAs === undefined ? method : `${method} ${listedAs}`,
    {
      'mcp.method.name': method,
      'steward.capability': listedAs ?? 'unknown',
      ...(kind === 'tool' && { 'gen_ai.operation.name': 'execute_tool' }),
      ...(kind === 'tool' && listedAs !== undefined && { 'gen_ai.tool.name': listedAs }),
      ...(kind === 'prompt' && listedAs !== undefined && { 'gen_ai.prompt.name': listedAs }),
    },
  ];
}

/** The request's id leads to its line in the log, which says more. */
export function endSpan(span: Span, { kind }: Call, requestId: string, outcome: Outcome): void {
  span.set({ 'steward.request_id': requestId, 'steward.outcome': outcome });
  // By the conventions, every error of a tool has the same type.
  if (outcome !== 'OK') span.fail(kind === 'tool' ? 'tool_error' : outcome);
}
