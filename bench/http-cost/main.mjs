// What a call of an empty tool costs over HTTP: Steward's stateless stack with its guard against the SDK's own stateful
// transport without one. Both run side by side, blocks of calls alternate, and ratios are medians of paired blocks.
//   npm run bench:http
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { median } from '../quantiles.mjs';
import { RawHttpClient } from '../raw-http-client.mjs';

const BLOCKS = 20;
const CALLS = 200;
const AT_ONCE = 32;
const WARM_UP = 1000;

/** The guard wants a database before it lets a call through; the embedded one idles in a process of its own. */
const folder = await mkdtemp(path.join(os.tmpdir(), 'steward-bench-'));

/** @param {string} file */
async function start(file) {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: {
      ...process.env,
      NODE_ENV: 'production',
      AUTH_MODE: 'none',
      METRICS_TOKEN: 'the-cost-of-metrics-counts',
      RATE_LIMIT_PER_MINUTE: '1000000000',
      DATABASE_URL: '',
      STEWARD_DATA_DIR: path.join(folder, 'postgres'),
      STEWARD_EMBEDDED_LINGER_MS: '0',
    },
  });
  const [port] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`${file} ended with ${code}`))),
  ]);
  const client = new RawHttpClient(`http://127.0.0.1:${port}/mcp`);
  await client.greet();
  return { child, client, call: () => client.call('empty') };
}

/** @param {() => Promise<unknown>} call */
async function oneAtATime(call) {
  const times = [];
  for (let i = 0; i < CALLS; i += 1) {
    const started = performance.now();
    await call();
    times.push(performance.now() - started);
  }
  return median(times);
}

/** @param {() => Promise<unknown>} call */
async function manyAtOnce(call) {
  const started = performance.now();
  let left = CALLS * 2;
  const worker = async () => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return (CALLS * 2) / ((performance.now() - started) / 1000);
}

const servers = { steward: await start('empty-steward.mjs'), sdk: await start('empty-sdk.mjs') };
for (const { call } of Object.values(servers)) for (let i = 0; i < WARM_UP; i += 1) await call();

/** @param {(call: () => Promise<unknown>) => Promise<number>} measure */
async function inPairs(measure) {
  const pairs = [];
  for (let block = 0; block < BLOCKS; block += 1) {
    /** @type {('steward' | 'sdk')[]} */
    const order = block % 2 ? ['steward', 'sdk'] : ['sdk', 'steward'];
    /** @type {Record<string, number>} */
    const measured = {};
    for (const name of order) measured[name] = await measure(servers[name].call);
    pairs.push({ steward: measured['steward'] ?? 0, sdk: measured['sdk'] ?? 0 });
  }
  return {
    steward: median(pairs.map((pair) => pair.steward)).toFixed(2),
    sdk: median(pairs.map((pair) => pair.sdk)).toFixed(2),
    ratio: median(pairs.map((pair) => pair.steward / pair.sdk)).toFixed(2),
  };
}

console.table({
  'one at a time, median ms': await inPairs(oneAtATime),
  [`${AT_ONCE} at once, calls/s`]: await inPairs(manyAtOnce),
});
for (const { child, client } of Object.values(servers)) {
  client.close();
  child.disconnect();
  await once(child, 'exit');
}
await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
