import { expect, it } from '@jest/globals';
import { EventEmitter, once } from 'node:events';
import { ReadCache } from '../src/directory/read-cache.js';

/** A cache whose news of changes arrives when the test says so. */
function open(options: { ttlMs?: number; replicas?: boolean; heard?: boolean } = {}) {
  const { ttlMs = 60_000, replicas = false, heard = true } = options;
  const news = new EventEmitter();
  const changes = {
    onChange: (callback: () => void) => void news.on('change', callback),
    caughtUp: async () => heard,
  };
  const cache = new ReadCache<{ read: number }>({ ttlMs, replicas, changes, maxSize: 3, sizeOf: () => 1 });
  let reads = 0;
  const read = async () => ({ read: (reads += 1) });
  return { cache, read, changed: () => news.emit('change') };
}

/** A read that ends when the test says so. */
function slow(answer: number) {
  const news = new EventEmitter();
  const ended = once(news, 'end');
  return { end: () => news.emit('end'), read: () => ended.then(() => ({ read: answer })) };
}

const fail = async () => Promise.reject(new Error('down'));

it('answers the same question from memory until something changes', async () => {
  const { cache, read, changed } = open();
  expect(await cache.get('a', read)).toEqual({ read: 1 });
  expect(await cache.get('a', read)).toEqual({ read: 1 });
  expect(await cache.get('b', read)).toEqual({ read: 2 });
  changed();
  expect(await cache.get('a', read)).toEqual({ read: 3 });
  expect(cache.use).toEqual({ hits: 1, misses: 3 });
});

it('keeps nothing that was being read while something changed', async () => {
  const { cache, read, changed } = open();
  const old = slow(0);
  const asked = cache.get('a', old.read);
  changed();
  old.end();
  expect(await asked).toEqual({ read: 0 });
  expect(await cache.get('a', read)).toEqual({ read: 1 });
});

it('does not use what it keeps if the news of a change arrives while it asks for news', async () => {
  const { cache, read, changed } = open();
  await cache.get('a', read);
  const asked = cache.get('a', read);
  changed();
  expect(await asked).toEqual({ read: 2 });
});

it.each([
  ['news may have been missed', { heard: false }],
  ['no time to live is given', { ttlMs: 0 }],
  ['a replica may have answered', { replicas: true }],
])('reads each time where %s', async (_, options) => {
  const { cache, read } = open(options);
  for (let time = 1; time <= 3; time += 1) expect(await cache.get('a', read)).toEqual({ read: time });
});

it('keeps no more than its size allows', async () => {
  const { cache, read } = open();
  for (const question of ['a', 'b', 'c', 'd']) await cache.get(question, read);
  expect(await cache.get('d', read)).toEqual({ read: 4 });
  expect(await cache.get('a', read)).toEqual({ read: 5 });
});

it('reads once for all who ask together', async () => {
  const { cache, read } = open();
  const all = await Promise.all(Array.from({ length: 50 }, () => cache.getTogether('a', read)));
  expect(all).toEqual(Array.from({ length: 50 }, () => ({ read: 1 })));
  expect(cache.use).toEqual({ hits: 49, misses: 1 });
});

it('has nobody wait for what was begun before a change they know of', async () => {
  const { cache, read, changed } = open();
  const old = slow(0);
  const before = cache.getTogether('a', old.read);
  changed();
  const after = [cache.getTogether('a', read), cache.getTogether('a', read)];
  old.end();
  expect(await before).toEqual({ read: 0 });
  expect(await Promise.all(after)).toEqual([{ read: 1 }, { read: 1 }]);
});

it('has nobody wait for what was begun before they asked, where news may have been missed', async () => {
  const { cache, read } = open({ heard: false });
  const old = slow(0);
  const before = cache.getTogether('a', old.read);
  const after = cache.getTogether('a', read);
  expect(await after).toEqual({ read: 1 });
  old.end();
  expect(await before).toEqual({ read: 0 });
});

it('tells all who wait that a read failed, and reads again for the next', async () => {
  const { cache, read } = open();
  const both = [cache.getTogether('a', fail), cache.getTogether('a', fail)];
  for (const asked of both) await expect(asked).rejects.toThrow('down');
  expect(await cache.getTogether('a', read)).toEqual({ read: 1 });
});
