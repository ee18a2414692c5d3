import { AsyncLocalStorage } from 'node:async_hooks';
import net from 'node:net';
import pg from 'pg';
import { PreferringClient } from './tls.js';

/** The signal of the call that runs a statement. Prisma Client cannot pass a signal on. */
const callers = new AsyncLocalStorage<AbortSignal>();

/**
 * Runs work and cancels its statements at the signal: the server ends the current one, and no further one begins. COMMIT
 * and ROLLBACK always run.
 */
export function cancelledBy<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  return callers.run(signal, work);
}

/** The signal of the current call; undefined outside of any call. */
export function currentCall(): AbortSignal | undefined {
  return callers.getStore();
}

/** Runs work that does not end with the current call, because other calls wait for it, too. */
export function uncancelled<Result>(work: () => Promise<Result>): Promise<Result> {
  return callers.exit(work);
}

const ENDS_TRANSACTION = /^\s*(commit|rollback)\b/i;
/** PostgreSQL manual, protocol message formats: CancelRequest. */
const CANCEL_REQUEST = 80_877_102;
const CANCEL_PATIENCE_MS = 2000;

type Callback = (error: Error | undefined) => void;

/** A connection that cancels its statement when the call's signal aborts. */
export class CancellableClient extends PreferringClient {
  /** A cancellation may still be on its way, and would hit the next statement: the connection must not be reused. */
  cancelled = false;
  // pg sets these when it connects, but its types lack them.
  declare protected readonly processID: number | null;
  declare private readonly secretKey: number | null;

  constructor(config?: string | pg.ClientConfig) {
    super(config);
    const send = this.query.bind(this) as (...args: unknown[]) => unknown;
    const query = (...args: unknown[]): unknown => {
      const signal = callers.getStore();
      if (signal === undefined || ENDS_TRANSACTION.test(textOf(args[0]))) return send(...args);
      const callback = args.at(-1) as Callback | undefined;
      if (signal.aborted) return refuse(callback);
      const cancel = () => this.#cancel();
      const settled = () => signal.removeEventListener('abort', cancel);
      signal.addEventListener('abort', cancel, { once: true });
      if (typeof callback !== 'function') return (send(...args) as Promise<unknown>).finally(settled);
      const wrapped = (...results: unknown[]) => {
        settled();
        (callback as (...results: unknown[]) => void)(...results);
      };
      return send(...args.slice(0, -1), wrapped);
    };
    this.query = query as typeof this.query;
  }

  /** Sends a cancel request on a separate connection, which needs no log-in and takes none of the server's slots. */
  #cancel(): void {
    if (this.processID === null || this.secretKey === null) return;
    this.cancelled = true;
    const request = Buffer.alloc(16);
    [16, CANCEL_REQUEST, this.processID, this.secretKey].forEach((word, index) =>
      request.writeInt32BE(word, index * 4),
    );
    const { host, port } = this;
    const socket = net.connect(
      host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port },
      () => socket.end(request),
    );
    // If the request fails, statement_timeout ends the statement.
    socket.on('error', () => socket.destroy());
    socket.setTimeout(CANCEL_PATIENCE_MS, () => socket.destroy());
    socket.unref();
  }
}

function textOf(query: unknown): string {
  if (typeof query === 'string') return query;
  return (query as { text?: string } | undefined)?.text ?? '';
}

function refuse(callback: Callback | undefined): Promise<never> | undefined {
  const error = new Error('The call was cancelled before this statement began.');
  if (typeof callback !== 'function') return Promise.reject(error);
  process.nextTick(callback, error);
  return undefined;
}
