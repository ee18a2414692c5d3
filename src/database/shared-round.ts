/**
 * Work that answers a question about now. All who ask before a run begins share it; whoever asks later gets the next one,
 * which begins when that one ends. So however many ask, one run is under way, and nobody gets an answer older than their
 * question.
 */
export class SharedRound<Answer> {
  #latest: Promise<unknown> = Promise.resolve();
  #next: Promise<Answer> | undefined;

  constructor(private readonly work: () => Promise<Answer>) {}

  /** @throws whatever the work throws, to all who share the run */
  join(): Promise<Answer> {
    if (this.#next) return this.#next;
    const run = this.#latest.then(() => {
      this.#next = undefined;
      return this.work();
    });
    this.#next = run;
    this.#latest = run.catch(() => {});
    return run;
  }
}
