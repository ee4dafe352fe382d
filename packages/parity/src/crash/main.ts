/**
 * Cuts runs of every shape of app at every continuation of the engine, and compares what comes of them after another Runner
 * has taken over with what comes of a run that nothing happened to.
 *
 * - `--shape NAME`: only this one. `--k N`, `--k N,M`: only this cut (and this one after it); prints the log.
 * - `--by-id`: with `--k`, resumes by the id alone.
 * - `--second N`: pairs of cuts, 5,000 unless told. `--seed N`: which pairs.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { AdkError } from "@adk/core";
import { type CutDifference, Undisturbed } from "./cut.ts";
import { play } from "./play.ts";
import type { Shape } from "./shape.ts";
import { SHAPES } from "./shapes.ts";
import type { Sweep, SweepOptions } from "./sweep.ts";

interface Job {
  readonly name: string;
  readonly options: SweepOptions;
}

/** Differences of one shape. */
const MOST_SHOWN = 5;

try {
  process.exit((await main()) ? 0 : 1);
} catch (error) {
  if (!AdkError.isInstance(error) && !(error instanceof TypeError)) throw error;
  console.error(error.message);
  process.exit(2);
}

/** @returns whether there was no difference. */
async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: {
      shape: { type: "string" },
      k: { type: "string" },
      "by-id": { type: "boolean", default: false },
      seed: { type: "string", default: "1" },
      second: { type: "string", default: "5000" },
    },
  });
  const shapes = SHAPES.filter(({ name }) => values.shape === undefined || name === values.shape);
  if (shapes.length === 0)
    throw invalid(
      `There is no shape ${values.shape}. The shapes are: ${SHAPES.map(({ name }) => name).join(", ")}.`,
    );
  const seed = wholeNumber("seed", values.seed);
  const second = wholeNumber("second", values.second);
  if (values.k !== undefined) {
    const [shape, ...others] = shapes;
    if (shape === undefined || others.length > 0) throw invalid("`--k` needs a `--shape`.");
    return await showCut(
      shape,
      values.k.split(",").map((text) => wholeNumber("k", text)),
      values["by-id"],
    );
  }
  return await sweepAll(shapes, seed, second);
}

async function sweepAll(shapes: readonly Shape[], seed: number, second: number): Promise<boolean> {
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
  const total = { cuts: 0, pairs: 0, differences: 0 };
  const width = Math.min(availableParallelism(), jobs.length);
  await Promise.all(
    Array.from({ length: width }, () =>
      workThrough(jobs, ({ cuts, pairs, differences }) => {
        total.cuts += cuts;
        total.pairs += pairs;
        total.differences += differences.length;
        for (const difference of differences.slice(0, MOST_SHOWN)) console.log(words(difference));
        if (differences.length > MOST_SHOWN)
          console.log(`${differences[0]?.shape}: ${differences.length - MOST_SHOWN} more`);
      }),
    ),
  );
  console.log(
    `${shapes.length} shapes; ${total.pairs} of the runs cut a second time, seed ${seed}`,
  );
  console.log(`crash: ${total.cuts} cuts, ${total.differences} differences`);
  return total.differences === 0;
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

/** One cut, with its log. */
async function showCut(
  shape: Shape,
  cuts: readonly number[],
  resumesById: boolean,
): Promise<boolean> {
  const undisturbed = await Undisturbed.of(shape);
  const { difference } = await undisturbed.cut(cuts, { resumesById });
  const { events } = await play(shape, { cuts, resumesById });
  for (const { timestamp: _, ...event } of events) console.log(JSON.stringify(event));
  if (difference) console.log(words(difference));
  return difference === undefined;
}

function words({ shape, cuts, byId, problem }: CutDifference): string {
  const where = cuts.length === 0 ? "no cut" : `k ${cuts.join(",")}${byId ? " by id" : ""}`;
  return `${shape}, ${where}: ${problem}`;
}

function wholeNumber(option: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0)
    throw invalid(`\`--${option}\` must be a whole number, got ${text}.`);
  return number;
}

function invalid(message: string): AdkError {
  return new AdkError("INVALID_ARGUMENT", message);
}
