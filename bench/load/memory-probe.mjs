// Loaded into a process before Steward itself: says over IPC how much memory is in use, once all rubbish is collected.
// (What the system has given to the process says little: V8 takes its time to give anything back.)
const collect = globalThis.gc;
if (!collect) throw new Error('Start Node with --expose-gc.');
process.on('message', (message) => {
  if (message !== 'memory') return;
  collect();
  const { heapUsed, external, rss } = process.memoryUsage();
  process.send?.({ used: heapUsed + external, resident: rss });
});
// The process ends when it wants to.
process.channel?.unref();
