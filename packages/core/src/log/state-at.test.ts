import { describe, expect, it } from "vitest";
import { createEvent } from "../events/event.ts";
import { sessionDifference, stateAt } from "./state-at.ts";

describe("stateAt", () => {
  it("folds the session's own scope over the initial state, which stays as it is", () => {
    const initial = Object.freeze({ a: 1, b: 1 });
    const events = [
      createEvent({ actions: { stateDelta: { a: 2, "user:u": 1, "app:p": 1, "temp:t": 1 } } }),
      createEvent({ stateRemoved: ["b", "user:u"] }),
      createEvent({ actions: { stateDelta: { c: null } } }),
    ];
    expect(stateAt(initial, events.slice(0, 1))).toEqual({ a: 2, b: 1 });
    expect(stateAt(initial, events)).toEqual({ a: 2, c: null });
    expect(initial).toEqual({ a: 1, b: 1 });
  });
});

describe("sessionDifference", () => {
  it("leads to the wanted state, and leaves shared state alone", () => {
    const current = { same: [1], other: 1, gone: null, "user:a": 1, "app:a": 1 };
    const wanted = { same: [1], other: { n: 1 }, back: null };
    expect(sessionDifference(current, wanted)).toEqual({
      stateDelta: { other: { n: 1 }, back: null },
      stateRemoved: ["gone"],
    });
    expect(sessionDifference(wanted, wanted)).toEqual({ stateDelta: {}, stateRemoved: [] });
  });

  it("treats __proto__ as a plain key", () => {
    const wanted = JSON.parse('{"__proto__":1}') as Record<string, unknown>;
    expect(Object.keys(sessionDifference({}, wanted).stateDelta)).toEqual(["__proto__"]);
    expect(sessionDifference(wanted, {}).stateRemoved).toEqual(["__proto__"]);
  });
});
