/**
 * @typedef {import('../src/directory/services.js').Directory} Directory
 * @typedef {{ name?: string, text: string, values: (string | number | boolean | null)[] }} Statement
 */

/** @template Module @param {string} file @returns {Promise<Module>} */
const built = (file) => import(new URL(`../build/${file}`, import.meta.url).href);

/**
 * The directory as the server composes it, with an ear on each of its connections.
 * @param {string} url
 */
export async function openDirectory(url) {
  /** @type {typeof import('../src/settings/config.js')} */
  const { loadConfig } = await built('settings/config.js');
  /** @type {typeof import('../src/database/pool.js')} */
  const { connect } = await built('database/pool.js');
  /** @type {typeof import('../src/directory/services.js')} */
  const { createServices } = await built('directory/services.js');
  /** @type {typeof import('../src/directory/database.js')} */
  const { createClient } = await built('directory/database.js');
  /** @type {typeof import('../src/capability/answer/cursor.js')} */
  const { Cursors } = await built('capability/answer/cursor.js');
  /** @type {typeof import('../src/observability/log.js')} */
  const { createLog } = await built('observability/log.js');
  const patient = { CALL_DEADLINE_MS: '50000', DB_STATEMENT_TIMEOUT_MS: '30000' };
  const environment = { NODE_ENV: 'test', DATABASE_URL: url, ...patient };
  const { database } = loadConfig({}, environment);
  const connections = connect(url, database.session, createClient, createLog('warn'));
  const cursors = new Cursors([Buffer.alloc(32, 'bench')]);
  /** @type {Statement[]} */
  let caught = [];
  connections.pool.on('connect', (client) => {
    const query = /** @type {(...all: unknown[]) => unknown} */ (client.query.bind(client));
    const recording = (/** @type {string | Statement} */ sent, /** @type {unknown[]} */ ...rest) => {
      if (typeof sent === 'object') caught.push({ ...sent, values: sent.values ?? (rest[0] || []) });
      return query(sent, ...rest);
    };
    Object.assign(client, { query: recording });
  });
  return {
    directory: createServices(connections.client, 0, cursors),
    prisma: connections.client,
    close: () => connections.close(),
    /** The reads that a call sends. @param {() => Promise<unknown>} run */
    async caughtWhile(run) {
      caught = [];
      await run();
      return caught.filter(({ text }) => /^\s*(SELECT|UPDATE)/.test(text));
    },
  };
}
