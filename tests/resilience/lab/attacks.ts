import { expect } from '@jest/globals';
import type { Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { GRACE_MS } from './limits.js';
import { endsWithin, head, openSocket, textFrom } from './raw-http.js';

/** A client that misbehaves. It fails where the server bears with it for too long. */
export type Attack = (port: number) => Promise<void>;

const PACE_MS = 300;
/** Steward's limits; Node.js looks at them every second, and an answer may be read for another one. */
const HEADERS_MS = 5000 + 2000;
const REQUEST_MS = 15_000 + 2000;
const STALLED_MS = 120_000 + 10_000;
const DEAF_REQUESTS = 40;
const DEAF_FOR_MS = 3000;
const REQUESTS_BEHIND = 20;

/** A call whose answer is long. */
export const CALL = message('tools/call', { name: 'list_recent_users', arguments: { limit: 100 } });
const PING = message('ping', {});

const slowHeaders: Attack = (port) =>
  drip(port, 'POST /mcp HTTP/1.1\r\nHost: localhost\r\nX-Slow: ', HEADERS_MS);

const slowBody: Attack = (port) => drip(port, head(1000), REQUEST_MS);

/** A whole request, and the end of the client's side. It gets the whole answer or none. */
const halfClosed: Attack = async (port) => {
  const socket = await openSocket(port);
  const answer = textFrom(socket);
  socket.end(request(CALL));
  expect(await endsWithin(socket, REQUEST_MS + GRACE_MS)).toBe(true);
  expect(answer()).toMatch(/^$|^HTTP\/1\.1 (200|429|503) .*\r\n\r\n\{.*\}$/s);
};

const halfARequest: Attack = async (port) => {
  const socket = await openSocket(port);
  socket.resume().end(head(1000) + CALL);
  expect(await endsWithin(socket, REQUEST_MS + GRACE_MS)).toBe(true);
};

/** A call with pings behind it, and a reset while the call is under way. */
const resetInMidCall: Attack = async (port) => {
  for (let n = 0; n < 3; n += 1) {
    const socket = await openSocket(port);
    socket.write(request(CALL) + request(PING).repeat(REQUESTS_BEHIND));
    await setTimeout(Math.random() * 20);
    socket.resetAndDestroy();
  }
};

/** Many requests, and no answer is read, until the server hangs up. */
export const deaf: Attack = async (port) => {
  const socket = await deafSocket(port);
  // The end is never read: it shows when the client writes.
  await writeUntilTheEnd(socket, ' ', 1000, STALLED_MS);
};

export const deafForAMoment: Attack = async (port) => {
  const socket = await deafSocket(port);
  await setTimeout(DEAF_FOR_MS);
  socket.destroy();
};

export const SLOW = [slowHeaders, slowBody];
export const QUICK = [halfClosed, halfARequest, resetInMidCall];

/** Sends one byte at a time until the server hangs up. */
async function drip(port: number, beginning: string, limitMs: number): Promise<void> {
  const socket = await openSocket(port);
  socket.resume().write(beginning);
  await writeUntilTheEnd(socket, '1', PACE_MS, limitMs + GRACE_MS);
}

async function writeUntilTheEnd(socket: Socket, text: string, everyMs: number, limitMs: number) {
  const writing = setInterval(() => socket.write(text), everyMs);
  const ended = await endsWithin(socket, limitMs);
  clearInterval(writing);
  expect(ended).toBe(true);
}

async function deafSocket(port: number) {
  const socket = await openSocket(port);
  socket.pause();
  for (let n = 0; n < DEAF_REQUESTS; n += 1) socket.write(request(CALL));
  return socket;
}

const request = (body: string) => head(body.length) + body;

function message(method: string, params: object): string {
  return JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
}
