import pg from 'pg';
import { migrate } from '../../tests/support/migrate.mjs';
import { fill } from '../fill.mjs';
import { progress } from './progress.mjs';

/** The databases that are measured on, one for each number of users, made when they are first asked for. */
export class Databases {
  /** @type {Map<number, Promise<string>>} */
  #urls = new Map();

  /**
   * @param {string} server URL of a server on which databases may be created
   * @param {{ keep: boolean, again: boolean }} options
   * @param {import('./cleanup.mjs').Cleanup} cleanup
   */
  constructor(server, options, cleanup) {
    this.server = server;
    this.options = options;
    this.cleanup = cleanup;
  }

  /** URL of the database with so many users. @param {number} userCount */
  async url(userCount) {
    const url = this.#urls.get(userCount) ?? this.#open(userCount);
    this.#urls.set(userCount, url);
    return url;
  }

  async version() {
    const rows = await this.#ask('SHOW server_version');
    return String(rows[0].server_version);
  }

  /** @param {number} userCount */
  async #open(userCount) {
    const name = `steward_bench_${userCount}`;
    const url = new URL(this.server);
    url.pathname = `/${name}`;
    const there = await this.#ask(`SELECT FROM pg_database WHERE datname = '${name}'`);
    if (this.options.again && there.length > 0) return url.href;
    this.cleanup.add(() => this.#drop(name, url.href));
    await this.#ask(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await this.#ask(`CREATE DATABASE ${name}`);
    progress(`${name}: filling it`);
    await migrate(url.href);
    const client = await connectTo(url.href);
    try {
      await fill(client, userCount);
      await client.query(`COMMENT ON DATABASE ${name} IS 'filled'`);
    } finally {
      await client.end();
    }
    return url.href;
  }

  /** One that was not filled to its end is of no use to `--again`. @param {string} name @param {string} url */
  async #drop(name, url) {
    const filled = await this.#ask(
      `SELECT FROM pg_shdescription JOIN pg_database ON oid = objoid WHERE datname = '${name}' AND description = 'filled'`,
    );
    if (this.options.keep && filled.length > 0) console.error(`Kept: ${new URL(url).pathname.slice(1)}`);
    else await this.#ask(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  }

  /** @param {string} statement */
  async #ask(statement) {
    const client = await connectTo(this.server);
    try {
      return (await client.query(statement)).rows;
    } finally {
      await client.end();
    }
  }
}

/** @param {string} url */
export async function connectTo(url) {
  const client = new pg.Client({ connectionString: url });
  // The connection ends with its database when the bench stops; a pending query reports the error itself.
  client.on('error', () => {});
  await client.connect();
  return client;
}
