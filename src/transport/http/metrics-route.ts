import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { HttpRefusal } from './refusal.js';
import type { Route } from './server.js';

/** For Prometheus, which has to bring a token of its own. */
export function metricsRoute(
  token: string,
  exposition: () => Promise<{ contentType: string; body: string }>,
): Route {
  return {
    method: 'GET',
    aside: true,
    async handle(request, response) {
      if (!hasToken(request, token)) {
        throw new HttpRefusal(401, 'Metrics need the token of METRICS_TOKEN.', {
          headers: { 'www-authenticate': 'Bearer realm="metrics"' },
        });
      }
      const { contentType, body } = await exposition();
      response.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-store' });
      response.end(body);
    },
  };
}

/** Digests are of one length, which lets them be compared in constant time. */
function hasToken({ headers: { authorization = '' } }: IncomingMessage, token: string): boolean {
  const [, given = ''] = /^Bearer +(.*)$/i.exec(authorization) ?? [];
  return timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
