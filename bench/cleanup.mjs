/** @type {(() => unknown)[]} */
const steps = [];
/** @type {Promise<void> | undefined} */
let running;

/** Adds a step to what is undone at every end: last made, first undone. @param {() => unknown} step */
export function atEnd(step) {
  steps.push(step);
}

/** Whether it is over: what fails from then on fails because of that. */
export const isOver = () => running !== undefined;

export function cleanUp() {
  return (running ??= undo());
}

async function undo() {
  for (let step = steps.pop(); step; step = steps.pop()) {
    try {
      await step();
    } catch (error) {
      console.error('This could not be cleaned up:', error);
    }
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  // The same signal often comes twice, from the terminal and from npm; the second must not cut the work short.
  process.on(signal, () => {
    if (!isOver()) console.error(`${signal}: cleaning up`);
    void cleanUp().finally(() => process.exit(130));
  });
}
