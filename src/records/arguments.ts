import { z } from 'zod';
import { looksLikeJson, parseJson, refuse } from './argument.js';

/**
 * An argument of flat text, which every client passes on unharmed. A list or an object of the same parts is taken, too; the
 * published schema does not say so, since a choice of types is what some clients and models trip over.
 */
export const flatText = (description: string) => acceptAsText(description, ['string', 'object']);

/** The same, where a number says all: `17`. */
export const flatTextOrNumber = (description: string) =>
  acceptAsText(description, ['string', 'object', 'number']);

function acceptAsText(description: string, types: readonly string[]) {
  return z
    .unknown()
    .refine((value) => value !== null && types.includes(typeof value), { message: 'must be text' })
    .meta({ type: 'string', description });
}

/**
 * The same parts as flat text or as a list. An object of JSON is read by its members: `{"placedAt": "desc"}` says
 * `placedAt desc`, and `{"items": ["qty"]}` says `items(qty)`.
 * @throws StewardError VALIDATION
 */
export function asList(value: unknown, argument: string): string | string[] | undefined {
  if (typeof value === 'string')
    return looksLikeJson(value) ? asList(parseJson(value, argument), argument) : value;
  if (value === undefined) return undefined;
  return (Array.isArray(value) ? value : [value]).flatMap((part: unknown) => {
    if (typeof part === 'string') return part;
    const members = typeof part === 'object' && part !== null ? Object.entries(part) : [['', null]];
    return members.map(([name, of]) => writePart(String(name), of) ?? refuseList(argument));
  });
}

function writePart(name: string, of: unknown): string | undefined {
  if (of === true) return name;
  if (typeof of === 'string') return /^(asc|desc)$/i.test(of) ? `${name} ${of}` : `${name}(${of})`;
  return Array.isArray(of) && of.every((part) => typeof part === 'string')
    ? `${name}(${of.join()})`
    : undefined;
}

function refuseList(argument: string): never {
  return refuse('must be text, or a list of texts.', { at: undefined }, argument);
}

export const modelName = z.string().min(1).max(200).describe('Name from describe_models');

export const filterText = flatText(
  'status = PAID and (total >= 9.5 or note is null) and customer.country in (DE, FR) and items some (qty > 2) and placedAt >= now-7d. Operators: = != < <= > >=, in, contains, starts with, ends with, has, is null, not, and, or; relations to many: some none every',
);

export const fieldList = flatText('id, customer.name');

export const includeList = flatText('Related records, 10 a row: items(qty, product.name)');

export const timeZone = z
  .string()
  .max(60)
  .refine(isTimeZone, { message: 'must be an IANA name such as Europe/Berlin' })
  .describe('IANA zone of days and hours');

/**
 * PostgreSQL reads `UTC+2` backwards, takes `FOO3` for a zone, and by an abbreviation such as CET or IST means another
 * zone than the IANA database does: names of places only, and UTC.
 */
function isTimeZone(name: string): boolean {
  if (!/^(UTC|GMT|[a-z_]+(\/[a-z0-9_+-]+)+)$/i.test(name)) return false;
  try {
    return Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
