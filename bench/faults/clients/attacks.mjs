import { once } from 'node:events';
import net from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { GRACE_MS } from '../lab/limits.mjs';

/** @typedef {{ port: number, address: string }} Target */
/** How long the connection lasted, in milliseconds, and what was wrong about that. @typedef {{ ms: number, problems: string[] }} End */

/** Between two bytes of those who are slow, in milliseconds. */
const PACE_MS = 300;
/** Steward's own limits, each with the second in which it is looked at and the second in which its answer may be read. */
const HEADERS_MS = 5000 + 2000;
const REQUEST_MS = 15_000 + 2000;
const STALLED_MS = 120_000;
const BEHIND = 20;
const DEAF_FOR_MS = 3000;
const DEAF_REQUESTS = 40;

const BODY = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'list_recent_users', arguments: { limit: 100 } },
});

const PING = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' });

/** Headers, one byte at a time. @param {Target} target @returns {Promise<End>} */
export async function slowHeaders(target) {
  return drip(target, 'POST /mcp HTTP/1.1\r\nHost: localhost\r\nX-Slow: ', HEADERS_MS);
}

/** A body, one byte at a time. @param {Target} target @returns {Promise<End>} */
export async function slowBody(target) {
  return drip(target, head(target.address, 1000), REQUEST_MS);
}

/**
 * A whole request, and then the end of what the client says, though it still listens: to Node's server, it is gone. It gets
 * the whole answer or none.
 * @param {Target} target @returns {Promise<End>} */
export async function halfClosed(target) {
  return timed(async () => {
    const socket = await open(target);
    let answer = '';
    socket.setEncoding('utf8').on('data', (chunk) => (answer += chunk));
    socket.end(request(target.address));
    await closed(socket);
    return answer === '' || /^HTTP\/1\.1 (200|429|503) .*\r\n\r\n\{.*\}$/s.test(answer)
      ? []
      : [`half-closed: answered ${JSON.stringify(answer.slice(0, 100))}`];
  });
}

/** Half of a request, and then the end of what the client says. @param {Target} target @returns {Promise<End>} */
export async function halfARequest(target) {
  return timed(async () => {
    const socket = await open(target);
    socket.end(head(target.address, 1000) + BODY);
    socket.resume();
    await closed(socket);
    return [];
  });
}

/** A call, pings behind it, and a reset while the call is worked on: nobody is there for all that. @param {Target} target @returns {Promise<End>} */
export async function resetInMidCall(target) {
  return timed(async () => {
    for (let n = 0; n < 3; n += 1) {
      const socket = await open(target);
      socket.write(request(target.address) + request(target.address, PING).repeat(BEHIND));
      await setTimeout(Math.random() * 20);
      socket.resetAndDestroy();
    }
    return [];
  });
}

/** Many requests, and nobody who takes the answers, until the server has had enough. @param {Target} target @returns {Promise<End>} */
export async function deaf(target) {
  return timed(async () => {
    const socket = await deafSocket(target);
    const limit = STALLED_MS + 10_000;
    // What was received before the end is never read: the end shows when the client writes.
    const probing = setInterval(() => socket.write(' '), 1000);
    const ended = await Promise.race([
      closed(socket).then(() => true),
      setTimeout(limit, false, { ref: false }),
    ]);
    clearInterval(probing);
    socket.destroy();
    return ended ? [] : [`a client who reads nothing was still connected after ${limit / 1000} s`];
  });
}

/** The same, but the client itself goes away before. @param {Target} target @returns {Promise<End>} */
export async function deafForAMoment(target) {
  return timed(async () => {
    const socket = await deafSocket(target);
    await setTimeout(DEAF_FOR_MS);
    socket.destroy();
    return [];
  });
}

/** @type {Map<(target: Target) => Promise<End>, string>} */
export const NAMES = new Map([
  [slowHeaders, 'slow senders of headers'],
  [slowBody, 'slow senders of a body'],
  [halfClosed, 'half-closed connections'],
  [halfARequest, 'halves of a request'],
  [resetInMidCall, 'threefold resets in mid-call'],
  [deaf, 'readers of nothing'],
  [deafForAMoment, 'readers of nothing who go away'],
]);

/** @param {Target} target @param {string} beginning @param {number} limitMs @returns {Promise<End>} */
async function drip(target, beginning, limitMs) {
  return timed(async () => {
    const socket = await open(target);
    socket.resume();
    socket.write(beginning);
    const dripping = setInterval(() => socket.write('1'), PACE_MS);
    const limit = limitMs + GRACE_MS;
    const ended = await Promise.race([
      closed(socket).then(() => true),
      setTimeout(limit, false, { ref: false }),
    ]);
    clearInterval(dripping);
    socket.destroy();
    return ended ? [] : [`a slow sender was still listened to after ${limit / 1000} s`];
  });
}

/** @param {Target} target */
async function deafSocket(target) {
  const socket = await open(target);
  socket.pause();
  for (let n = 0; n < DEAF_REQUESTS; n += 1) socket.write(request(target.address));
  return socket;
}

/** @param {Target} target */
async function open({ port }) {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** @param {net.Socket} socket */
async function closed(socket) {
  if (socket.destroyed) return;
  // The server's end is the end: what the client has left to say is of no interest.
  socket.once('end', () => socket.destroy());
  // Not events.once, which would take a reset for a failure of its own.
  await new Promise((resolve) => socket.once('close', resolve));
}

/** @param {string} address @param {number} length of the body */
function head(address, length) {
  return [
    'POST /mcp HTTP/1.1',
    'Host: localhost',
    'Content-Type: application/json',
    'Accept: application/json, text/event-stream',
    `X-Forwarded-For: ${address}`,
    `Content-Length: ${length}`,
    '\r\n',
  ].join('\r\n');
}

/** @param {string} address */
function request(address, body = BODY) {
  return head(address, body.length) + body;
}

/** @param {() => Promise<string[]>} attack @returns {Promise<End>} */
async function timed(attack) {
  const start = performance.now();
  const problems = await attack();
  return { ms: performance.now() - start, problems };
}
