import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import net from 'node:net';
import pg from 'pg';

/** The signal of the call that a statement is made for. Prisma Client has no way to hand one down. */
const callers = new AsyncLocalStorage<AbortSignal>();

/**
 * Runs work whose statements end with the signal: one that runs is cancelled in the server, and no further one is begun.
 * What ends a transaction is always let through.
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

/** A connection that knows for which call it works. */
export class CancellableClient extends pg.Client {
  /** A cancellation may still be on its way, and would hit the next statement: the connection must not be reused. */
  cancelled = false;
  // Set by pg when the connection is made, but not among its types.
  declare private readonly processID: number | null;
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

  /** Asks the server, on a connection of its own that needs no log-in and takes none of its slots, to cancel what runs. */
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
    // Where it cannot be asked, its statement_timeout ends the statement.
    socket.on('error', () => socket.destroy());
    socket.setTimeout(CANCEL_PATIENCE_MS, () => socket.destroy());
    socket.unref();
  }
}

/** A pool that resumes a waiting caller in that caller's context, not in the context of the one that released the connection. */
export class CancellablePool extends pg.Pool {
  constructor(config: pg.PoolConfig) {
    super({ ...config, Client: CancellableClient });
    const connect = this.connect.bind(this) as (callback?: Callback) => unknown;
    this.connect = ((callback?: Callback) =>
      connect(callback && AsyncResource.bind(callback))) as typeof this.connect;
  }
}

function textOf(query: unknown): string {
  if (typeof query === 'string') return query;
  return (query as { text?: string } | undefined)?.text ?? '';
}

function refuse(callback: Callback | undefined): Promise<never> | undefined {
  const error = new Error('The call was given up before this statement was begun.');
  if (typeof callback !== 'function') return Promise.reject(error);
  process.nextTick(callback, error);
  return undefined;
}
