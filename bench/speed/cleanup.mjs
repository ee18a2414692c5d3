/** Steps to undo at every end: last made, first undone. */
export class Cleanup {
  /** @type {(() => unknown)[]} */
  #steps = [];
  /** @type {Promise<void> | undefined} */
  #running;
  #over = false;

  constructor() {
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
      // The same signal often comes twice, from the terminal and from npm; the second must not cut the work short.
      process.on(signal, () => {
        if (!this.begun) console.error(`${signal}: cleaning up`);
        void this.run().finally(() => process.exit(130));
      });
    }
  }

  /** Whether it is over: what fails from then on fails because of that. */
  get begun() {
    return this.#running !== undefined;
  }

  /** A step that is added during the cleanup is undone, too. @param {() => unknown} step */
  add(step) {
    this.#steps.push(step);
    if (this.#over) void this.#run();
  }

  run() {
    return (this.#running ??= this.#run());
  }

  async #run() {
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await step();
      } catch (error) {
        console.error('This could not be cleaned up:', error);
      }
    }
    this.#over = true;
  }
}
