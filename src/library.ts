/** What `import … from 'steward-mcp'` offers to programs that serve tools of their own. */
import type { ServeOptions } from './commands/serve-own.js';

export { EFFECTS, type Attachment, type RequiredScope, type Scope } from './capability/define.js';
export { StewardError, type ErrorCode } from './errors.js';
export { defineTool, type CallContext, type OwnTool } from './own/define-tool.js';
export type { ServeOptions };

/**
 * Serves the tools beside what the configuration names, until the client goes away or a signal stops the process; then it
 * answers what is under way, and the process exits. It resolves when it has begun to serve.
 * @throws an Error whose message is a sentence that says what to change: in a tool, in the configuration, on the machine
 */
export async function serve(options: ServeOptions): Promise<void> {
  const { serveOwn } = await import('./commands/serve-own.js');
  await serveOwn(options);
}
