import { isObject } from '../../json-object.js';

/** What is at a path of keys; undefined where a part of it is not there. */
export function valueAt(value: unknown, keys: readonly string[]): unknown {
  const [key, ...rest] = keys;
  if (key === undefined) return value;
  return isObject(value) && Object.hasOwn(value, key) ? valueAt(value[key], rest) : undefined;
}

export const hasValue = (value: unknown, keys: readonly string[]): boolean =>
  valueAt(value, keys) !== undefined;

/** A copy with another value at a path of keys. */
export function withValue(
  object: Record<string, unknown>,
  keys: readonly string[],
  value: unknown,
): Record<string, unknown> {
  const [key = '', ...rest] = keys;
  const inner = valueAt(object, [key]);
  return {
    ...object,
    [key]: rest.length === 0 ? value : withValue(isObject(inner) ? inner : {}, rest, value),
  };
}

/** A copy without what is at a path of keys. */
export function withoutValue(
  object: Record<string, unknown>,
  keys: readonly string[],
): Record<string, unknown> {
  const [key = '', ...rest] = keys;
  const { [key]: inner, ...others } = object;
  return isObject(inner) && rest.length > 0 ? { ...object, [key]: withoutValue(inner, rest) } : others;
}

/** The values that hold no others, by their paths. */
export function listLeaves(value: unknown, keys: readonly string[] = []): [keys: string[], value: unknown][] {
  if (!isObject(value)) return value === undefined ? [] : [[[...keys], value]];
  return Object.entries(value).flatMap(([key, inner]) => listLeaves(inner, [...keys, key]));
}

export function beginsWith(keys: readonly string[], start: readonly string[]): boolean {
  return start.every((key, index) => keys[index] === key);
}
