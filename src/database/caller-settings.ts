import { AsyncLocalStorage } from 'node:async_hooks';
import pg from 'pg';

/** The settings of the call that runs a statement, by name. Prisma Client cannot pass them on. */
const current = new AsyncLocalStorage<Readonly<Record<string, string>>>();

/** Runs work whose every read-only transaction has these settings of its caller, and no other does. */
export function withCallerSettings<Result>(
  settings: Readonly<Record<string, string>>,
  work: () => Promise<Result>,
): Promise<Result> {
  return current.run(settings, work);
}

/** The statements that give a transaction the settings of the current call: as `set_config(…, true)`, without an answer. */
export function writeCallerSettings(): string[] {
  return Object.entries(current.getStore() ?? {}).map(
    ([name, value]) =>
      `SET LOCAL ${name.split('.').map(pg.escapeIdentifier).join('.')} = ${pg.escapeLiteral(value)}`,
  );
}
