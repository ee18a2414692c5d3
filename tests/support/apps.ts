/** What a client declares that shows pages (MCP Apps 2026-01-26, capability negotiation). */
export const SHOWS_PAGES = {
  extensions: { 'io.modelcontextprotocol/ui': { mimeTypes: ['text/html;profile=mcp-app'] } },
};
