import v8 from 'node:v8';
import { createGuard } from '../guard/index.js';
import { createRateLimit } from '../guard/rate-limit.js';
import { createLog } from '../observability/log.js';
import { createAnswer } from '../protocol/answer.js';
import type { Connection } from '../protocol/method.js';
import { StdioTransport } from '../transport/stdio.js';
import { VERSION } from '../version.js';
import { composeConfigured, composeServer, type Compose } from './compose.js';
import { readConfig } from './read-config.js';
import { closeWithin, onProcessEvents, openTracing } from './server-process.js';

/**
 * Serves MCP over stdin and stdout until the client goes away or a signal stops the process; then answers what is
 * under way, closes the databases and exits; with 1 when none of the databases can be used.
 * @throws OperatorError
 */
export async function serveStdio(compose: Compose = composeConfigured): Promise<void> {
  const config = readConfig();
  const log = createLog(config.logLevel);
  const tracing = await openTracing(config, log);

  const { catalogue, databases, callerScopes, callerClaims } = composeServer(compose, {
    config,
    log,
    onUnusable(error) {
      log.error(error.message);
      if (databases.every(({ unusable }) => unusable)) void stop('no database can be used', 1);
    },
  });
  let stopping = false;
  const stop = async (reason: string, exitCode = 0) => {
    if (stopping) return;
    stopping = true;
    log.info('stopping', { reason });
    await transport.idle(config.callDeadlineMs);
    await closeWithin(config.callDeadlineMs, ...databases, tracing);
    process.exit(exitCode);
  };

  const guard = createGuard({
    log,
    tracing,
    rateLimit: createRateLimit(config.rateLimitPerMinute),
    deadlineMs: config.callDeadlineMs,
  });
  const caller = { name: config.callerName, scopes: new Set(callerScopes), claims: callerClaims };
  const answer = createAnswer({ catalogue, guard, tracing, version: VERSION });
  /** What the client's greeting settles, for the requests after it. */
  const connection: Connection = {};
  const transport = new StdioTransport({
    answer: (message, by) => answer(message, { caller, connection, ...by }),
    onEnd: () => void stop('the client went away'),
  });

  onProcessEvents(log, (signal) => void stop(signal));
  transport.start();
  log.info('serving over stdio', { version: VERSION, caller: caller.name, settings: config.files });
  // The client can go on with its initialization while databases are opened; a failure is logged, and reported to callers.
  Promise.all(databases.map((database) => database.ready()))
    .then(keepHeapSmall)
    .catch(() => {});
}

/**
 * Has V8 look for garbage sooner. By default it lets the heap of a busy server grow to four times what is in use: too much
 * for one of several servers on a person's machine. During the start it would only slow that down.
 */
function keepHeapSmall(): void {
  v8.setFlagsFromString('--semi-space-growth-factor=1');
  v8.setFlagsFromString('--heap-growing-percent=50');
}
