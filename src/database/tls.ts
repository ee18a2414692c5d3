import net from 'node:net';
import pg from 'pg';

/** PostgreSQL manual, protocol message formats: SSLRequest. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
const PATIENCE_MS = 3000;

/** The driver's members that its types lack. */
interface Driver {
  host: string;
  port: number;
  ssl: unknown;
  connection: { ssl: unknown };
}

/**
 * A connection that goes on without TLS where the server has none and `sslmode` allows it. The driver itself takes `prefer`
 * for `require`.
 */
export class PreferringClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    const { sslmode } = Object(config) as { sslmode?: string };
    if (sslmode !== 'prefer' && sslmode !== 'allow') return;
    const connect = this.connect.bind(this) as (...args: unknown[]) => unknown;
    const driver = this as unknown as Driver;
    const connectAfter = async (...args: unknown[]) => {
      if (!(await offersTls(driver))) driver.ssl = driver.connection.ssl = false;
      return connect(...args);
    };
    // With a callback the promise is not awaited; and `offersTls` never fails.
    this.connect = connectAfter as typeof this.connect;
  }
}

/** Whether a server answers with S. What keeps it from answering, the connection itself will meet. */
function offersTls({ host, port }: Driver): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port }, () => socket.write(SSL_REQUEST));
    const end = (offered: boolean) => {
      socket.destroy();
      resolve(offered);
    };
    socket.once('data', (answer) => end(answer.toString('latin1') === 'S'));
    socket.once('error', () => end(true));
    socket.once('close', () => end(true));
    socket.setTimeout(PATIENCE_MS, () => end(true));
  });
}
