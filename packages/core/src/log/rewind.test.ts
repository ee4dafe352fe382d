import { describe, expect, it } from "vitest";
import { createEvent, type Event } from "../events/event.ts";
import { liveEvents } from "./rewind.ts";

/** `a b` are events of invocations a and b; `<a` rewinds to before a. */
function log(text: string): Event[] {
  return text.split(" ").map((word, index) =>
    word.startsWith("<")
      ? createEvent({
          id: `${index}`,
          invocationId: `r${index}`,
          actions: { rewindBeforeInvocationId: word.slice(1) },
        })
      : createEvent({ id: `${index}`, invocationId: word }),
  );
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
  ])("%s → %s", (before, after) => {
    const live = liveEvents(log(before)).map(({ invocationId }) => invocationId);
    expect(live.join(" ")).toBe(after);
  });

  it("gives the list itself back when nothing was rewound", () => {
    const events = log("a b");
    expect(liveEvents(events)).toBe(events);
  });
});
