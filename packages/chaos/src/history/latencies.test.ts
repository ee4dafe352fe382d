import { expect, it } from "vitest";
import { latenciesMs, percentile } from "./latencies.ts";
import type { Operation } from "./operation.ts";

it("tells how long after its acknowledgement an event reached its followers", () => {
  const append = (eventId: string, time: number, outcome: "ok" | "unknown" = "ok"): Operation => ({
    op: "append",
    worker: "w",
    user: "user",
    session: "s",
    incarnation: "i",
    invoke: 0,
    return: time,
    outcome,
    eventId,
    data: "",
    delta: {},
  });
  const operations = [append("a", 10), append("b", 20), append("c", 30), append("d", 0, "unknown")];
  const event = (id: string, at: number) => ({ id, at, data: "", sequence: 1 });
  const followed = [
    { worker: "f", session: "s", after: 0, events: [event("c", 37), event("a", 8), event("d", 9)] },
    { worker: "g", session: "s", after: 0, events: [event("b", 21)] },
    { worker: "h", session: "other", after: 0, events: [event("b", 99)] },
  ];
  expect(latenciesMs({ operations, followed })).toEqual([0, 1, 7]);
});

it("finds percentiles of sorted numbers", () => {
  const hundred = Array.from({ length: 100 }, (_item, n) => n + 1);
  expect([1, 50, 99, 100].map((p) => percentile(hundred, p))).toEqual([1, 50, 99, 100]);
  expect(percentile([5], 50)).toBe(5);
});
