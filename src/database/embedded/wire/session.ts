/** How long a holder may idle inside a transaction while others wait. */
const IDLE_LIMIT_MS = 60_000;

/** A user of the session. */
export interface Holder {
  /** Called when it has kept the others waiting for too long between two batches of one transaction. */
  evict?(): void;
}

/**
 * PGlite's one session and the queue for it. First come, first served; a holder has it from a batch's first message to
 * the ReadyForQuery that says no transaction is open, so what happens between the two is the holder's alone: its
 * transaction, its portals, its half-done pipeline.
 */
export class Session {
  #holder: Holder | undefined;
  #waiting: { holder: Holder; go: () => void }[] = [];
  #idle = false;
  #eviction: NodeJS.Timeout | undefined;

  /** @param execute resolves to the whole of PGlite's answer to `messages`. For the holder only. */
  constructor(readonly execute: (messages: Buffer) => Promise<Buffer>) {}

  get free(): boolean {
    return this.#holder === undefined;
  }

  holds(holder: Holder): boolean {
    return this.#holder === holder;
  }

  /** Resolves when the session is the holder's; at once if it already is. */
  take(holder: Holder): Promise<void> {
    this.#holder ??= holder;
    if (this.#holder === holder) {
      this.#setIdle(false);
      return Promise.resolve();
    }
    return new Promise((go) => {
      this.#waiting.push({ holder, go });
      this.#setIdle(this.#idle);
    });
  }

  /** The holder keeps the session and will be back with the next batch of its transaction. */
  pause(): void {
    this.#setIdle(true);
  }

  /** Gives the session to the holder that has waited longest. */
  release(): void {
    this.#setIdle(false);
    const next = this.#waiting.shift();
    this.#holder = next?.holder;
    next?.go();
  }

  #setIdle(idle: boolean): void {
    this.#idle = idle;
    if (!idle || this.#waiting.length === 0) {
      clearTimeout(this.#eviction);
      this.#eviction = undefined;
    } else {
      this.#eviction ??= setTimeout(() => this.#holder?.evict?.(), IDLE_LIMIT_MS);
    }
  }
}
