/**
 * Does the work once for each object, and remembers the result as long as the object is alive. What the directory keeps
 * is the same object each time, so what is made of it need not be made again. Nobody may change either of them.
 */
export function oncePerObject<Source extends object, Result>(
  work: (source: Source) => Result,
): (source: Source) => Result {
  const results = new WeakMap<Source, Result>();
  return (source) => {
    let result = results.get(source);
    if (result === undefined) {
      result = work(source);
      results.set(source, result);
    }
    return result;
  };
}
