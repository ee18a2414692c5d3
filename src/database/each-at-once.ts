/** A disk writes what several ask for in one go. */
const AT_ONCE = 8;

/** Does the work for each item, for some of them at once. */
export async function eachAtOnce<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  const workOnRest = async () => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, workOnRest));
}
