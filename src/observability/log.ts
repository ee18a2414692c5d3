import { Writable } from 'node:stream';
import { inspect } from 'node:util';
import winston from 'winston';

export type Log = winston.Logger;

export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;

type LogLevel = (typeof LOG_LEVELS)[number];

/** Also in percent-encoding, and the user:password@host of a URL. */
const EMAIL = /[^\s@"'`()<>=:,/\\]{1,64}(?:@|%40)[^\s@"'`()<>=:,/\\]{1,255}/gi;

/**
 * A logger that writes one JSON object a line to stderr at every level: over stdio, stdout carries JSON-RPC and
 * nothing else. Every text that looks like an email is masked: PostgreSQL, too, repeats values in its
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
    transports: [new winston.transports.Stream({ stream: collect(process.stderr) })],
  });
}

/** The largest atomic write to a pipe (POSIX, PIPE_BUF on Linux), in bytes. */
const ONE_PIECE_BYTES = 4096;

/**
 * Hands lines on together, once the work of the moment is done: no answer waits for its line in the log, and many
 * calls take few writes. What is left when the process ends is written then, unless it is killed.
 */
function collect(target: NodeJS.WriteStream): Writable {
  let lines: string[] = [];
  const flush = () => {
    let piece = '';
    for (const line of lines) {
      if (piece !== '' && Buffer.byteLength(piece) + Buffer.byteLength(line) > ONE_PIECE_BYTES) {
        target.write(piece);
        piece = '';
      }
      piece += line;
    }
    if (piece !== '') target.write(piece);
    lines = [];
  };
  process.on('exit', flush);
  return new Writable({
    decodeStrings: false,
    write(line: string, _encoding, done) {
      if (lines.length === 0) setImmediate(flush);
      lines.push(line);
      done();
    },
  });
}

/** An error's own words and those of its causes, for the log only: they may name hosts, tables and paths. */
export function describeError(error: unknown, depth = 5): string {
  if (!(error instanceof Error)) return inspect(error, { depth: 2, breakLength: Infinity });
  const own = `${error.name}: ${error.message}`;
  if (error.cause === undefined || depth === 1) return own;
  return `${own} <- ${describeError(error.cause, depth - 1)}`;
}
