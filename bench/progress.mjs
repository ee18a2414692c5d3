/** Says on stderr what is being done, and how many seconds after the start. @param {string} what */
export function progress(what) {
  console.error(`${(performance.now() / 1000).toFixed(0).padStart(5)} s  ${what}`);
}
