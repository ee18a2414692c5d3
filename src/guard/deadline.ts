import { StewardError } from '../errors.js';

/**
 * Runs work that has to answer within `ms` milliseconds. When time is up or the caller goes away, the signal handed to
 * the work is aborted and no caller waits for it any longer.
 * @throws StewardError TIMEOUT
 */
export async function beforeDeadline<Answer>(
  ms: number,
  caller: AbortSignal,
  work: (signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  const controller = new AbortController();
  let reject: (reason: StewardError) => void;
  const givenUp = new Promise<never>((_, refuse) => (reject = refuse));
  const giveUp = (message: string) => {
    reject(new StewardError('TIMEOUT', message));
    controller.abort();
  };
  const cancel = () => giveUp('The call was cancelled.');
  const timer = setTimeout(
    giveUp,
    ms,
    `No answer within ${ms / 1000} s. If this was a change, check first whether it was made; if a question, ask for less or try again in a few seconds.`,
  );
  caller.addEventListener('abort', cancel, { once: true });
  try {
    if (caller.aborted) cancel();
    return await Promise.race([work(controller.signal), givenUp]);
  } finally {
    clearTimeout(timer);
    caller.removeEventListener('abort', cancel);
  }
}
