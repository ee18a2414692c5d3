import { isDeepStrictEqual } from 'node:util';
import { isObject } from '../../json-object.js';
import type { ClientEntry } from '../client-entry.js';
import type { Client } from './clients.js';
import { jsonText } from './json-text.js';
import { Problem } from './problem.js';
import type { Syntax } from './syntax.js';
import { TOML_TEXT } from './toml-text.js';
import { hasValue, listLeaves, valueAt, withoutValue, withValue } from './values.js';

const SYNTAX: Record<Client['format'], Syntax> = {
  json: jsonText('json'),
  jsonc: jsonText('jsonc'),
  toml: TOML_TEXT,
};
const BYTE_ORDER_MARK = '\uFEFF';
const CONFIGURATION = 'STEWARD_CONFIG';
/** What is shown of an entry that is there. */
const SHOWN = ['command', 'type', `env.${CONFIGURATION}`];
const UNEDITABLE = 'its text cannot be edited without changing more. Change it by hand';

/** What is to be in a client's file under a name; undefined, nothing. */
export interface Wish {
  name: string;
  entry: ClientEntry | undefined;
}

/** What a wish changes of a text. */
export interface Change {
  /** All of it, changed. */
  text: string;
  /** The values that go and those that come, a line each; empty: nothing changes. */
  difference: string[];
}

/** One value that is set, or taken out where it is undefined. */
type Step = [keys: string[], value: unknown];

/**
 * Changes the text of a client's file. An entry that is there keeps what is not Steward's: other variables, and what a
 * client notes in it.
 * @param text undefined: there is no file
 * @throws Problem with the place in the file
 */
export function planChange(client: Client, text: string | undefined, { name, entry }: Wish): Change {
  const syntax = SYNTAX[client.format];
  const mark = text?.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK : '';
  const given = (text ?? '').slice(mark.length);
  const before = given.trim() === '' && client.format !== 'toml' ? '{}' : given;
  const start = syntax.read(before);
  const keys = [client.servers, name];
  const steps = entry ? listSteps(client, start, keys, entry) : hasValue(start, keys) ? [without(keys)] : [];
  if (steps.length === 0) return { text: text ?? '', difference: [] };
  let after = before;
  let wished = start;
  for (const [path, value] of steps) {
    after = value === undefined ? syntax.remove(after, path) : syntax.set(after, path, value);
    wished = value === undefined ? withoutValue(wished, path) : withValue(wished, path, value);
  }
  assertEqual(readAgain(syntax, after), wished, [...keys, 'env']);
  if (before !== given) after += '\n';
  return { text: mark + after, difference: describe(keys, valueAt(start, keys), valueAt(wished, keys)) };
}

const without = (keys: string[]): Step => [keys, undefined];

function listSteps(client: Client, start: unknown, keys: string[], entry: ClientEntry): Step[] {
  const there = valueAt(start, keys);
  const { env, ...others } = { ...client.extra, ...entry };
  if (there === undefined) return [[keys, env ? { ...others, env } : others]];
  if (!isObject(there) || typeof there['command'] !== 'string')
    throw new Problem(
      'OTHER_ENTRY',
      `the server "${keys.at(-1)}" there is not started by a command. Take it out, or give --name`,
    );
  const wanted: Step[] = listLeaves({ ...others, ...(env && { env }) }).map(([path, value]) => [path, value]);
  const ofDirectory: Step[] = [[['env', CONFIGURATION], undefined]];
  return [...wanted, ...(env ? [] : ofDirectory)]
    .filter(([path, value]) => !isDeepStrictEqual(valueAt(there, path), value))
    .map(([path, value]) => [[...keys, ...path], value]);
}

/** The difference of an entry. Of what was there, anything else than SHOWN may hold a password. */
function describe(keys: string[], before: unknown, after: unknown): string[] {
  return [
    ...listChanged(before, after).map((leaf) => `- ${showLeaf(keys, leaf, SHOWN)}`),
    ...listChanged(after, before).map((leaf) => `+ ${showLeaf(keys, leaf, [...SHOWN, 'args'])}`),
  ];
}

/** The leaves of one that the other does not have. */
function listChanged(one: unknown, other: unknown): [keys: string[], value: unknown][] {
  return listLeaves(one).filter(([path, value]) => !isDeepStrictEqual(valueAt(other, path), value));
}

function showLeaf(keys: string[], [path, value]: [string[], unknown], shown: readonly string[]): string {
  const text = shown.includes(path.join('.')) ? JSON.stringify(value) : '…';
  return `${[...keys, ...path].join('.')} = ${text}`;
}

/** Only what was wished may have changed. @param keys of what may be empty now */
function assertEqual(read: Record<string, unknown>, wished: Record<string, unknown>, keys: string[]): void {
  // Parsers differ in the prototypes of their objects, and TOML has no table that holds nothing but a removed one.
  const [a, b] = [read, wished].map((value) => structuredClone(withoutEmpty(value, keys)));
  if (!isDeepStrictEqual(a, b)) throw new Problem('NOT_WRITTEN', UNEDITABLE);
}

function withoutEmpty(value: Record<string, unknown>, keys: string[]): Record<string, unknown> {
  return keys.reduceRight((whole, _, index) => {
    const path = keys.slice(0, index + 1);
    const inner = valueAt(whole, path);
    return isObject(inner) && Object.keys(inner).length === 0 ? withoutValue(whole, path) : whole;
  }, value);
}

function readAgain(syntax: Syntax, text: string): Record<string, unknown> {
  try {
    return syntax.read(text);
  } catch (error) {
    throw new Problem('NOT_WRITTEN', UNEDITABLE, error);
  }
}
