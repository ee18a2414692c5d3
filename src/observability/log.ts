import { inspect } from 'node:util';
import winston from 'winston';
import { toVisibleJson } from '../visible-text.js';

export type Log = winston.Logger;

export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;

type LogLevel = (typeof LOG_LEVELS)[number];

/** Also in percent-encoding, and the user:password@host of a URL. */
const EMAIL = /[^\s@"'`()<>=:,/\\]{1,64}(?:@|%40)[^\s@"'`()<>=:,/\\]{1,255}/gi;

/**
 * A logger that writes one JSON object a line to stderr at every level: over stdio, stdout carries JSON-RPC and
 * nothing else. Every text that looks like an email is masked: PostgreSQL, too, repeats values in its
 * messages. What a terminal would obey or not show is escaped.
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
      printf((info) => toVisibleJson(info, maskEmails)),
    ),
    transports: [new winston.transports.Stream({ stream: process.stderr })],
  });
}

/** Before it is JSON: an escape beside an email would be taken for a part of it. */
function maskEmails(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.replace(EMAIL, '[email]') : value;
}

/** An error's own words and those of its causes, for the log only: they may name hosts, tables and paths. */
export function describeError(error: unknown, depth = 5): string {
  if (!(error instanceof Error)) return inspect(error, { depth: 2, breakLength: Infinity });
  const own = `${error.name}: ${error.message}`;
  if (error.cause === undefined || depth === 1) return own;
  return `${own} <- ${describeError(error.cause, depth - 1)}`;
}
