/** Longest idle time inside a transaction if other clients wait at its end. */
const IDLE_LIMIT_MS = 60_000;

/** A client that can hold the session. */
export interface Holder {
  /** Called when the holder has been idle inside a transaction for too long while others wait. */
  evict?(): void;
}

/**
 * PGlite's only session and the queue for it, first come, first served. A client holds the session from the first message
 * of a batch to the ReadyForQuery outside of a transaction. So its transaction, portals and pipeline are its own.
 */
export class Session {
  #holder: Holder | undefined;
  #waiting: { holder: Holder; go: () => void }[] = [];
  #eviction: NodeJS.Timeout | undefined;

  /** @param execute resolves to PGlite's complete answer to `messages`. Only the holder may call it. */
  constructor(readonly execute: (messages: Buffer) => Promise<Buffer>) {}

  get free(): boolean {
    return this.#holder === undefined;
  }

  holds(holder: Holder): boolean {
    return this.#holder === holder;
  }

  /** Resolves when the holder has the session; at once if it already has it. */
  take(holder: Holder): Promise<void> {
    this.#holder ??= holder;
    if (this.#holder !== holder) return new Promise((go) => this.#waiting.push({ holder, go }));
    clearInterval(this.#eviction);
    return Promise.resolve();
  }

  /** The holder keeps the session until the next batch of its transaction. */
  pause(): void {
    this.#eviction = setInterval(() => {
      if (this.#waiting.length > 0) this.#holder?.evict?.();
    }, IDLE_LIMIT_MS);
  }

  /** Gives the session to the holder that has waited longest. */
  release(): void {
    clearInterval(this.#eviction);
    const next = this.#waiting.shift();
    this.#holder = next?.holder;
    next?.go();
  }
}
