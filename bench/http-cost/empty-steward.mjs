// An empty tool behind Steward's own stateless HTTP stack: the door, the guard with its log, its metrics, all as in production.
import { z } from 'zod';
import { httpRoutes } from '../../build/commands/http-routes.js';
import { loadHttpConfig } from '../../build/settings/config.js';
import { Database } from '../../build/database/index.js';
import { withoutAuthentication } from '../../build/guard/authentication/index.js';
import { createLog } from '../../build/observability/log.js';
import { Metrics } from '../../build/observability/metrics.js';
import { UNTRACED } from '../../build/observability/tracing.js';
import { originPolicy } from '../../build/transport/http/origin.js';
import { HttpServer } from '../../build/transport/http/server.js';

const empty = {
  name: 'empty',
  title: 'Empty',
  description: 'Does nothing.',
  scope: /** @type {const} */ ('directory:read'),
  effect: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  input: z.strictObject({}),
  output: z.strictObject({ ok: z.boolean() }),
  handle: async () => ({ ok: true }),
};
const config = loadHttpConfig();
const log = createLog(config.logLevel);
const database = new Database(config.database, log);
const catalogue = { tools: [empty], resources: [], prompts: [] };
const stopping = new AbortController().signal;
const authentication = withoutAuthentication('bench');
const metrics = new Metrics('bench');
const routes = httpRoutes({
  catalogue,
  config,
  authentication,
  log,
  database,
  redis: undefined,
  stopping,
  metrics,
  tracing: UNTRACED,
});
const server = new HttpServer(routes, originPolicy(config.http), log, {
  tracing: UNTRACED,
  answered: (path, status) => metrics.countRequest(path, status),
});
await database.ready();
process.send?.(await server.listen('127.0.0.1', 0));
process.on('disconnect', () => process.exit(0));
