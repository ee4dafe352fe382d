import { VirtualClock } from "@adk/core/testing";
import { describe, expect, it } from "vitest";
import type { AnalyticsRow } from "./analytics-row.ts";
import type { AnalyticsSink } from "./analytics-sink.ts";
import { RowQueue, type RowQueueOptions } from "./row-queue.ts";

const row = (id: number): AnalyticsRow => ({ row_id: `r${id}` }) as AnalyticsRow;
const NOTHING_DROPPED = { overflow: 0, failed: 0, closed: 0 };

type Answer = "take" | "fail" | "hang";

/** A sink that answers each write as it is told, and what it was given. */
function setUp(answers: Answer[], options: RowQueueOptions = {}) {
  const clock = new VirtualClock();
  const writes: string[][] = [];
  const signals: AbortSignal[] = [];
  const warned: string[] = [];
  let closed = 0;
  const sink: AnalyticsSink = {
    async write(rows, { signal }) {
      writes.push(rows.map(({ row_id }) => row_id));
      signals.push(signal);
      const answer = answers.shift() ?? "take";
      if (answer === "fail") throw new Error("down");
      if (answer === "hang") await new Promise(() => undefined);
    },
    async close() {
      closed++;
    },
  };
  const warn = (message: string): void => void warned.push(message);
  const logger = { debug: () => undefined, info: () => undefined, warn, error: warn };
  const queue = new RowQueue(sink, options, { clock, logger });
  return { clock, queue, writes, signals, warned, closed: () => closed };
}

describe("RowQueue", () => {
  it("writes a batch when it is full, and the rest after a while", async () => {
    const { clock, queue, writes } = setUp([], { batchSize: 2, batchIntervalMs: 500 });
    for (const id of [1, 2]) queue.add(row(id));
    expect(writes).toEqual([]); // not within the call
    await clock.advance(0);
    expect(writes).toEqual([["r1", "r2"]]);
    queue.add(row(3));
    await clock.advance(499);
    expect(writes).toHaveLength(1);
    await clock.advance(1);
    expect(writes).toEqual([["r1", "r2"], ["r3"]]);
    expect(queue.stats).toEqual({ written: 3, queued: 0, dropped: NOTHING_DROPPED });
    expect(clock.pendingTimers).toBe(0);
  });

  it("writes one batch after the other, in the order of the rows", async () => {
    const { queue, writes } = setUp([], { batchSize: 2 });
    for (const id of [1, 2, 3, 4, 5]) queue.add(row(id));
    await queue.flush();
    expect(writes).toEqual([["r1", "r2"], ["r3", "r4"], ["r5"]]);
  });

  it("forgets no row that comes just when a batch is done", async () => {
    for (let turns = 0; turns < 12; turns++) {
      const { clock, queue, writes } = setUp([], { batchSize: 2, batchIntervalMs: 500 });
      queue.add(row(1));
      const flushing = queue.flush();
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      queue.add(row(2));
      await flushing;
      await clock.advance(500);
      expect(writes.flat(), `after ${turns} microtasks`).toEqual(["r1", "r2"]);
      expect(clock.pendingTimers).toBe(0);
    }
  });

  it("tries the same rows again, after longer and longer pauses", async () => {
    const { clock, queue, writes } = setUp(["fail", "fail"], { batchSize: 1, retryDelayMs: 100 });
    queue.add(row(1));
    await clock.advance(99);
    expect(writes).toHaveLength(1);
    await clock.advance(1);
    expect(writes).toHaveLength(2);
    await clock.advance(199);
    expect(writes).toHaveLength(2);
    await clock.advance(1);
    expect(writes).toEqual([["r1"], ["r1"], ["r1"]]);
    expect(queue.stats).toEqual({ written: 1, queued: 0, dropped: NOTHING_DROPPED });
  });

  it("drops and counts what the sink does not take, warns once for each reason, and goes on", async () => {
    const options = { batchSize: 1, maxAttempts: 2, retryDelayMs: 0 };
    const { clock, queue, warned } = setUp(["fail", "fail", "fail", "fail"], options);
    for (const id of [1, 2, 3]) queue.add(row(id));
    await clock.advance(0);
    expect(queue.stats).toEqual({
      written: 1,
      queued: 0,
      dropped: { ...NOTHING_DROPPED, failed: 2 },
    });
    expect(warned.filter((line) => line.includes("dropped (failed)"))).toHaveLength(1);
  });

  it("gives up a write that takes too long, tells it so, and tries again", async () => {
    const options = { batchSize: 1, writeTimeoutMs: 50, retryDelayMs: 0 };
    const { clock, queue, writes, signals } = setUp(["hang"], options);
    queue.add(row(1));
    await clock.advance(49);
    expect(signals[0]?.aborted).toBe(false);
    await clock.advance(1);
    expect(signals[0]?.reason).toMatchObject({
      code: "TIMEOUT",
      message: expect.stringContaining("within 50 ms") as string,
    });
    expect(writes).toEqual([["r1"], ["r1"]]);
    expect(queue.stats.written).toBe(1);
  });

  it("drops and counts what comes when it is full", async () => {
    const { clock, queue, warned } = setUp(["hang"], { batchSize: 2, maxQueueSize: 3 });
    for (const id of [1, 2, 3, 4, 5]) queue.add(row(id));
    await clock.advance(0);
    expect(queue.stats).toEqual({
      written: 0,
      queued: 3,
      dropped: { ...NOTHING_DROPPED, overflow: 2 },
    });
    expect(warned).toHaveLength(1);
  });

  it("writes what is left when it is closed, and drops what comes later", async () => {
    const { queue, writes, clock, closed } = setUp([]);
    queue.add(row(1));
    await queue.close();
    await queue.close();
    queue.add(row(2));
    expect(writes).toEqual([["r1"]]);
    expect(queue.stats).toEqual({
      written: 1,
      queued: 0,
      dropped: { ...NOTHING_DROPPED, closed: 1 },
    });
    expect([closed(), clock.pendingTimers]).toEqual([1, 0]);
  });

  it.each<Answer>(["hang", "fail"])(
    "waits for a dead sink (%s) only for a while when it is closed",
    async (answer) => {
      const answers: Answer[] = [answer, answer, answer];
      const { queue, clock, signals, closed } = setUp(answers, {
        closeTimeoutMs: 300,
        retryDelayMs: 10_000,
      });
      queue.add(row(1));
      const closing = queue.close();
      await clock.advance(300);
      await closing;
      expect(signals[0]?.aborted).toBe(true);
      expect(queue.stats).toEqual({
        written: 0,
        queued: 0,
        dropped: { ...NOTHING_DROPPED, closed: 1 },
      });
      expect([closed(), clock.pendingTimers]).toEqual([1, 0]);
    },
  );
});
