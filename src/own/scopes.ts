import { SCOPE, type Scope } from '../capability/define.js';

/** What tools need that name no scope. */
export const READS = 'tools:read';
export const WRITES = 'tools:write';

/** Whether a scope is kept for the tools of a program of its own: Steward's commands do not know these tools. */
export function isOwnScope(scope: Scope): boolean {
  return SCOPE.test(scope) && scope.startsWith('tools:');
}
