import { JSONRPCNotificationSchema, JSONRPCRequestSchema } from '@modelcontextprotocol/sdk/types.js';

const LONGEST_ECHO = 50;

/** Says which part of a JSON value keeps it from being a message, without repeating what stands there. */
export function describeNonMessage(json: unknown): string {
  const schema = 'id' in Object(json) ? JSONRPCRequestSchema : JSONRPCNotificationSchema;
  const issue = schema.safeParse(json).error?.issues[0];
  return `This is not a JSON-RPC 2.0 message${issue ? `: ${describeIssue(issue)}` : ''}.`;
}

function describeIssue({ path, ...issue }: { path: PropertyKey[]; code: string; keys?: string[] }): string {
  const at = path.join('.');
  if (issue.keys) return `unknown member ${JSON.stringify(issue.keys[0]?.slice(0, LONGEST_ECHO))}`;
  return at === '' ? 'it must be an object' : `${at} is missing or not what it has to be`;
}

/** An answer is never answered: two that do not understand each other would go on for ever. */
export function looksLikeAnswer(json: unknown): boolean {
  const message = Object(json) as object;
  return !('method' in message) && ('result' in message || 'error' in message);
}
