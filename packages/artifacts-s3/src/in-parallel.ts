const MOST_AT_ONCE = 16;

/** Does something for each item, a few at once, and gives the results in order. The first failure ends it, after those under way. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let index = 0;
  let hasFailed = false;
  const worker = async (): Promise<void> => {
    while (index < items.length && !hasFailed) {
      const at = index++;
      try {
        results[at] = await work(items[at] as Item);
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    }
  };
  const workers = Array.from({ length: Math.min(MOST_AT_ONCE, items.length) }, worker);
  await Promise.allSettled(workers);
  await Promise.all(workers);
  return results;
}
