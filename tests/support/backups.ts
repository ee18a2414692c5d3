import { steward } from './command.mjs';
import type { TestDatabase } from './database.js';
import { OWNER } from './template.mjs';

/** The role that backs up and restores: on a server the owner of the tables, which Steward itself is not. */
export function asOwner({ env }: TestDatabase): Record<string, string> {
  if (env['DATABASE_URL'] === undefined) return env;
  const url = new URL(env['DATABASE_URL']);
  url.username = OWNER;
  return { ...env, DATABASE_URL: url.href };
}

export const backup = (database: TestDatabase, file: string, ...options: string[]) =>
  steward(['db', 'backup', file, ...options], asOwner(database));
export const restore = (database: TestDatabase, file: string, ...options: string[]) =>
  steward(['db', 'restore', file, ...options], asOwner(database));

/** The key of each table. */
const TABLES = {
  departments: 'id',
  users: 'id',
  user_audit_log: 'id',
  user_preferences: 'user_id',
  headcounts: 'department_id, role, active',
  used_answers: 'id',
  _prisma_migrations: 'id',
};

/** Every row of every table. */
export async function everything(database: TestDatabase): Promise<Record<string, unknown[]>> {
  const rows: Record<string, unknown[]> = {};
  for (const [table, key] of Object.entries(TABLES)) {
    rows[table] = await database.query(`SELECT row_to_json(t) FROM ${table} t ORDER BY ${key}`);
  }
  return rows;
}

/** Waits until a program has said something. */
export function said(output: NodeJS.ReadableStream, pattern: RegExp): Promise<void> {
  let text = '';
  return new Promise((resolve, reject) => {
    output.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (pattern.test(text)) resolve();
    });
    output.on('end', () => reject(new Error(`It ended with: ${text}`)));
  });
}
