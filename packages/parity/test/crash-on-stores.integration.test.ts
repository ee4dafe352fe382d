import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { durableSweep, type DurableSweep } from "../src/crash/durable/durable-sweep.ts";
import { PLACES } from "../src/crash/durable/places.ts";
import { DURABLE_SHAPES } from "../src/crash/durable/shapes.ts";
import type { Shape } from "../src/crash/shape.ts";
import { SHAPES } from "../src/crash/shapes.ts";

/** For tests that start processes, on a busy machine. */
const TIMEOUT_MS = 120_000;
const main = fileURLToPath(new URL("../src/crash/main.ts", import.meta.url));

/** `npm run crash` cuts at every moment of all shapes, and on PostgreSQL too. */
async function sweep(every: number, child?: string): Promise<DurableSweep> {
  await using place = await PLACES["sqlite"]!();
  const shapes = DURABLE_SHAPES.filter(({ name }) => name === "confirm-two-one-by-one");
  expect(shapes).toHaveLength(1);
  return await durableSweep({ place, shapes, every, child });
}

it(
  "a run whose process is killed comes to the same in another process",
  { timeout: TIMEOUT_MS },
  async () => {
    const { cuts, acknowledged, differences } = await sweep(8);
    expect(differences).toEqual([]);
    expect(cuts).toBeGreaterThan(3);
    expect(acknowledged).toBeGreaterThan(cuts);
  },
);

it(
  "a store that acknowledges what it has not stored is found",
  { timeout: TIMEOUT_MS },
  async () => {
    const child = fileURLToPath(new URL("support/early-child.ts", import.meta.url));
    const { differences } = await sweep(8, child);
    expect(differences.map(({ problem }) => problem)).toContainEqual(
      expect.stringMatching(/^event \d+ was acknowledged and is not stored$/),
    );
  },
);

function names(shapes: readonly Shape[]): string {
  return shapes.map(({ name }) => name).join(", ");
}

it("the program says how it is used", { timeout: TIMEOUT_MS }, () => {
  const crash = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, ["--conditions=@adk/source", main, ...args], { encoding: "utf8" });
  const help = crash("--help");
  expect(help.status).toBe(0);
  for (const word of [
    "--store",
    "--shape",
    "sqlite",
    "postgres",
    "agent-tool-waits",
    "confirm-one,",
  ])
    expect(help.stdout).toContain(word);
  expect(crash("--store", "tape")).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("memory, sqlite") as string,
  });
  expect(crash("--store", "sqlite", "--shape", "text")).toMatchObject({
    status: 2,
    stderr: `There is no shape text on sqlite. The shapes of the durable stores are: ${names(DURABLE_SHAPES)}.\n`,
  });
  expect(crash("--store", "memory", "--shape", "tape")).toMatchObject({
    status: 2,
    stderr: `There is no shape tape on memory. The shapes in memory are: ${names(SHAPES)}.\n`,
  });
});
