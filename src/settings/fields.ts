import net from 'node:net';
import path from 'node:path';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { readPostgresUrl } from './postgres-url.js';

export const MINUTE = 60_000;

/** A whole number, in milliseconds where its variable's name ends in `_MS`. */
export const wholeNumber = (range: { min: number; max: number; default: number }, description: string) =>
  z
    .string()
    .regex(/^\d{1,12}$/, 'must be a whole number')
    .transform(Number)
    .pipe(
      z
        .number()
        .min(range.min, `must be at least ${range.min}`)
        .max(range.max, `must be at most ${range.max}`),
    )
    .default(range.default)
    .describe(description);

/** An address, a network in CIDR notation, or a name that the library for proxies has for one. */
export function isNetwork(text: string): boolean {
  if (/^(loopback|linklocal|uniquelocal)$/.test(text)) return true;
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = net.isIP(address);
  // A network of all addresses would trust every client.
  return version !== 0 && Number(bits ?? 1) >= 1 && Number(bits ?? 1) <= (version === 4 ? 32 : 128);
}

/** A name or an address as it stands in a Host header, without a port. */
export function isHost(text: string): boolean {
  return /^[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?$/i.test(text) || /^\[[0-9a-f:.]+\]$/i.test(text);
}

/** Whether only this machine can reach the host: an address, also in a URL's brackets, or `localhost`. */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^\[(.*)\]$/, '$1');
  if (!ipaddr.isValid(address)) return address === 'localhost';
  return ipaddr.process(address).range() === 'loopback';
}

/**
 * An origin as a browser writes it: scheme, host and a port other than the scheme's own. Applications and extensions have
 * schemes of their own, for which the URL standard knows no origin (section 4.7).
 */
export function isOrigin(text: string): boolean {
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@\\*]+$/i.test(text) || !URL.canParse(text)) return false;
  const { origin } = new URL(text);
  return origin === 'null' || origin === text.toLowerCase();
}

/** On or off. */
export const flag = (description: string) =>
  z
    .enum(['0', '1', 'true', 'false'], 'must be 1 or 0')
    .default('0')
    .transform((text) => text === '1' || text === 'true')
    .describe(description);

/** Values separated by commas. */
export const list = (description: string) =>
  z.string().default('').transform(separated).describe(description);

export function separated(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);
}

/** Data that decides access must not be changed on its way: https, except on this machine. */
export const secureUrl = () =>
  z.string().refine((text) => {
    if (!URL.canParse(text)) return false;
    const { protocol, hostname, username, password, hash } = new URL(text);
    const secure = protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
    return secure && username + password + hash === '';
  }, 'must be an https:// URL (http:// on a loopback address only), without user, password or fragment');

/** Signatures that are checked with a public key; with the others, every verifier could also sign (RFC 8725, section 3.1). */
export const ALGORITHMS = 'RS256,RS384,RS512,PS256,PS384,PS512,ES256,ES384,ES512,EdDSA,Ed25519'.split(',');

export const webAddress = (description: string) =>
  z
    .string()
    .regex(/^https?:\/\//, 'must start with http:// or https://')
    .refine((url) => URL.canParse(url), 'is not a valid URL')
    .optional()
    .describe(description);

/** An address of a database, as node-postgres takes it. */
export const POSTGRES_URL = z.string().transform((text, context) => {
  const read = readPostgresUrl(text);
  if ('url' in read) return read.url;
  context.issues.push({ code: 'custom', message: read.problem, input: text });
  return z.NEVER;
});

export const absolutePath = (description: string) =>
  z
    .string()
    .refine((file) => path.isAbsolute(file), 'must be an absolute path')
    .optional()
    .describe(description);
