import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { steward as runSteward } from '../support/command.mjs';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { startSteward, type Steward } from '../support/steward.js';
import { serveExample } from './example.js';
import { generateSchema } from './generated-schema.mjs';

const MODELS = 300;

const median = (numbers: number[]) =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;

/** The characters of each model in detail, as a model reads it. */
async function measureDetails(steward: Steward, models: string[]): Promise<number[]> {
  const answers = await Promise.all(models.map((model) => steward.call('describe_models', { model })));
  expect(answers.filter(({ error }) => error !== undefined)).toEqual([]);
  return answers.map(({ text }) => text.length);
}

describe('a schema of 300 models', () => {
  let database: TestDatabase;
  let folder: string;
  let steward: Steward;
  beforeAll(async () => {
    database = await freshDatabase();
    const { schema, tables } = generateSchema(MODELS);
    const LARGE_URL =
      database.administration['DATABASE_URL'] ??
      (await runSteward(['database-url'], database.env)).stdout.trim();
    await database.query(tables);
    folder = await mkdtemp(path.join(os.tmpdir(), 'steward-sizes-'));
    const STEWARD_CONFIG = path.join(folder, 'steward.config.json');
    await writeFile(path.join(folder, 'schema.prisma'), schema);
    const databases = { large: { schema: 'schema.prisma', url: 'env:LARGE_URL' } };
    await writeFile(STEWARD_CONFIG, JSON.stringify({ databases }));
    const env = { STEWARD_CONFIG, LARGE_URL, RATE_LIMIT_PER_MINUTE: '100000' };
    steward = await startSteward({ database, env });
  });
  afterAll(async () => {
    await steward.stop();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  it('is listed in pages of 100 models, in at most 4,000 characters each', async () => {
    const pages = await Promise.all([1, 2, 3].map((page) => steward.call('describe_models', { page })));
    const listed = pages.map(
      ({ data }) => (data as unknown as { models: { rows: unknown[] } }).models.rows.length,
    );
    expect(listed).toEqual([100, 100, 100]);
    expect(Math.max(...pages.map(({ text }) => text.length))).toBeLessThanOrEqual(4000);
  });

  it('has at most 400 characters a model in detail, in the median', async () => {
    const pages = await Promise.all([1, 2, 3].map((page) => steward.call('describe_models', { page })));
    const names = pages.flatMap(({ data }) =>
      (data as unknown as { models: { rows: [string][] } }).models.rows.map(([name]) => name),
    );
    expect(median(await measureDetails(steward, names))).toBeLessThanOrEqual(400);
  });
});

describe('the examples', () => {
  it('have at most 400 characters a model in detail, in the median', async () => {
    const [shop, desk] = [await serveExample('shop'), await serveExample('helpdesk')];
    try {
      const sizes = [
        ...(await measureDetails(shop.steward, ['Customer', 'Product', 'Order', 'Item'])),
        ...(await measureDetails(desk.steward, ['Agent', 'Ticket', 'Comment', 'Tag'])),
      ];
      expect(median(sizes)).toBeLessThanOrEqual(400);
    } finally {
      await shop.stop();
      await desk.stop();
    }
  });

  it('are read by five tools whose listing has at most 8,500 characters, 5,000 without their outputs', async () => {
    const shop = await serveExample('shop');
    try {
      const listed = await shop.steward.client.listTools();
      // What follows them is the example's own, its saved questions.
      const tools = listed.tools.slice(0, 5);
      expect(tools.map(({ name }) => name)).toEqual([
        'describe_models',
        'find_records',
        'get_record',
        'count_records',
        'aggregate_records',
      ]);
      const inputs = tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
      expect(JSON.stringify({ tools }).length).toBeLessThanOrEqual(8500);
      expect(JSON.stringify(inputs).length).toBeLessThanOrEqual(5000);
    } finally {
      await shop.stop();
    }
  });
});
