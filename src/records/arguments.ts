import { z } from 'zod';
import { refuse } from './argument.js';

/**
 * An argument of flat text, which every client passes on unharmed. A list or an object of the same parts is taken, too; the
 * published schema does not say so, since a choice of types is what some clients and models trip over.
 */
export const flatText = (description: string) =>
  z
    .unknown()
    .refine((value) => typeof value === 'string' || (typeof value === 'object' && value !== null), {
      message: 'must be text',
    })
    .meta({ type: 'string', description });

/** The same, where only a list of texts makes sense. @throws StewardError VALIDATION */
export function asList(value: unknown, argument: string): string | string[] | undefined {
  if (value === undefined || typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((part) => typeof part === 'string')) return value;
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

/** PostgreSQL reads `UTC+2` backwards, and takes `FOO3` for a zone: names of the IANA database only. */
function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z_]+(\/[A-Za-z0-9_+-]+)*$/.test(name)) return false;
  try {
    return Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
