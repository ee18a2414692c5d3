import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { scopesNamed, type LinkedFile, type Tool } from '../capability/define.js';
import { PROJECT_ROOT } from '../project-root.js';

/** The type of a page, and what a client says that it shows (MCP Apps 2026-01-26, UI resource format). */
export const PAGE_TYPE = 'text/html;profile=mcp-app';

export const ANSWER_PAGE = 'ui://steward/answer.html';

/** Made by scripts/bundle.mjs, of app/. */
const BUILT = path.join(PROJECT_ROOT, 'dist', 'answer.html');

/**
 * The page that shows answers, for callers who may call any of the tools that have some to show; undefined where none has. It
 * is the same for all, and holds no data.
 */
export function answerPage(tools: readonly Tool[]): LinkedFile | undefined {
  const shown = tools.filter(({ show }) => show);
  if (shown.length === 0) return undefined;
  return {
    name: 'answer_page',
    uriTemplate: ANSWER_PAGE,
    mimeType: PAGE_TYPE,
    scope: [...new Set(shown.flatMap(({ scope }) => scopesNamed(scope)))],
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
