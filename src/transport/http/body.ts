import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpRefusal } from './refusal.js';

/**
 * The body of a request as text. A sender who says or turns out to send more than `limit` bytes is refused at once, and
 * nothing more is read of it.
 * @throws HttpRefusal 413, or 400 where the sender went away half-way
 */
export function readBody(request: IncomingMessage, response: ServerResponse, limit: number): Promise<string> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return Promise.reject(tooLarge(limit));
  return new Promise((resolve, reject) => {
    const endedHalfWay = () => reject(new HttpRefusal(400, 'The request ended half-way.'));
    // A client that left during admission emits no further event.
    if (request.destroyed) return endedHalfWay();
    if (request.headers.expect !== undefined && request.httpVersion !== '1.0') response.writeContinue();
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= limit) chunks.push(chunk);
      else {
        request.pause();
        reject(tooLarge(limit));
      }
    });
    request.on('end', () => {
      request.off('close', endedHalfWay);
      resolve(Buffer.concat(chunks).toString('utf8'));
    });
    request.on('error', endedHalfWay);
    request.on('close', endedHalfWay);
  });
}

function tooLarge(limit: number): HttpRefusal {
  return new HttpRefusal(413, `Requests of more than ${limit} bytes are not read.`, {
    // The rest of the body would be taken for the next request.
    headers: { connection: 'close' },
  });
}
