/** @template Key, Value @param {(key: Key) => Value} make @returns {(key: Key) => Value} what makes each value once */
export function remembering(make) {
  /** @type {Map<Key, Value>} */
  const made = new Map();
  return (key) => {
    const value = made.get(key) ?? make(key);
    made.set(key, value);
    return value;
  };
}
