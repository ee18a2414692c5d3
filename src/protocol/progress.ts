import type { Result } from '@modelcontextprotocol/sdk/types.js';
import type { Request } from './method.js';

const EVERY_MS = 1000;

/**
 * Does the work of a request, and tells a client that gave a token how many seconds that has taken: each second, from the
 * first on, and nothing after the end (specification 2026-07-28, basic/patterns/progress; 2025-11-25,
 * basic/utilities/progress). How long it will take is not known, so there is no total. A message with a token that is
 * neither text nor a whole number is not read as one.
 * @param deadlineMs after which the guard gives the work up
 */
export async function withProgress(
  { _meta: meta }: Record<string, unknown>,
  { notify }: Request,
  deadlineMs: number,
  work: () => Promise<Result>,
): Promise<Result> {
  const { progressToken } = Object(meta);
  if (progressToken === undefined || !notify) return work();
  const began = performance.now();
  let progress = 0;
  const timer = setInterval(() => {
    const seconds = Math.round((performance.now() - began) / 1000);
    // It must increase, also where the timer was late.
    if (seconds <= progress) return;
    progress = seconds;
    const message = `Under way for ${seconds} s; given up after ${deadlineMs / 1000} s.`;
    notify('notifications/progress', { progressToken, progress, message });
  }, EVERY_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
