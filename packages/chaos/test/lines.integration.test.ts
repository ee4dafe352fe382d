import { offered, sharedPostgres, sharedRedis } from "@adk/test-services";
import { describe, expect, it } from "vitest";
import { serverKilled } from "../src/lines/server-killed.ts";
import { workerFrozen } from "../src/lines/worker-frozen.ts";
import { runLine } from "../src/run-line.ts";
import { reportLines } from "../src/report.ts";

/** A slow machine writes for longer, until enough is acknowledged. */
const TIMEOUT_MS = 300_000;

await using postgres = await offered(sharedPostgres);
await using redis = await offered(sharedRedis);

const rows = [
  { store: "sqlite", line: workerFrozen, isOffered: true },
  { store: "postgres", line: serverKilled, isOffered: postgres !== undefined },
  { store: "redis", line: serverKilled, isOffered: redis !== undefined },
] as const;

describe.each(rows)("$line.name on $store", ({ store, line, isOffered }) => {
  it.skipIf(!isOffered)("is as it must be", { timeout: TIMEOUT_MS }, async () => {
    const report = await runLine(line, { store, seed: 1, seconds: 10 });
    for (const text of reportLines(report)) process.stdout.write(`${text}\n`);
    expect(report.problems).toEqual([]);
    expect(report).toMatchObject({ lost: 0, duplicated: 0, outOfOrder: 0 });
    expect(report.acknowledged).toBeGreaterThanOrEqual(5_000);
    expect(report.faults).toBeGreaterThanOrEqual(line.leastFaults);
  });
});
