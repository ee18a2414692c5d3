import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Metrics } from '../../observability/metrics.js';
import { HttpRefusal } from './refusal.js';
import { reply } from './reply.js';
import type { Route } from './server.js';

/** Answers as long as the process does: whether to restart it. */
export function healthRoute(version: string): Route {
  return {
    method: 'GET',
    aside: true,
    handle: async (_request, response) => reply(response, 200, { status: 'ok', version }),
  };
}

/** Whether this process can serve calls now: whether to send it any. Once it is stopping, it never can. */
export function readyRoute(
  readiness: () => Promise<{ ready: boolean; checks: object }>,
  stopping: AbortSignal,
): Route {
  return {
    method: 'GET',
    aside: true,
    async handle(_request, response) {
      if (stopping.aborted) return reply(response, 503, { status: 'stopping' });
      const { ready, checks } = await readiness();
      reply(response, ready ? 200 : 503, { status: ready ? 'ready' : 'not ready', checks });
    },
  };
}

/** For Prometheus, which has to bring a token of its own. */
export function metricsRoute(token: string, metrics: Metrics): Route {
  return {
    method: 'GET',
    aside: true,
    async handle(request, response) {
      if (!hasToken(request, token)) {
        throw new HttpRefusal(401, 'Metrics need the token of METRICS_TOKEN.', {
          headers: { 'www-authenticate': 'Bearer realm="metrics"' },
        });
      }
      const { contentType, body } = await metrics.exposition();
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
