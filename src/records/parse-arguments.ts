import { parseFilter } from './filter/parse-filter.js';
import type { Filter } from './filter/syntax.js';
import { parseKey, type KeyPart } from './plan/key.js';

/** The arguments that hold values of fields, as they were written. */
interface Written {
  filter?: unknown;
  having?: unknown;
  key?: unknown;
}

/** The same, parsed: no name is looked up yet, and no value is read as a type. */
export interface Parsed {
  filter: Filter | undefined;
  having: Filter | undefined;
  key: readonly KeyPart[];
}

/** @throws StewardError VALIDATION */
export function parseArguments<Input extends Written>(input: Input): Omit<Input, keyof Written> & Parsed {
  const { filter, having, key } = input;
  return {
    ...input,
    filter: parseFilter(filter, 'filter'),
    having: parseFilter(having, 'having'),
    key: key === undefined ? [] : parseKey(key),
  };
}
