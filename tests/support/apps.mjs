import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** What a client declares that shows pages (MCP Apps 2026-01-26, capability negotiation). */
export const SHOWS_PAGES = {
  extensions: { 'io.modelcontextprotocol/ui': { mimeTypes: ['text/html;profile=mcp-app'] } },
};

const HOST_PAGE = fileURLToPath(new URL('../app/host-page.mjs', import.meta.url));

/**
 * Makes a page of the browser a client with MCP Apps.
 * @param {import('playwright-core').Page} page
 */
export async function openHostPage(page) {
  const { outputFiles } = await build({
    entryPoints: [HOST_PAGE],
    bundle: true,
    write: false,
    format: 'esm',
  });
  await page.addScriptTag({ type: 'module', content: outputFiles[0]?.text ?? '' });
  await page.waitForFunction('globalThis.show !== undefined');
}
