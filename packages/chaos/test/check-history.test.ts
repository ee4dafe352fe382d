import { describe, expect, it } from "vitest";
import { checkHistory } from "../src/check/check-history.ts";
import { appendOf, corrupted, logOf } from "./support/corrupted.ts";
import { goodHistory, type Draft } from "./support/good-history.ts";

/** The two stand in each other's place, in the log and in what was acknowledged; nobody has read or followed them. */
function swap(history: Draft, session: string, left: number, right: number): void {
  const { events } = logOf(history, session);
  const [a, b] = [events[left - 1]!, events[right - 1]!];
  events[left - 1] = { ...b, sequence: left };
  events[right - 1] = { ...a, sequence: right };
  appendOf(history, a.id).sequence = right;
  appendOf(history, b.id).sequence = left;
  history.followed.length = 0;
  history.operations.splice(
    0,
    Infinity,
    ...history.operations.filter((each) => each.op !== "read" || each.session !== session),
  );
}

describe("checkHistory", () => {
  it("finds nothing in a good history", () => {
    const history = goodHistory();
    expect(history.operations.length).toBeGreaterThan(70);
    expect(checkHistory(history)).toEqual([]);
  });

  it("lets those that overlap stand either way", () => {
    const history = goodHistory();
    swap(history, "s1", 1, 2);
    expect(new Set(checkHistory(history).map(({ invariant }) => invariant))).toEqual(new Set());
  });

  it("has a corrupted history for every invariant", () => {
    const all = Array.from({ length: 12 }, (_item, n) => `I${n + 1}`);
    expect([...new Set(corrupted.map(({ invariant }) => invariant))]).toEqual(all);
  });

  it.each(corrupted)("names $invariant, and it alone, when $what", ({ invariant, change }) => {
    const history = goodHistory();
    change(history);
    const found = checkHistory(history);
    expect([...new Set(found.map((each) => each.invariant))]).toEqual([invariant]);
  });

  it("counts what is lost, doubled and out of order", () => {
    const kinds = corrupted.map(({ change }) => {
      const history = goodHistory();
      change(history);
      return checkHistory(history)[0]?.kind;
    });
    expect(kinds.filter((kind) => kind === "lost")).toHaveLength(2);
    expect(kinds.filter((kind) => kind === "duplicated")).toHaveLength(2);
    expect(kinds.filter((kind) => kind === "out-of-order")).toHaveLength(2);
  });

  it("needs no longer than a list is long: 200,000 operations", { timeout: 20_000 }, () => {
    const history = goodHistory();
    const log = logOf(history, "s2");
    for (let n = log.lastSequence + 1; n <= 200_000; n++) {
      const one = appendOf(history, "s2:bob:1");
      const eventId = `many ${n}`;
      const { expected: _, ...rest } = one;
      history.operations.push({
        ...rest,
        eventId,
        sequence: n,
        invoke: n * 10 + 1_000,
        return: n * 10 + 1_001,
        delta: {},
      });
      log.events.push({ id: eventId, sequence: n, data: one.data });
    }
    Object.assign(log, { lastSequence: 200_000 });
    expect(checkHistory(history)).toEqual([]);
  });
});
