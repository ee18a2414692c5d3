import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import pg from 'pg';
import { openEmbedded } from '../../build/database/embedded/index.js';
import { openHostPage, SHOWS_PAGES } from '../../tests/support/apps.mjs';
import { bareEnvironment, MAIN, ROOT } from '../../tests/support/command.mjs';
import { browse } from './browser.mjs';

const SHOP = path.join(ROOT, 'examples', 'shop');
const QUESTION = {
  name: 'aggregate_records',
  arguments: {
    model: 'Order',
    metrics: 'sum(total), count',
    group_by: 'customer.country',
    filter: 'status in (PAID, SHIPPED) and placedAt >= 2026-03-01 and placedAt < 2026-06-01',
    order_by: 'sum_total desc',
  },
};

/** An answer about the shop, as a client with MCP Apps shows it: the client of the tests. */
export async function photographChart() {
  const { html, result } = await ask();
  return browse({ width: 840, height: 900 }, async (page) => {
    await openHostPage(page);
    await page.addStyleTag({ content: 'iframe { border: 0 }' });
    const abilities = { downloadFile: {}, serverResources: {} };
    const shown = { html, result, hostContext: { theme: 'light' }, abilities };
    await page.evaluate((one) => /** @type {any} */ (globalThis).show(one), shown);
    await page.frameLocator('iframe').locator('.ct-bar').first().waitFor({ state: 'attached' });
    return page.locator('iframe').screenshot();
  });
}

/** @returns the page of answers, and the answer that it is to show */
async function ask() {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'steward-pictures-'));
  const database = await openEmbedded({
    dataDir: path.join(folder, 'shop'),
    lingerMs: 0,
    onProgress: () => {},
  });
  const client = new Client({ name: 'pictures', version: '1' }, { capabilities: SHOWS_PAGES });
  try {
    const filler = new pg.Client({ connectionString: database.url });
    await filler.connect();
    await filler.query(await readFile(path.join(SHOP, 'seed.sql'), 'utf8'));
    await filler.end();
    const env = { STEWARD_CONFIG: path.join(SHOP, 'steward.config.json'), SHOP_URL: database.url };
    await client.connect(
      new StdioClientTransport({
        command: process.execPath,
        args: [MAIN],
        env: bareEnvironment(env),
        stderr: 'ignore',
      }),
    );
    const result = await client.callTool(QUESTION);
    const { contents } = await client.readResource({ uri: 'ui://steward/answer.html' });
    return { result, html: contents.flatMap((one) => ('text' in one ? [one.text] : [])).join('') };
  } finally {
    await client.close();
    await database.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
  }
}
