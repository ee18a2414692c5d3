import net from 'node:net';
import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';

const GOOD_BODY = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
const LINES = [
  'POST /mcp HTTP/1.1',
  'POST /mcp HTTP/1.0',
  'POST /mcp HTTP/9.9',
  'POST /mcp',
  'post /mcp http/1.1',
  'GARBAGE',
  'POST  /mcp  HTTP/1.1',
  'GET http://evil.example.com/mcp HTTP/1.1',
  'CONNECT localhost:1 HTTP/1.1',
  'PRI * HTTP/2.0',
  '\x16\x03\x01\x02\x00',
  `POST /${'x'.repeat(20_000)} HTTP/1.1`,
];
const FIELDS = [
  'Host: localhost',
  'Host: localhost\r\nHost: other',
  'Content-Type: application/json',
  'Accept: application/json, text/event-stream',
  `Content-Length: ${GOOD_BODY.length}`,
  'Content-Length: 1\r\nContent-Length: 2',
  'Content-Length: -1',
  'Content-Length: 99999999999999999999',
  'Content-Length: 5000000',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: chunked, chunked',
  'Transfer-Encoding: gzip',
  'No colon here',
  ': no name',
  'X-Null: \0',
  ' X-Folded: a',
  'Upgrade: websocket\r\nConnection: Upgrade',
  'Expect: 100-continue',
  `X-Long: ${'y'.repeat(20_000)}`,
  'Connection: close',
];
const BODIES = [
  GOOD_BODY,
  '',
  `${GOOD_BODY.length.toString(16)}\r\n${GOOD_BODY}\r\n0\r\n\r\n`,
  'zz\r\nbroken\r\n',
  '\0\0\0\0',
  GOOD_BODY.repeat(3),
];

/** What is sent to a port where HTTP is spoken, byte by byte as it is. @type {fc.Arbitrary<string>} */
export const rawRequests = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .record({
        line: fc.constantFrom(...LINES),
        fields: fc.subarray(FIELDS),
        body: fc.constantFrom(...BODIES),
      })
      .map(({ line, fields, body }) => `${[line, ...fields].join('\r\n')}\r\n\r\n${body}`),
  },
  {
    weight: 1,
    arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  },
);

const PATIENCE_MS = 5000;

/**
 * Sends text and then says no more.
 * @param {number} port @param {string} text
 * @returns {Promise<string | undefined>} all that was answered until the server hung up; undefined where it did not
 */
export async function sendRaw(port, text) {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  let answer = '';
  socket.on('error', () => {});
  socket.setEncoding('latin1').on('data', (chunk) => (answer += chunk));
  // A close without an end is one, too.
  const over = new Promise((resolve) => socket.once('end', resolve).once('close', resolve));
  socket.write(text, 'latin1');
  // Who says no more at once is taken for gone: the answer comes first.
  const begun = new Promise((resolve) => socket.once('data', resolve));
  await Promise.race([begun, over, setTimeout(50)]);
  socket.end();
  const hungUp = await Promise.race([over.then(() => true), setTimeout(PATIENCE_MS, false, { ref: false })]);
  socket.destroy();
  return hungUp ? answer : undefined;
}
