import { expect, it } from '@jest/globals';
import type { Version } from '../src/database/table-version.js';
import { ReadCache } from '../src/directory/read-cache.js';

/** A cache of a database that changes, settles and can be asked as the test says. */
function open({ ttlMs = 60_000 } = {}) {
  const database = { version: 1, asked: true, settled: true };
  const version = () => (database.asked ? `v${database.version}` : undefined);
  const source: Version = {
    now: async () => version(),
    settled: async () => (database.settled ? version() : undefined),
  };
  const cache = new ReadCache<{ read: number }>({
    ttlMs,
    version: source,
    maxSize: 3,
    sizeOf: () => 1,
  });
  let reads = 0;
  const read = async () => ({ read: (reads += 1) });
  return { cache, read, database };
}

it('answers the same question from memory until something changes', async () => {
  const { cache, read, database } = open();
  expect(await cache.get('a', read)).toEqual({ read: 1 });
  expect(await cache.get('a', read)).toEqual({ read: 1 });
  expect(await cache.get('b', read)).toEqual({ read: 2 });
  database.version += 1;
  expect(await cache.get('a', read)).toEqual({ read: 3 });
  expect(await cache.get('a', read)).toEqual({ read: 3 });
  expect(cache.use).toEqual({ hits: 2, misses: 3 });
});

it('does not use what was being read while something changed', async () => {
  const { cache, read, database } = open();
  const meanwhile = async () => {
    database.version += 1;
    return { read: 0 };
  };
  expect(await cache.get('a', meanwhile)).toEqual({ read: 0 });
  expect(await cache.get('a', read)).toEqual({ read: 1 });
  expect(await cache.get('a', read)).toEqual({ read: 1 });
});

it('keeps nothing that is read during a change', async () => {
  const { cache, read, database } = open();
  database.settled = false;
  expect(await cache.get('a', read)).toEqual({ read: 1 });
  database.settled = true;
  expect(await cache.get('a', read)).toEqual({ read: 2 });
  expect(await cache.get('a', read)).toEqual({ read: 2 });
});

it('does not use what it keeps while the server cannot be asked', async () => {
  const { cache, read, database } = open();
  await cache.get('a', read);
  database.asked = false;
  expect(await cache.get('a', read)).toEqual({ read: 2 });
  database.asked = true;
  expect(await cache.get('a', read)).toEqual({ read: 1 });
});

it('reads each time where no time to live is given', async () => {
  const { cache, read } = open({ ttlMs: 0 });
  for (let time = 1; time <= 3; time += 1) expect(await cache.get('a', read)).toEqual({ read: time });
});

it('keeps no more than its size allows', async () => {
  const { cache, read } = open();
  for (const question of ['a', 'b', 'c', 'd']) await cache.get(question, read);
  expect(await cache.get('d', read)).toEqual({ read: 4 });
  expect(await cache.get('a', read)).toEqual({ read: 5 });
});

it('keeps no failure', async () => {
  const { cache, read } = open();
  await expect(cache.get('a', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
  expect(await cache.get('a', read)).toEqual({ read: 1 });
});
