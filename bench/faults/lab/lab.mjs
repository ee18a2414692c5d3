import path from 'node:path';
import { readFile } from 'node:fs/promises';
import { ROOT } from '../../../tests/support/command.mjs';
import { migrateAndSeed } from '../../../tests/support/migrate.mjs';
import { PostgresServer } from '../../../tests/support/postgres-server.mjs';
import { StewardProcess } from '../../load/steward-process.mjs';
import { LIMITS } from './limits.mjs';
import { Site } from './site.mjs';
import { StdioSteward } from './stdio-steward.mjs';

/** @typedef {{ dir: string, short: boolean, seconds: number, seed: number }} LabOptions */

const TEMPLATE = 'steward_template';
/** What Steward connects as: the role that may do no more than it has to. */
const APP = { user: 'steward_app', password: 'faults only' };
const MAX_CONNECTIONS = 40;
/** As whom Steward's callers are recorded. */
export const ACTOR = 'faults';

/** Where faults are made: everything that is started here is ended with it. */
export class Lab {
  /** @type {(() => unknown)[]} */
  #cleanups = [];
  /** @type {Promise<PostgresServer> | undefined} */
  #common;
  #made = 0;

  /** @param {LabOptions} options */
  constructor(options) {
    this.dir = options.dir;
    this.short = options.short;
    /** How long a fault that can go on for any time goes on. */
    this.seconds = options.seconds;
    this.seed = options.seed;
  }

  /** To be done when the fault is over, last first. @param {() => unknown} cleanup, also one that takes time */
  defer(cleanup) {
    this.#cleanups.push(cleanup);
  }

  /** Ends what the last fault left running. */
  async tidy() {
    for (let cleanup = this.#cleanups.pop(); cleanup; cleanup = this.#cleanups.pop()) await cleanup();
  }

  async close() {
    await this.tidy();
    const common = this.#common;
    this.#common = undefined;
    await (await common)?.destroy();
  }

  /** The server that faults share which leave it as it was. */
  common() {
    this.#common ??= prepared();
    return this.#common;
  }

  /**
   * A server of the fault's own, with everything that the common one has.
   * @param {{ under?: string, settings?: Record<string, string | number> }} [options] as those of a replica
   */
  async serverOfItsOwn(options) {
    const server = await (await this.common()).replica(options);
    this.defer(() => server.destroy());
    await server.promote();
    return server;
  }

  /** A fresh directory and all that is asked and answered about it. @param {PostgresServer} [server] */
  async site(server) {
    const on = server ?? (await this.common());
    const name = `fault_${(this.#made += 1)}`;
    await on.query(`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`);
    // A copied sequence takes values for logged ahead that only its original has logged: without a checkpoint, a crash
    // would have it give out once more what it gave out before.
    await on.query('CHECKPOINT');
    if (!server) this.defer(() => on.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
    return Site.open(on, name, on.url(name, APP));
  }

  /** A "steward http" on the site, ready for calls. @param {Site} site @param {Record<string, string>} [env] */
  async http(site, env) {
    const name = `http-${(this.#made += 1)}`;
    const steward = await StewardProcess.start(name, this.#environment(site, env), this.dir);
    this.defer(() => {
      steward.agent.destroy();
      return steward.end('SIGKILL');
    });
    site.stewards.push(steward);
    return steward;
  }

  /** A "steward" over stdio on the site, greeted. @param {Site} site @param {Record<string, string>} [env] */
  async stdio(site, env) {
    const name = `stdio-${(this.#made += 1)}`;
    const steward = await StdioSteward.start(name, this.#environment(site, env), this.dir);
    this.defer(() => steward.end('SIGKILL'));
    site.stewards.push(steward);
    return steward;
  }

  /** @param {Site} site @param {Record<string, string>} [env] */
  #environment(site, env) {
    return {
      DATABASE_URL: site.url,
      HTTP_HOST: '127.0.0.1',
      STEWARD_CALLER: ACTOR,
      // Each client has an address of its own, as behind a balancer.
      TRUSTED_PROXIES: 'loopback',
      RATE_LIMIT_PER_MINUTE: '1000000',
      ...LIMITS,
      ...env,
    };
  }
}

async function prepared() {
  const server = await PostgresServer.create({
    fsync: 'on',
    max_connections: MAX_CONNECTIONS,
    max_wal_size: '128MB',
    min_wal_size: '32MB',
  });
  try {
    await migrateAndSeed(server.url(TEMPLATE));
    await server.query(await readFile(path.join(ROOT, 'prisma', 'roles.sql'), 'utf8'), TEMPLATE);
    await server.query(`ALTER ROLE ${APP.user} PASSWORD '${APP.password}'`);
    return server;
  } catch (error) {
    await server.destroy();
    throw error;
  }
}
