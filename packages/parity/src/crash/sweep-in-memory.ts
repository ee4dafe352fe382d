import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { Undisturbed } from "./cut.ts";
import type { Shape } from "./shape.ts";
import type { Sweep, SweepOptions } from "./sweep.ts";
import { printDifferences, type Total } from "./report.ts";

interface Job {
  readonly name: string;
  readonly options: SweepOptions;
}

/** A line after so many runs that were cut: of the longest shapes each has thousands. */
const TELL_EVERY = 1_000;

/** Cuts the shapes at all continuations, then `second` times in pairs, on all processors. */
export async function sweepInMemory(
  shapes: readonly Shape[],
  seed: number,
  second: number,
): Promise<Total> {
  const lengths = new Map<string, number>();
  for (const shape of shapes) lengths.set(shape.name, (await Undisturbed.of(shape)).continuations);
  const sum = [...lengths.values()].reduce((total, length) => total + length, 0);
  // The longest first: no worker is left alone with it at the end.
  const jobs: Job[] = [...lengths]
    .toSorted(([, left], [, right]) => right - left)
    .map(([name, length]) => ({
      name,
      options: { seed, pairs: Math.ceil((second * length) / sum) },
    }));
  console.log(`memory: ${shapes.length} shapes, ${sum} cuts, the longest first`);
  const planned = jobs.reduce((runs, { options }) => runs + (options.pairs ?? 0), sum);
  const total = { shapes: 0, cuts: 0, pairs: 0, differences: 0 };
  let done = 0;
  const onCut = (): void => {
    if (++done % TELL_EVERY === 0)
      console.log(
        `memory: ${total.shapes} of ${shapes.length} shapes, ${done} of ${planned} runs cut`,
      );
  };
  const width = Math.min(availableParallelism(), jobs.length);
  await Promise.all(
    Array.from({ length: width }, () =>
      workThrough(jobs, onCut, ({ cuts, pairs, differences }) => {
        total.shapes++;
        total.cuts += cuts;
        total.pairs += pairs;
        total.differences += differences.length;
        printDifferences(differences);
      }),
    ),
  );
  const { cuts, pairs, differences } = total;
  const note = `${shapes.length} shapes, ${pairs} of the runs cut a second time, seed ${seed}`;
  return { cuts, differences, note };
}

/** One worker, until no job is left. */
async function workThrough(
  jobs: Job[],
  onCut: () => void,
  onSweep: (sweep: Sweep) => void,
): Promise<void> {
  const worker = new Worker(new URL("worker.ts", import.meta.url));
  try {
    for (let job = jobs.shift(); job; job = jobs.shift()) {
      const { promise, resolve, reject } = Promise.withResolvers<Sweep>();
      const onMessage = (swept: Sweep | undefined): void => (swept ? resolve(swept) : onCut());
      worker.on("message", onMessage);
      worker.once("error", reject);
      worker.postMessage(job);
      onSweep(await promise);
      worker.off("message", onMessage);
      worker.off("error", reject);
    }
  } finally {
    await worker.terminate();
  }
}
