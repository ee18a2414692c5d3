import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EmbeddedDatabaseError } from './errors.js';
import { findHost, type FoundHost } from './find-host.js';
import { prepareDataFolder } from './folder/data-folder.js';

export { EmbeddedDatabaseError };

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 10_000;

export interface EmbeddedOptions {
  /** Created, for this user alone, if it does not exist. */
  dataDir: string;
  /** How long a host that is started for this stays up without a connection, in milliseconds. */
  lingerMs: number;
  /** One line at a time, for the operator: what is being done or waited for. */
  onProgress(text: string): void;
}

/** An open embedded database. */
export interface Embedded {
  /** For pg, Prisma and psql. Good for as long as this is open, whatever hosts come and go. */
  readonly url: string;
  /**
   * Runs `work` while no other process runs its own: for migrating and seeding. A host that dies meanwhile ends the
   * exclusion and breaks the connections of `work`.
   * @throws what `work` throws; EmbeddedDatabaseError once closed
   */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  /** Leaves the database to the others. The host goes by itself when it was the last one. */
  close(): Promise<void>;
}

/**
 * Opens the embedded PostgreSQL of a folder, sharing it with whatever other process of this machine has it open. Holding
 * it open does not keep this process running.
 * @throws EmbeddedDatabaseError
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const dataDir = await prepareDataFolder(path.resolve(options.dataDir));
  const closing = new AbortController();
  const first = await findHost(dataDir, options.lingerMs, options.onProgress, closing.signal);
  return new OpenEmbedded(dataDir, options, first, closing);
}

class OpenEmbedded implements Embedded {
  #url: string;
  /** The lease in force; pending while a new host is being brought up. */
  #host: Promise<FoundHost>;
  /** The last of this process's exclusive sections. */
  #section: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly dataDir: string,
    private readonly options: EmbeddedOptions,
    first: FoundHost,
    private readonly closing: AbortController,
  ) {
    this.#url = databaseUrl(first.folder);
    this.#host = Promise.resolve(first);
    this.#hold(first);
  }

  get url(): string {
    return this.#url;
  }

  exclusively<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#section.then(() => this.#inSection(work));
    this.#section = run.catch(() => {});
    return run;
  }

  async close(): Promise<void> {
    this.closing.abort(new EmbeddedDatabaseError('The embedded database has been closed.'));
    const host = await this.#host.catch(() => undefined);
    await host?.lease.end();
  }

  async #inSection<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      this.closing.signal.throwIfAborted();
      const { lease } = await this.#host;
      if (!(await lease.enter())) continue;
      return await work().finally(() => lease.leave());
    }
  }

  #hold({ lease }: FoundHost): void {
    lease.relax();
    void lease.closed.then(() => this.#lost());
  }

  #lost(): void {
    if (this.closing.signal.aborted) return;
    this.#host = this.#recover();
    // Whoever waits for it hears of the failure; if nobody does, there is nothing to tell.
    this.#host.catch(() => {});
  }

  /** Brings up a host, or finds the one that another process brought up, however often that takes. */
  async #recover(): Promise<FoundHost> {
    for (let pause = FIRST_RETRY_MS; ; pause = Math.min(pause * 2, LONGEST_RETRY_MS)) {
      try {
        const host = await findHost(
          this.dataDir,
          this.options.lingerMs,
          this.options.onProgress,
          this.closing.signal,
        );
        this.#url = databaseUrl(host.folder);
        this.#hold(host);
        return host;
      } catch (error) {
        this.closing.signal.throwIfAborted();
        this.options.onProgress(`the embedded database is not back yet: ${(error as Error).message}`);
      }
      await delay(pause, undefined, { ref: false });
    }
  }
}

function databaseUrl(socketFolder: string): string {
  return `postgresql://postgres@localhost/postgres?host=${encodeURIComponent(socketFolder)}`;
}
