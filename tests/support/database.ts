import { randomUUID } from 'node:crypto';
import { cp, rm } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { steward } from './command.mjs';
import { eventually } from './eventually.js';
import { administer } from './server.mjs';
import { APP, OWNER, RUN_DIR, SERVER_URL, serverUrl, TEMPLATE_DIR, TEMPLATE_NAME } from './template.mjs';

/** A database of a test's own: migrated, seeded, and shared with no other. */
export interface TestDatabase {
  /** The environment for a Steward that uses it; on a server as the role with the fewest rights. */
  env: Record<string, string>;
  /** The environment for its administrator, who has all rights. */
  administration: Record<string, string>;
  /** Looks into it past Steward, on a connection of its own, as its administrator. */
  query<Row = Record<string, unknown>>(sql: string, values?: unknown[]): Promise<Row[]>;
  /** Ends that connection, until it is needed again. */
  disconnect(): Promise<void>;
  drop(): Promise<void>;
}

export async function freshDatabase(): Promise<TestDatabase> {
  return SERVER_URL === undefined ? embeddedCopy() : serverCopy();
}

async function serverCopy(): Promise<TestDatabase> {
  const name = `steward_test_${randomUUID()}`;
  await administer(`CREATE DATABASE "${name}" TEMPLATE "${TEMPLATE_NAME}" OWNER ${OWNER}`);
  // The grants of prisma/roles.sql on the template itself are not copied with it.
  await administer(`REVOKE TEMPORARY ON DATABASE "${name}" FROM PUBLIC`);
  const url = serverUrl(name);
  const looker = new Looker(async () => url);
  return {
    env: { DATABASE_URL: serverUrl(name, APP) },
    administration: { DATABASE_URL: url },
    query: (sql, values) => looker.query(sql, values),
    disconnect: () => looker.close(),
    drop: async () => {
      await looker.close();
      await administer(`DROP DATABASE "${name}" WITH (FORCE)`);
    },
  };
}

async function embeddedCopy(): Promise<TestDatabase> {
  const dataDir = path.join(RUN_DIR, randomUUID().slice(0, 8));
  await cp(TEMPLATE_DIR, dataDir, { recursive: true });
  const env = { STEWARD_DATA_DIR: dataDir, STEWARD_EMBEDDED_LINGER_MS: '500' };
  const looker = new Looker(async () => (await steward(['database-url'], env)).stdout.trim());
  return {
    env,
    administration: env,
    query: (sql, values) => looker.query(sql, values),
    disconnect: () => looker.close(),
    drop: async () => {
      await looker.close();
      await rm(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
    },
  };
}

/** One connection, made when it is first needed. */
class Looker {
  #client: Promise<pg.Client> | undefined;

  constructor(private readonly url: () => Promise<string>) {}

  async query<Row>(sql: string, values: unknown[] = []): Promise<Row[]> {
    this.#client ??= this.#connect();
    return (await (await this.#client).query(sql, values)).rows as Row[];
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await (await client)?.end();
  }

  /** On a busy machine the embedded one may be closed again before it is reached, or while it is. */
  #connect(): Promise<pg.Client> {
    return eventually(async () => {
      const client = new pg.Client({ connectionString: await this.url() });
      client.on('error', () => (this.#client = undefined));
      try {
        await client.connect();
        return client;
      } catch (error) {
        if (SERVER_URL !== undefined || error instanceof pg.DatabaseError) throw error;
        return undefined;
      }
    });
  }
}
