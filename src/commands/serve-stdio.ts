import { catalogue as staffDirectory, type Catalogue } from '../directory/catalogue.js';
import { SCOPES } from '../scopes.js';
import { loadConfig } from '../settings/config.js';
import { Database } from '../database/index.js';
import { createGuard } from '../guard/index.js';
import { createRateLimit } from '../guard/rate-limit.js';
import { createLog } from '../observability/log.js';
import { ConnectedServer } from '../protocol/connected-server.js';
import { createDispatch } from '../protocol/dispatch.js';
import { StdioTransport } from '../transport/stdio.js';
import { VERSION } from '../version.js';
import { openDirectory } from './open-directory.js';
import { openTracing } from './open-tracing.js';
import { closeWithin, onTermination } from './shutdown.js';
import { keepHeapSmall } from './small-heap.js';
import { logUnhandledRejections } from './unhandled-rejections.js';

/**
 * Serves MCP over stdin and stdout until the client goes away or the process is told to stop; then answers what is
 * under way, closes the database and exits; with 1 when the database cannot be used.
 * @throws ConfigError
 */
export async function serveStdio(catalogue: Catalogue = staffDirectory): Promise<void> {
  const config = loadConfig();
  const log = createLog(config.logLevel);
  const tracing = await openTracing(config, log);
  const database = new Database(config.database, log);
  const transport = new StdioTransport();

  let stopping = false;
  const stop = async (reason: string, exitCode = 0) => {
    if (stopping) return;
    stopping = true;
    log.info('stopping', { reason });
    await transport.idle(config.callDeadlineMs);
    await closeWithin(config.callDeadlineMs, database, tracing);
    process.exit(exitCode);
  };
  const directory = openDirectory(database, config, (error) => {
    log.error(error.message);
    void stop('the database cannot be used', 1);
  });

  const guard = createGuard({
    log,
    tracing,
    rateLimit: createRateLimit(config.rateLimitPerMinute),
    deadlineMs: config.callDeadlineMs,
    directory,
  });
  const caller = { name: config.callerName, scopes: new Set(SCOPES) };
  const dispatch = createDispatch({ catalogue, guard, tracing, version: VERSION });
  const server = new ConnectedServer(dispatch, caller, VERSION);

  transport.onend = () => void stop('the client went away');
  onTermination((signal) => void stop(signal));
  logUnhandledRejections(log);
  await server.connect(transport);
  log.info('serving over stdio', { version: VERSION, caller: caller.name });
  // The client can go on with its initialization while the database is opened; a failure is logged, and told to whoever calls.
  directory()
    .then(keepHeapSmall)
    .catch(() => {});
}
