import { createClient } from '@redis/client';
import { describeError, type Log } from '../observability/log.js';

/** A Redis that several processes share. It may come and go: nothing waits for it longer than a moment. */
export interface Redis {
  /** As the limiter takes it, which asks for no type. */
  client: unknown;
  /** @throws Error if the work takes longer than a caller should wait */
  withTimeout<Result>(work: Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** For connecting and for each command, in milliseconds: a caller is waiting. The client times nothing it has sent. */
const PATIENCE_MS = 500;
const LONGEST_PAUSE_MS = 2000;

/**
 * Connects in the background, and again whenever the connection is lost; both ends of an outage are logged.
 * @param withoutRedis what becomes of those who need it as long as it cannot be reached; for the log
 */
export function openRedis(url: string, log: Log, withoutRedis: string): Redis {
  let reachable = true;
  const lost = (error: Error) => {
    if (reachable)
      log.warn('redis cannot be reached', { meanwhile: withoutRedis, cause: describeError(error) });
    reachable = false;
  };
  const client = createClient({
    url,
    disableOfflineQueue: true,
    pingInterval: 5000,
    socket: {
      connectTimeout: PATIENCE_MS,
      // Longer than the interval: a connection on which not even a ping is answered is given up.
      socketTimeout: 8000,
      reconnectStrategy: (retries) => Math.min(100 * 2 ** retries, LONGEST_PAUSE_MS),
    },
  });
  client.on('error', lost);
  client.on('ready', () => {
    log.info('redis connected');
    reachable = true;
  });
  // The event above reports each failure.
  client.connect().catch(() => {});
  /** New commands keep a connection from falling silent, so the first missing reply closes it. */
  const giveUp = () => {
    const error = new Error(`no answer within ${PATIENCE_MS} ms`);
    if (reachable) {
      lost(error);
      client.destroy();
      client.connect().catch(() => {});
    }
    return error;
  };
  return {
    client,
    withTimeout: (work) => {
      let timer: NodeJS.Timeout;
      const tooLate = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(giveUp()), PATIENCE_MS);
      });
      return Promise.race([work, tooLate]).finally(() => clearTimeout(timer));
    },
    close: async () => client.destroy(),
  };
}
