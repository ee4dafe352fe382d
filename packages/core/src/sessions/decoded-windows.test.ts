import { describe, expect, it } from "vitest";
import { createEvent, type Event } from "../events/event.ts";
import { DecodedWindows, type DecodedWindow } from "./decoded-windows.ts";

const event = (sequence: number): Event => createEvent({ sequence });

function windowOf(name: string, count: number): DecodedWindow {
  return {
    name,
    incarnation: `of ${name}`,
    first: 1,
    events: Array.from({ length: count }, (_, index) => event(index + 1)),
    pending: {},
    headerPending: undefined,
    isKept: false,
  };
}

describe("DecodedWindows", () => {
  it("forgets the least recently used when they hold too many events", () => {
    const windows = new DecodedWindows(30);
    const [a, b, c] = [windowOf("a", 9), windowOf("b", 9), windowOf("c", 9)];
    for (const one of [a, b, a, c]) windows.keep(one);
    expect(windows.get("b")).toBe(b);
    windows.extend(c, event(10));
    expect(windows.get("b")).toBeUndefined();
    expect([windows.get("a"), windows.get("c")]).toEqual([a, c]);
    windows.extend(b, event(10));
    expect(windows.get("a")).toBe(a);
  });

  it("grows without gaps only", () => {
    const windows = new DecodedWindows(100);
    const a = windowOf("a", 2);
    windows.keep(a);
    for (const sequence of [2, 4, 3, 3]) windows.extend(a, event(sequence));
    expect(a.events.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  });

  it("replaces a session's window and does not count it twice", () => {
    const windows = new DecodedWindows(10);
    for (let turn = 0; turn < 5; turn++) windows.keep(windowOf("a", 7));
    expect(windows.get("a")).toBeDefined();
    windows.forget("a");
    windows.keep(windowOf("b", 9));
    expect(windows.get("b")).toBeDefined();
  });

  it("keeps nothing when it may not, nor what is too large, and bounds empty ones too", () => {
    const none = new DecodedWindows(0);
    none.keep(windowOf("a", 0));
    expect(none.get("a")).toBeUndefined();
    const few = new DecodedWindows(5);
    few.keep(windowOf("large", 6));
    expect(few.get("large")).toBeUndefined();
    for (let n = 0; n < 10; n++) few.keep(windowOf(`${n}`, 0));
    expect(few.get("4")).toBeUndefined();
    expect(few.get("5")).toBeDefined();
  });
});
