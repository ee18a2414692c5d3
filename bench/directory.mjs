import { Cursors } from '../build/capability/answer/cursor.js';
import { Elicitations } from '../build/capability/elicitation.js';
import { connect } from '../build/database/pool.js';
import { createClient } from '../build/directory/database.js';
import { WriteShare } from '../build/database/write-share.js';
import { createServices } from '../build/directory/services.js';
import { createLog } from '../build/observability/log.js';
import { loadConfig } from '../build/settings/config.js';

/**
 * @typedef {import('../build/directory/services.js').Directory} Directory
 * @typedef {{ name?: string, text: string, values: (string | number | boolean | null)[] }} Statement
 */

const KEY = Buffer.alloc(32, 'bench');

/** The connections of the server, with more patience. @param {string} url */
export function openPool(url) {
  const patient = { CALL_DEADLINE_MS: '50000', DB_STATEMENT_TIMEOUT_MS: '30000' };
  const environment = { NODE_ENV: 'test', DATABASE_URL: url, ...patient };
  const { database } = loadConfig({}, environment);
  return connect(url, database.session, createClient, createLog('warn'));
}

/**
 * The directory as the server composes it, with an ear on each of its connections.
 * @param {string} url
 */
export function openDirectory(url) {
  const { pool, client: prisma, close } = openPool(url);
  /** @type {Statement[]} */
  let caught = [];
  pool.on('connect', (client) => {
    const query = /** @type {(...all: unknown[]) => unknown} */ (client.query.bind(client));
    const recording = (/** @type {string | Statement} */ sent, /** @type {unknown[]} */ ...rest) => {
      if (typeof sent === 'object') caught.push({ ...sent, values: sent.values ?? (rest[0] || []) });
      return query(sent, ...rest);
    };
    Object.assign(client, { query: recording });
  });
  return {
    directory: createServices(
      prisma,
      new WriteShare({ max: 4, acquireTimeoutMs: 3000 }),
      { CACHE_TTL_MS: 0, CONFIRM_WRITES: false },
      { cursors: new Cursors([KEY]), elicitations: new Elicitations([KEY]) },
    ),
    prisma,
    close,
    /** The reads that a call sends. @param {() => Promise<unknown>} run */
    async caughtWhile(run) {
      caught = [];
      await run();
      return caught.filter(({ text }) => /^\s*(SELECT|UPDATE)/.test(text));
    },
  };
}
