/** The exit code that a shell reports after SIGPIPE; Node.js ignores that signal. */
const ENDED_BY_SIGPIPE = 128 + 13;

/**
 * For commands that print: a reader of their output may close it early, as `head` does. That ends the command as it
 * ends any other program, without a complaint.
 */
export function endWithOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(ENDED_BY_SIGPIPE);
  });
}
