/** Counts who is connected, and tells when nobody has been for a while. */
export class Presence {
  readonly #counts = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #onEmpty: (() => void) | undefined;

  constructor(private readonly lingerMs: number) {}

  /** How many connections there are, of whatever kind. */
  get connections(): number {
    return [...this.#counts.values()].reduce((sum, open) => sum + open, 0);
  }

  /** How many connections of one kind are open now. */
  count(kind: string, open: number): void {
    this.#counts.set(kind, open);
    this.#watch();
  }

  /** Starts watching; `onEmpty` is called once, at the end of the first `lingerMs` in which nobody was there. */
  watch(onEmpty: () => void): void {
    this.#onEmpty = onEmpty;
    this.#watch();
  }

  #watch(): void {
    if (this.connections > 0 || !this.#onEmpty) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    } else {
      this.#timer ??= setTimeout(this.#onEmpty, this.lingerMs);
    }
  }
}
