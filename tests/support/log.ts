import { eventually } from './eventually.js';

export type LogLine = Record<string, unknown> & { message: string; level: string };

/** A process that logs to stderr. */
interface Logging {
  log(): LogLine[];
  stderr(): string;
}

/** The lines of a log that were written to their end, parsed. */
export function parseLog(stderr: string): LogLine[] {
  return wholeLines(stderr).map((line) => JSON.parse(line) as LogLine);
}

const wholeLines = (stderr: string) => stderr.split('\n').slice(0, -1).filter(Boolean);

/** Waits for a line that says this, and its end: log and answers come by different roads. */
export async function told(by: Pick<Logging, 'stderr'>, text: string): Promise<void> {
  await eventually(() => wholeLines(by.stderr()).some((line) => line.includes(text))).catch(() => {
    throw new Error(`The log does not say "${text}":\n${by.stderr()}`);
  });
}

/** The lines with this message so far. */
export const linesOf = (by: Logging, message: string): LogLine[] =>
  by.log().filter((line) => line.message === message);

/** The lines with this message, as soon as there are so many. */
export async function logged(by: Logging, message: string, count: number): Promise<LogLine[]> {
  await eventually(() => linesOf(by, message).length >= count).catch(() => {
    throw new Error(`There are no ${count} lines "${message}":\n${by.stderr()}`);
  });
  return linesOf(by, message);
}
