import { median } from "../numbers.ts";

/** Figures of each contender, one a repetition. */
export type Figures<K extends string> = Record<K, number[]>;

/**
 * Blocks of work in turn, whoever comes first changing with the repetition: the disk's moods and the neighbours' reach all of
 * them. The first round of all is not counted.
 *
 * @param contenders each does one block and says its figure.
 */
export async function blocksInTurn<K extends string>(
  repetitions: number,
  contenders: Readonly<Record<K, () => Promise<number>>>,
): Promise<Figures<K>> {
  const names = Object.keys(contenders) as K[];
  const figures = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Figures<K>;
  for (let round = 0; round <= repetitions; round++)
    for (const index of names.keys()) {
      const name = names[(index + round) % names.length]!;
      const figure = await contenders[name]();
      if (round > 0) figures[name].push(figure);
    }
  return figures;
}

/**
 * Single operations in turn, one of each after the other.
 *
 * @returns milliseconds an operation: of each repetition the median.
 */
export async function callsInTurn<K extends string>(
  { repetitions, calls }: { readonly repetitions: number; readonly calls: number },
  contenders: Readonly<Record<K, () => Promise<unknown>>>,
): Promise<Figures<K>> {
  const names = Object.keys(contenders) as K[];
  const figures = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Figures<K>;
  for (let round = 0; round <= repetitions; round++) {
    const taken = new Map<K, number[]>(names.map((name) => [name, []]));
    for (let call = 0; call < calls; call++)
      for (const index of names.keys()) {
        const name = names[(index + call) % names.length]!;
        const startedAt = performance.now();
        await contenders[name]();
        taken.get(name)!.push(performance.now() - startedAt);
      }
    if (round > 0) for (const name of names) figures[name].push(median(taken.get(name)!));
  }
  return figures;
}

/** The median of the ratios of each repetition: what disturbed one repetition disturbed both. */
export function ratioOf(above: readonly number[], below: readonly number[]): number {
  return median(above.map((value, index) => value / below[index]!));
}

export interface Throughput {
  readonly perSecond: number;
  readonly failed: number;
}

/** Writers that each do one operation after the other, for so long. */
export async function runWriters(
  writers: readonly (() => Promise<unknown>)[],
  forMs: number,
): Promise<Throughput> {
  const startedAt = performance.now();
  let [done, failed] = [0, 0];
  await Promise.all(
    writers.map(async (write) => {
      while (performance.now() - startedAt < forMs)
        await write().then(
          () => done++,
          () => failed++,
        );
    }),
  );
  return { perSecond: (done * 1000) / (performance.now() - startedAt), failed };
}
