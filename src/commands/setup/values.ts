import type { Value } from './syntax.js';

/** An object of a file of settings, by its keys. */
export function isObject(value: Value): value is Record<string, Value> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is at a path of keys; undefined where a part of it is not there. */
export function valueAt(value: Value, keys: readonly string[]): Value {
  const [key, ...rest] = keys;
  if (key === undefined) return value;
  return isObject(value) && Object.hasOwn(value, key) ? valueAt(value[key], rest) : undefined;
}

export const hasValue = (value: Value, keys: readonly string[]): boolean =>
  valueAt(value, keys) !== undefined;

/** A copy with another value at a path of keys. */
export function withValue(
  object: Record<string, Value>,
  keys: readonly string[],
  value: Value,
): Record<string, Value> {
  const [key = '', ...rest] = keys;
  const inner = valueAt(object, [key]);
  return {
    ...object,
    [key]: rest.length === 0 ? value : withValue(isObject(inner) ? inner : {}, rest, value),
  };
}

/** A copy without what is at a path of keys. */
export function withoutValue(object: Record<string, Value>, keys: readonly string[]): Record<string, Value> {
  const [key = '', ...rest] = keys;
  const { [key]: inner, ...others } = object;
  return isObject(inner) && rest.length > 0 ? { ...object, [key]: withoutValue(inner, rest) } : others;
}

/** The values that hold no others, by their paths. */
export function listLeaves(value: Value, keys: readonly string[] = []): [keys: string[], value: Value][] {
  if (!isObject(value)) return value === undefined ? [] : [[[...keys], value]];
  return Object.entries(value).flatMap(([key, inner]) => listLeaves(inner, [...keys, key]));
}

export function beginsWith(keys: readonly string[], start: readonly string[]): boolean {
  return start.every((key, index) => keys[index] === key);
}
