import { describe, expect, it } from "vitest";
import { createEvent } from "../events/event.ts";
import { stateAt } from "./state-at.ts";

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
