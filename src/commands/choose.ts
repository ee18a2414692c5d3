import { confirm, isCancel, multiselect } from '@clack/prompts';
import { OperatorError } from '../errors.js';

/** What to choose from, with a reason or a description beside it. */
export interface Choice {
  name: string;
  hint?: string | undefined;
  chosen?: boolean;
}

const MOST_LINES = 20;

/** Without a terminal flags have to say it. */
export const canAsk = (): boolean => process.stdin.isTTY && process.stdout.isTTY;

/**
 * Lets a person choose some of the names.
 * @param unwritten what is said of the work when they end it
 * @throws OperatorError when they end it
 */
export async function choose(
  message: string,
  choices: readonly Choice[],
  unwritten: string,
): Promise<string[]> {
  const answer = await multiselect({
    message,
    options: choices.map(({ name, hint }) => ({ value: name, label: name, ...(hint ? { hint } : {}) })),
    initialValues: choices.filter(({ chosen }) => chosen).map(({ name }) => name),
    required: false,
    maxItems: MOST_LINES,
  });
  return isCancel(answer) ? end(unwritten) : answer;
}

/** As choose. */
export async function agree(message: string, unwritten: string): Promise<boolean> {
  const answer = await confirm({ message });
  return isCancel(answer) ? end(unwritten) : answer;
}

function end(unwritten: string): never {
  throw new OperatorError(`Ended. ${unwritten}`);
}
