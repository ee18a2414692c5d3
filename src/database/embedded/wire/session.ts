/** Where one turn's messages go: the whole of PGlite's answer to `messages`, in order. */
export type Execute = (messages: Buffer) => Promise<Buffer>;

/** How long a holder may idle inside its turn while others wait. */
const IDLE_LIMIT_MS = 60_000;

/** Somebody who may hold the session. */
export interface Holder {
  /** Called when it has kept the others waiting for too long between two batches of one transaction. */
  evict(): void;
}

/**
 * PGlite's one session and whose turn it is. Turns are given first come, first served, and last from a batch's first
 * message to the ReadyForQuery that says no transaction is open, so what happens between the two is the holder's alone:
 * its transaction, its portals, its half-done pipeline.
 */
export class Session {
  #holder: Holder | undefined;
  #waiting: { holder: Holder; go: () => void }[] = [];
  #idle = false;
  #eviction: NodeJS.Timeout | undefined;

  /** Whose the session's unnamed prepared statement is; undefined: nobody's who could say. */
  unnamedOwner: Holder | undefined;

  constructor(readonly execute: Execute) {}

  /** Resolves when the session is the holder's; at once if it already is. */
  take(holder: Holder): Promise<void> {
    if (this.#holder === holder) {
      this.#setIdle(false);
      return Promise.resolve();
    }
    if (this.#holder === undefined) {
      this.#holder = holder;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.#waiting.push({ holder, go: resolve });
      this.#watchIdleness();
    });
  }

  get free(): boolean {
    return this.#holder === undefined;
  }

  holds(holder: Holder): boolean {
    return this.#holder === holder;
  }

  /** The holder keeps its turn and will be back with the next batch of its transaction. */
  pause(): void {
    this.#setIdle(true);
  }

  /** Ends the holder's turn; the one who has waited longest is next. */
  release(): void {
    this.#setIdle(false);
    const next = this.#waiting.shift();
    this.#holder = next?.holder;
    next?.go();
  }

  #setIdle(idle: boolean): void {
    this.#idle = idle;
    this.#watchIdleness();
  }

  #watchIdleness(): void {
    const blocked = this.#idle && this.#waiting.length > 0;
    if (!blocked) {
      clearTimeout(this.#eviction);
      this.#eviction = undefined;
    } else {
      this.#eviction ??= setTimeout(() => this.#holder?.evict(), IDLE_LIMIT_MS);
    }
  }
}
