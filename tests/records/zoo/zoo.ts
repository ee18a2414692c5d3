import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { steward } from '../../support/command.mjs';
import { freshDatabase, type TestDatabase } from '../../support/database.js';
import { startSteward, type Steward } from '../../support/steward.js';

const SCHEMA = fileURLToPath(new URL('schema.prisma', import.meta.url));
const TABLES = fileURLToPath(new URL('tables.sql', import.meta.url));

export type Cell = string | number | boolean | null | unknown[];

/** The data of an answer; each tool has its share of it. */
export interface RecordsAnswer {
  text: string;
  /** The code in front of an error's text; undefined for an answer. */
  error: string | undefined;
  data: {
    notes: string[];
    total: number | null;
    more: boolean;
    next_cursor: string | null;
    count: number;
    exact: boolean;
    records: Table;
    record: Table;
    groups: Table;
    models: Table;
    fields: Table;
    key: string;
    indexed: string;
    example: string;
  };
}

export interface Table {
  columns: string[];
  rows: Cell[][];
}

/** A Steward that serves the zoo's records, with a real client before it. */
export interface Zoo {
  steward: Steward;
  database: TestDatabase;
  url: string;
  /** For another Steward that serves the same. */
  env: Record<string, string>;
  call(tool: string, args: Record<string, unknown>): Promise<RecordsAnswer>;
  /** The rows that find_records answers, of one field: the ids of a filter, for one. */
  find(model: string, filter: string | undefined, field?: string): Promise<Cell[]>;
  /** Another Steward on the same database, with other settings. */
  another(env: Record<string, string>): Promise<Steward>;
  stop(): Promise<void>;
}

interface ZooOptions {
  /** What its configuration says of the database besides schema and address. */
  section?: Record<string, unknown>;
  /** What its configuration says beside the databases. */
  beside?: Record<string, unknown>;
  /** Run once the tables are there. */
  sql?: string;
  env?: Record<string, string>;
  /** The program that serves it, instead of dist/main.js. */
  command?: string[];
}

/** Starts Steward on a database of the zoo's own. */
export async function startZoo({
  section = {},
  beside = {},
  sql = '',
  env = {},
  command,
}: ZooOptions = {}): Promise<Zoo> {
  const database = await freshDatabase();
  // It also keeps the embedded database open, whose address is good as long as it is.
  await database.query(await readFile(TABLES, 'utf8'));
  const { DATABASE_URL } = database.administration;
  const url = DATABASE_URL ?? (await steward(['database-url'], database.env)).stdout.trim();
  if (sql !== '') await database.query(sql);
  const folder = await mkdtemp(path.join(os.tmpdir(), 'steward-zoo-'));
  const file = path.join(folder, 'steward.config.json');
  const databases = { zoo: { schema: SCHEMA, url: 'env:ZOO_URL', ...section } };
  await writeFile(file, JSON.stringify({ databases, ...beside }));
  const settings = { RATE_LIMIT_PER_MINUTE: '1000000', STEWARD_CONFIG: file, ZOO_URL: url, ...env };
  const server = await startSteward({ database, env: settings, ...(command && { command }) });
  const call = async (tool: string, args: Record<string, unknown>) =>
    (await server.call(tool, args)) as unknown as RecordsAnswer;
  return {
    steward: server,
    database,
    url,
    env: settings,
    call,
    async find(model, filter, field = 'id') {
      const answer = await call('find_records', { model, filter, fields: field, limit: 100 });
      if (answer.error !== undefined) throw new Error(answer.text);
      return answer.data.records.rows.map(([cell = null]) => cell);
    },
    another: (other) => startSteward({ database, env: { ...settings, ...other } }),
    async stop() {
      await server.stop();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
