import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { PROJECT_ROOT } from '../project-root.js';
import { scopesNamed, type LinkedFile, type Tool } from './define.js';

/** The type of a page, and what a client says that it shows (MCP Apps 2026-01-26, UI resource format). */
export const PAGE_TYPE = 'text/html;profile=mcp-app';

export const ANSWER_PAGE = 'ui://steward/answer.html';

/** Made by scripts/bundle.mjs, of app/. */
const BUILT = path.join(PROJECT_ROOT, 'dist', 'answer.html');

/** The page that shows answers of these tools, for callers who may call any of them. It is the same for all, and holds no data. */
export function answerPage(tools: readonly Tool[]): LinkedFile {
  return {
    name: 'answer_page',
    uriTemplate: ANSWER_PAGE,
    mimeType: PAGE_TYPE,
    scope: [...new Set(tools.flatMap(({ scope }) => scopesNamed(scope)))],
    input: z.strictObject({}),
    largestBytes: 256 * 1024,
    // It may reach no network: nothing is declared.
    read: async () => ({
      text: await readFile(BUILT, 'utf8'),
      rows: 0,
      meta: { ui: { csp: { connectDomains: [], resourceDomains: [] } } },
    }),
  };
}
