import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { freshDatabase, type TestDatabase } from '../../support/database.js';
import { startSteward, type Steward } from '../../support/steward.js';
import type { RecordsAnswer } from '../zoo/zoo.js';

const SCHEMA = fileURLToPath(new URL('schema.prisma', import.meta.url));
const TABLES = fileURLToPath(new URL('tables.sql', import.meta.url));

/** Two organisations in one database, whose role has the fewest rights. */
export interface Office {
  database: TestDatabase;
  /** For a Steward that serves it. */
  env: Record<string, string>;
  /** Writes another configuration. @returns the environment for a Steward with it */
  configure(
    section: Record<string, unknown>,
    beside?: Record<string, unknown>,
  ): Promise<Record<string, string>>;
  /** Writes another schema. @returns its path */
  write(schema: string): Promise<string>;
  drop(): Promise<void>;
}

/** @param change of the schema */
export async function openOffice(
  sql: string,
  change: (schema: string) => string = (schema) => schema,
): Promise<Office> {
  const database = await freshDatabase();
  await database.query(await readFile(TABLES, 'utf8'));
  await database.query(sql);
  const folder = await mkdtemp(path.join(os.tmpdir(), 'steward-office-'));
  let files = 0;
  const write = async (text: string) => {
    const file = path.join(folder, `${files++}.prisma`);
    await writeFile(file, text);
    return file;
  };
  const schema = await write(change(await readFile(SCHEMA, 'utf8')));
  const configure: Office['configure'] = async (section, beside = {}) => {
    const file = path.join(folder, `${files++}.json`);
    const office = { schema, url: 'env:OFFICE_URL', claims: { 'app.tenant': 'org_id' }, ...section };
    await writeFile(file, JSON.stringify({ databases: { office }, ...beside }));
    return {
      RATE_LIMIT_PER_MINUTE: '1000000',
      STEWARD_CONFIG: file,
      OFFICE_URL: database.env['DATABASE_URL'] ?? '',
    };
  };
  return {
    database,
    env: await configure({}),
    write,
    configure,
    async drop() {
      await database.drop();
      await rm(folder, { recursive: true });
    },
  };
}

/** Asks over stdio. */
export async function serveOffice(
  { database, configure }: Office,
  claims: Record<string, unknown>,
  env: Record<string, string> = {},
): Promise<{ steward: Steward; call(tool: string, args: Record<string, unknown>): Promise<RecordsAnswer> }> {
  const steward = await startSteward({
    database,
    env: { ...(await configure({}, { caller: { claims } })), ...env },
  });
  return {
    steward,
    call: async (tool, args) => (await steward.call(tool, args)) as unknown as RecordsAnswer,
  };
}
