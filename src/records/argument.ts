import { parseWithTextNumbers } from '../exact-json.js';
import { StewardError } from '../errors.js';

/** Where it stands in the text of an argument, from 1; absent in an argument that is no text. */
export interface Place {
  at: number | undefined;
  /** The parameter that a value was given as; errors name it instead of the argument it stands in. */
  parameter?: string;
}

/** A name, or several that lead over relations. */
export interface Path extends Place {
  segments: readonly string[];
}

/** Of a path, beyond its last name. */
export const MOST_RELATIONS = 3;

/** @param argument the name of the argument that is wrong */
export function refuse(message: string, { at, parameter }: Place, argument: string): never {
  throw new StewardError(
    'VALIDATION',
    `${parameter ?? argument}: ${message}${at === undefined ? '' : ` (at character ${at})`}`,
  );
}

/**
 * Reads a path such as customer.country; a name in backticks may hold any character.
 * @returns no segments for what is no path, such as `customer..country`
 */
export function splitPath(text: string, at?: number): Path {
  const names = [...text.matchAll(/`([^`]*)`|[^.`]+/g)];
  const isWhole = names.map(([written]) => written).join('.') === text;
  return { segments: isWhole ? names.map(([bare, quoted]) => quoted ?? bare) : [], at };
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
 * Reads a list such as `id, customer.name`: text with commas, or its parts. Commas in brackets and quotes do not separate.
 * @throws StewardError VALIDATION
 */
export function splitList(value: string | readonly string[], argument: string): string[] {
  const parts = typeof value === 'string' ? [value] : value;
  if (parts.reduce((sum, { length }) => sum + length, 0) > LONGEST_LIST)
    refuse(`At most ${LONGEST_LIST} characters are read.`, { at: undefined }, argument);
  return (typeof value === 'string' ? splitAtCommas(value) : value)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** A quote that is not closed is a character as any other. */
function splitAtCommas(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (/['"`]/.test(character)) at = Math.max(at, text.indexOf(character, at + 1));
    else if (character === '(') depth++;
    else if (character === ')') depth--;
    else if (character === ',' && depth <= 0) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...parts, text.slice(start)];
}

/** Reads `word(inner)`. @returns undefined for text of another form */
export function splitCall(text: string): { word: string; inner: string } | undefined {
  const open = text.indexOf('(');
  if (open === -1 || !text.endsWith(')')) return undefined;
  return { word: text.slice(0, open).trim(), inner: text.slice(open + 1, -1).trim() };
}

/** True for text that begins as a list or an object of JSON does. */
export function looksLikeJson(text: string): boolean {
  return /^\s*[[{]/.test(text);
}

const LONGEST_JSON = 20_000;

/** @throws StewardError VALIDATION for text that is no JSON */
export function parseJson(text: string, argument: string): unknown {
  if (text.length > LONGEST_JSON)
    refuse(`At most ${LONGEST_JSON} characters of JSON are read.`, { at: undefined }, argument);
  try {
    JSON.parse(text);
  } catch {
    return refuse('It begins as JSON does, and is none.', { at: undefined }, argument);
  }
  // A value is read by its column's type, whether it is quoted or not.
  return parseWithTextNumbers(text);
}
