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

/** Cuts the shapes at all continuations, then `second` times in pairs, on all processors. */
export async function sweepInMemory(
  shapes: readonly Shape[],
  seed: number,
  second: number,
): Promise<Total> {
  console.log(`memory: ${shapes.length} shapes, the longest first`);
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
  const total = { shapes: 0, cuts: 0, pairs: 0, differences: 0 };
  const width = Math.min(availableParallelism(), jobs.length);
  await Promise.all(
    Array.from({ length: width }, () =>
      workThrough(jobs, ({ cuts, pairs, differences }) => {
        total.shapes++;
        total.cuts += cuts;
        total.pairs += pairs;
        total.differences += differences.length;
        printDifferences(differences);
        console.log(
          `memory: ${total.shapes} of ${shapes.length} shapes, ${total.cuts} of ${sum} cuts`,
        );
      }),
    ),
  );
  const { cuts, pairs, differences } = total;
  const note = `${shapes.length} shapes, ${pairs} of the runs cut a second time, seed ${seed}`;
  return { cuts, differences, note };
}

/** One worker, until no job is left. */
async function workThrough(jobs: Job[], onSweep: (sweep: Sweep) => void): Promise<void> {
  const worker = new Worker(new URL("worker.ts", import.meta.url));
  try {
    for (let job = jobs.shift(); job; job = jobs.shift()) {
      const { promise, resolve, reject } = Promise.withResolvers<Sweep>();
      worker.once("message", resolve);
      worker.once("error", reject);
      worker.postMessage(job);
      onSweep(await promise);
      worker.off("error", reject);
    }
  } finally {
    await worker.terminate();
  }
}
