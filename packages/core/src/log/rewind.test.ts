import { describe, expect, it } from "vitest";
import { createEvent, type Event } from "../events/event.ts";
import { liveBackwards } from "./live-backwards.ts";
import { liveEvents, liveFrom, startOfInvocation } from "./rewind.ts";

/** `a b` are events of invocations a and b; `<a` rewinds to before a. */
function log(text: string, first: number = 1): Event[] {
  return text.split(" ").map((word, index) =>
    word.startsWith("<")
      ? createEvent({
          id: `${index}`,
          sequence: first + index,
          invocationId: `r${index}`,
          actions: { rewindBeforeInvocationId: word.slice(1) },
        })
      : createEvent({ id: `${index}`, sequence: first + index, invocationId: word }),
  );
}

function words(events: Iterable<Event>): string {
  return [...events].map(({ invocationId }) => invocationId).join(" ");
}

describe("liveEvents", () => {
  it.each([
    ["a b c", "a b c"],
    ["a a b b <b", "a a"],
    ["a b <a", ""],
    ["a b <b c", "a c"],
    ["a b c <b d <c e", "a b e"],
    ["a b c <c d <b e", "a e"],
    ["a b <b b c", "a b c"],
    ["a b <unknown c", "a b c"],
    ["a b a c <a d", "d"],
    ["a <a b <b c", "c"],
    // An id that was taken back and is given again is counted from its new beginning.
    ["a b <a b a <a", "b"],
    ["a b <b c b d <b e", "a c e"],
  ])("%s → %s", (before, after) => {
    expect(words(liveEvents(log(before)))).toBe(after);
    expect(words(liveBackwards(log(before)))).toBe(after.split(" ").toReversed().join(" "));
  });

  it.each([
    ["b c <a d", "d"],
    ["b c <b d", "d"],
    ["b c <c d <a e", "e"],
  ])("in a part of a log, an invocation that is not in it began before: %s → %s", (part, after) => {
    expect(words(liveEvents(log(part, 7)))).toBe(after);
    expect(words(liveBackwards(log(part, 7)))).toBe(after);
  });

  it("goes by the position that the rewind knows, in any part of a log", () => {
    // Of `b`, which began before `c`, only the end is loaded.
    const events = log("c b <b d", 7);
    expect(words(liveEvents(events))).toBe("c d");
    const knowing = events.map((event) =>
      event.actions.rewindBeforeInvocationId ? { ...event, rewoundFrom: 5 } : event,
    );
    expect(words(liveEvents(knowing))).toBe("d");
    expect(words(liveBackwards(knowing))).toBe("d");
    const elsewhere = knowing.map((event) =>
      event.rewoundFrom === undefined ? event : { ...event, rewoundFrom: 8 },
    );
    expect(words(liveEvents(elsewhere))).toBe("c d");
  });

  it("gives the list itself back when nothing was rewound", () => {
    const events = log("a b");
    expect(liveEvents(events)).toBe(events);
  });
});

describe("liveFrom", () => {
  it("tells positions, from one on that counts", () => {
    const events = log("a b c d <c b");
    const isLive = liveFrom(events, 1);
    expect([1, 2, 3, 4, 5].filter(isLive)).toEqual([1, 5]);
  });
});

describe("startOfInvocation", () => {
  it("is the first event that counts", () => {
    const events = log("a b b <b c b");
    expect(startOfInvocation(events, "a")).toBe(0);
    expect(startOfInvocation(events, "b")).toBe(5);
    expect(startOfInvocation(events.slice(0, 5), "b")).toBeUndefined();
    expect(startOfInvocation(events, "unknown")).toBeUndefined();
  });

  it("is not that of a rewind itself", () => {
    expect(startOfInvocation(log("a <a"), "r1")).toBeUndefined();
  });
});
