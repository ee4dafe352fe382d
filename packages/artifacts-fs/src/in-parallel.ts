/** As many files at once as Node has threads for, and then some. */
const AT_ONCE = 16;

/** The results in the order of the items; the first failure is thrown when those that have begun are done. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  let isFailed = false;
  const worker = async (): Promise<void> => {
    while (next < items.length && !isFailed) {
      const index = next++;
      try {
        results[index] = await work(items[index] as Item);
      } catch (error) {
        isFailed = true;
        throw error;
      }
    }
  };
  const workers = Array.from({ length: Math.min(AT_ONCE, items.length) }, worker);
  const failed = (await Promise.allSettled(workers)).find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason as Error;
  return results;
}
