/** Cuts runs of every shape of app, in memory and on durable stores, and compares what comes of them; `HELP` says how. */
import { AdkError } from "@adk/core";
import { parseArgs } from "node:util";
import { PLACES } from "./durable/places.ts";
import { DURABLE_SHAPES } from "./durable/shapes.ts";
import { showCut } from "./show-cut.ts";
import { SHAPES } from "./shapes.ts";
import { sweepInMemory } from "./sweep-in-memory.ts";
import { sweepOnStore } from "./sweep-on-store.ts";
import type { Total } from "./report.ts";

const STORES: readonly string[] = ["memory", ...Object.keys(PLACES)];

const namesOf = (shapes: typeof SHAPES): string => shapes.map(({ name }) => name).join(", ");
const IN_MEMORY = `The shapes in memory are: ${namesOf(SHAPES)}.`;
const ON_STORES = `The shapes of the durable stores are: ${namesOf(DURABLE_SHAPES)}.`;

const HELP = `npm run crash -- [options]

Cuts runs and lets another Runner take them up; what is stored at the end must be what it is without the cut.
memory: every shape of app is cut at every continuation of the engine, in a simulation.
${STORES.slice(1).join(", ")}: a process is killed (SIGKILL) at every event of ${DURABLE_SHAPES.length} shapes, and another process goes on.

  --store NAME   only this one of ${STORES.join(", ")}; may be repeated (default: all)
  --shape NAME   only this shape
  --k N          with --shape: only this cut; prints the log (memory, unless --store says otherwise)
  --k N,M        and this one in the run that was taken up again (memory)
  --by-id        with --k: resumes by the id alone (memory)
  --second N     how many pairs of cuts (memory; default: 5000)
  --seed N       which pairs (memory; default: 1)
  --help         this text

${ON_STORES}
${IN_MEMORY}

Exits with 1 when there is a difference, with 2 when an option is wrong.`;

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
      store: { type: "string", multiple: true },
      shape: { type: "string" },
      k: { type: "string" },
      "by-id": { type: "boolean", default: false },
      seed: { type: "string", default: "1" },
      second: { type: "string", default: "5000" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return true;
  }
  const { shape, k } = values;
  const cuts = k?.split(",").map((text) => wholeNumber("k", text));
  if (cuts && shape === undefined) throw invalid("`--k` needs a `--shape`.");
  const stores = values.store ?? (cuts ? ["memory"] : STORES);
  const unknown = stores.find((store) => !STORES.includes(store));
  if (unknown !== undefined)
    throw invalid(`There is no store ${unknown}. The stores are: ${STORES.join(", ")}.`);
  const shapesOf = (store: string): typeof SHAPES =>
    (store === "memory" ? SHAPES : DURABLE_SHAPES).filter(
      ({ name }) => shape === undefined || name === shape,
    );
  if (stores.every((store) => shapesOf(store).length === 0)) {
    const known = [
      ...(stores.some((store) => store !== "memory") ? [ON_STORES] : []),
      ...(stores.includes("memory") ? [IN_MEMORY] : []),
    ];
    throw invalid(`There is no shape ${shape} on ${stores.join(", ")}. ${known.join(" ")}`);
  }
  const seed = wholeNumber("seed", values.seed);
  const second = wholeNumber("second", values.second);
  const began = performance.now();
  const total = { cuts: 0, differences: 0 };
  for (const store of stores) {
    const shapes = shapesOf(store);
    const [first] = shapes;
    if (!first) continue;
    const one = await timed(store, async () => {
      if (store !== "memory") return await sweepOnStore(store, shapes, cuts?.[0]);
      if (cuts) return await showCut(first, cuts, values["by-id"]);
      return await sweepInMemory(shapes, seed, second);
    });
    total.cuts += one.cuts;
    total.differences += one.differences;
  }
  console.log(
    `crash: ${total.cuts} cuts, ${total.differences} differences, ${secondsSince(began)} s`,
  );
  return total.differences === 0;
}

async function timed(store: string, work: () => Promise<Total | undefined>): Promise<Total> {
  const began = performance.now();
  const total = await work();
  if (!total) {
    console.log(`${store}: not run`);
    return { cuts: 0, differences: 0 };
  }
  const { cuts, differences, note } = total;
  const more = note === undefined ? "" : `, ${note}`;
  console.log(
    `${store}: ${cuts} cuts, ${differences} differences${more}, ${secondsSince(began)} s`,
  );
  return total;
}

function secondsSince(began: number): string {
  return ((performance.now() - began) / 1000).toFixed(1);
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
