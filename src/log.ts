import winston from 'winston';

export type Log = winston.Logger;

export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;

type LogLevel = (typeof LOG_LEVELS)[number];

/** Also in percent-encoding, and the user:password@host of a URL. */
const EMAIL = /[^\s@"'`()<>=:,/\\]{1,64}(?:@|%40)[^\s@"'`()<>=:,/\\]{1,255}/gi;

/**
 * A logger that writes one JSON object a line to stderr, whatever the level: over stdio, stdout carries JSON-RPC and
 * nothing else. Whatever looks like an email is masked, wherever it stands: PostgreSQL, too, repeats values in its
 * messages.
 */
export function createLog(level: LogLevel | 'silent'): Log {
  // A client that closes our stderr takes the log with it, not the server.
  process.stderr.on('error', () => {});
  const { combine, timestamp, printf } = winston.format;
  return winston.createLogger({
    level: level === 'silent' ? 'error' : level,
    silent: level === 'silent',
    format: combine(
      timestamp(),
      printf((info) => JSON.stringify(info).replace(EMAIL, '[email]')),
    ),
    transports: [new winston.transports.Console({ stderrLevels: [...LOG_LEVELS] })],
  });
}

/** An error's own words and those of its causes, for the log only: they may name hosts, tables and paths. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  for (
    let at: unknown = error;
    at !== undefined && parts.length < 5;
    at = at instanceof Error ? at.cause : undefined
  ) {
    parts.push(at instanceof Error ? `${at.name}: ${at.message}` : JSON.stringify(at));
  }
  return parts.join(' <- ');
}
