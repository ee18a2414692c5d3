// The SDK's empty tool over stdio.
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

/** The SDK's own server with one tool that does nothing: the floor that everything built on the SDK stands on. */
export function emptySdkServer() {
  const mcp = new McpServer({ name: 'empty', version: '1' });
  mcp.registerTool('empty', { inputSchema: {}, outputSchema: { ok: z.boolean() } }, async () => ({
    content: [{ type: 'text', text: '{"ok":true}' }],
    structuredContent: { ok: true },
  }));
  return mcp;
}

if (process.argv[1] === import.meta.filename) await emptySdkServer().connect(new StdioServerTransport());
