import { mkdir, mkdtemp, copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ROOT, steward as runSteward } from '../support/command.mjs';
import { fillExample } from './example.js';
import { startSteward, type Steward } from '../support/steward.js';

const PAGE = await readFile(path.join(ROOT, 'docs', 'your-own-schema.md'), 'utf8');
const SHOP_SCHEMA = path.join(ROOT, 'examples', 'shop', 'schema.prisma');

/** The code blocks of a language. */
function blocks(language: string): string[] {
  const pattern = new RegExp(`^( *)\`\`\`${language}\\n([^]*?)^ *\`\`\``, 'gm');
  return [...PAGE.matchAll(pattern)].map(([, indent = '', text = '']) =>
    text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  );
}

/** A call, and the lines that its answer holds. Columns are set apart by two spaces, where answers have tabs. */
const CALLS = blocks('mcp').map((block) => {
  const [call = '', ...lines] = block.split('\n').filter((line) => line !== '');
  const [, tool = '', args = ''] = /^(\w+) (.*)$/.exec(call) ?? [];
  return { call, tool, args: JSON.parse(args) as Record<string, unknown>, lines };
});

/** The first cells of the table of filters. */
const FILTERS = (/\| filter on Order[^]*?\n\n/.exec(PAGE)?.[0] ?? '')
  .split('\n')
  .slice(2)
  .flatMap((row) => /^\| (`+) ?(.*?) ?\1 /.exec(row)?.[2] ?? []);

/** The steps of docs/your-own-schema.md, taken in a folder of a user's own. */
describe('docs/your-own-schema.md', () => {
  let shop: Awaited<ReturnType<typeof fillExample>>;
  let folder: string;
  let steward: Steward;
  let env: Record<string, string>;
  beforeAll(async () => {
    shop = await fillExample('shop');
    folder = await mkdtemp(path.join(os.tmpdir(), 'steward-guide-'));
    await mkdir(path.join(folder, 'prisma'));
    await copyFile(SHOP_SCHEMA, path.join(folder, 'prisma', 'schema.prisma'));
    const STEWARD_CONFIG = path.join(folder, 'steward.config.json');
    // Tenants have a schema of their own: records/claims and records/tenants.
    const parts = blocks('json')
      .filter((block) => !block.includes('"claims"'))
      .map((block) => JSON.parse(block) as object);
    await writeFile(STEWARD_CONFIG, JSON.stringify(Object.assign({}, ...parts)));
    env = { STEWARD_CONFIG, DATABASE_URL: shop.url };
    steward = await startSteward({ database: shop.database, env });
  });
  afterAll(async () => {
    await steward.stop();
    await shop.database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  it('has examples', () => {
    expect([CALLS.length, FILTERS.length]).toEqual([9, 11]);
  });

  it('has a configuration that doctor finds right', async () => {
    const { code, stdout } = await runSteward(['doctor'], env);
    expect(stdout).toContain('schema: 4 models');
    expect(code).toBe(0);
  });

  it('has marks as the shop has them', async () => {
    const schema = await readFile(SHOP_SCHEMA, 'utf8');
    for (const line of blocks('prisma').join('').trim().split('\n')) expect(schema).toContain(line.trim());
  });

  it.each(CALLS.map((call) => [call.call, call] as const))('%s', async (_, { tool, args, lines }) => {
    const { text, error } = await steward.call(tool, args);
    expect(error).toBeUndefined();
    const answer = text.split('\n').map((line) => line.trim().split('\t').join('  '));
    for (const line of lines) {
      const cells = line.trim().split(/ {2,}/).join('  ');
      expect(answer.some((found) => found.includes(cells)) ? cells : text).toBe(cells);
    }
  });

  it.each(FILTERS)('filters by %s', async (filter) => {
    expect((await steward.call('count_records', { model: 'Order', filter })).text).toMatch(/^count: \d+$/m);
  });

  it('has the limits that the tools keep', async () => {
    const tooLong = await steward.call('count_records', { model: 'Order', filter: 'x'.repeat(4001) });
    const tooMany = await steward.call('find_records', { model: 'Order', limit: 101 });
    const tooDeep = await steward.call('count_records', {
      model: 'Order',
      filter: `${'('.repeat(9)}id = 1${')'.repeat(9)}`,
    });
    expect([tooLong, tooMany, tooDeep].map(({ error }) => error)).toEqual(Array(3).fill('VALIDATION'));
  });
});
