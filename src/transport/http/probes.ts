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
