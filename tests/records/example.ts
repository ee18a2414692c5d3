import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ROOT, steward as runSteward } from '../support/command.mjs';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { startSteward, type Steward } from '../support/steward.js';
import type { RecordsAnswer } from './zoo/zoo.js';

export type ExampleName = 'shop' | 'helpdesk';

/** A Steward that serves an example as its README says, with a real client before it. */
export interface Example {
  steward: Steward;
  database: TestDatabase;
  call(tool: string, args?: Record<string, unknown>): Promise<RecordsAnswer>;
  stop(): Promise<void>;
}

/** Fills a database of its own with the example's seed. @returns it, and what its configuration refers to */
export async function fillExample(name: ExampleName) {
  const database = await freshDatabase();
  const url =
    database.administration['DATABASE_URL'] ??
    (await runSteward(['database-url'], database.env)).stdout.trim();
  await database.query(await readFile(path.join(ROOT, 'examples', name, 'seed.sql'), 'utf8'));
  const env = {
    STEWARD_CONFIG: path.join(ROOT, 'examples', name, 'steward.config.json'),
    [`${name.toUpperCase()}_URL`]: url,
  };
  return { database, url, env };
}

export async function serveExample(name: ExampleName): Promise<Example> {
  const { database, env } = await fillExample(name);
  const steward = await startSteward({ database, env });
  return {
    steward,
    database,
    call: async (tool, args = {}) => (await steward.call(tool, args)) as unknown as RecordsAnswer,
    async stop() {
      await steward.stop();
      await database.drop();
    },
  };
}
