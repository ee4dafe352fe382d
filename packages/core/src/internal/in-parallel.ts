/** Requests to a server, or files of a disk: more at once hardly helps, and needs sockets or handles. */
const AT_ONCE = 16;

/**
 * Does something for each item, 16 at once.
 *
 * @returns the results in the order of the items.
 * @throws the first failure: nothing more is begun after it, and what has begun is done by then.
 */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const failures: unknown[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length && failures.length === 0) {
      const index = next++;
      try {
        results[index] = await work(items[index] as Item);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  if (failures.length > 0) throw failures[0];
  return results;
}
