import { replaceInexact } from '../capability/exact-json.js';
import { StewardError } from '../errors.js';

/** Where it stands in the text of an argument, from 1; absent in an argument that is no text. */
export interface Place {
  at: number | undefined;
}

/** A name, or several that lead over relations. */
export interface Path extends Place {
  segments: readonly string[];
}

/** Of a path, beyond its last name. */
export const MOST_RELATIONS = 3;

/** @param argument the name of the argument that is wrong */
export function refuse(message: string, { at }: Place, argument: string): never {
  throw new StewardError(
    'VALIDATION',
    `${argument}: ${message}${at === undefined ? '' : ` (at character ${at})`}`,
  );
}

/** Reads a path such as customer.country; a name in backticks may hold any character. */
export function splitPath(text: string, at?: number): Path {
  const segments = [...text.matchAll(/`([^`]*)`|[^.`]+/g)].map(([bare, quoted]) => quoted ?? bare);
  return { segments, at };
}

const KEYWORDS = new Set(
  'and or not in is null contains starts ends with has some none every asc desc'.split(' '),
);

/** A name as it is written in a filter: in backticks where it would read as something else. */
export function writeName(name: string): string {
  return KEYWORDS.has(name.toLowerCase()) || !/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name) ? `\`${name}\`` : name;
}

const LONGEST_LIST = 2000;

/**
 * Reads a list such as `id, customer.name`: text with commas, an array, or such an array as JSON in text. Commas in
 * brackets and quotes do not separate.
 * @throws StewardError VALIDATION
 */
export function splitList(value: string | readonly string[], argument: string): string[] {
  if (typeof value !== 'string') return value.map((part) => part.trim()).filter((part) => part !== '');
  const text = value.trim();
  const nowhere = { at: undefined };
  if (text.length > LONGEST_LIST) refuse(`At most ${LONGEST_LIST} characters are read.`, nowhere, argument);
  if (text.startsWith('[')) {
    const list = parseJson(text, argument);
    if (Array.isArray(list) && list.every((part) => typeof part === 'string'))
      return splitList(list, argument);
    refuse('As JSON it must be a list of texts.', nowhere, argument);
  }
  const parts = text.match(/(?:'(?:[^']|'')*'|"[^"]*"|`[^`]*`|\((?:'(?:[^']|'')*'|[^()'])*\)|[^,])+/g) ?? [];
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

/** @throws StewardError VALIDATION for text that is no JSON */
export function parseJson(text: string, argument: string): unknown {
  try {
    JSON.parse(text);
  } catch {
    return refuse('It begins as JSON does, and is none.', { at: undefined }, argument);
  }
  // A value is read by its column's type, whether it is quoted or not.
  return JSON.parse(replaceInexact(text, (digits) => JSON.stringify(digits))) as unknown;
}
