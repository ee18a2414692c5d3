/** The result of one check: passed, a warning, or a fault that keeps Steward from serving. */
export interface Finding {
  level: 'ok' | 'warning' | 'problem';
  text: string;
  remedy?: string;
}

const MARKS = { ok: '  ok ', warning: ' warn', problem: ' FAIL' };

/** Prints a finding; a problem makes the exit code 1. */
export function report({ level, text, remedy }: Finding): void {
  process.stdout.write(`${MARKS[level]}  ${text}\n`);
  if (remedy) process.stdout.write(`       → ${remedy}\n`);
  if (level === 'problem') process.exitCode = 1;
}
