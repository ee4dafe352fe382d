import { describe, expect, it } from "vitest";
import { createEvent } from "../events/event.ts";
import { applyDelta, splitDelta, splitKey } from "./apply-delta.ts";

describe("splitKey", () => {
  it.each([
    ["plain", "session", "plain"],
    ["app:x", "app", "x"],
    ["user:x", "user", "x"],
    ["temp:x", "temp", "x"],
    ["app:app:x", "app", "app:x"],
    ["user:app:x", "user", "app:x"],
    ["x:app:y", "session", "x:app:y"],
    ["app", "session", "app"],
    ["App:x", "session", "App:x"],
    ["user:", "user", ""],
    [":", "session", ":"],
  ])("%s is in %s as %j", (key, scope, name) => {
    expect(splitKey(key)).toEqual({ scope, name });
  });
});

describe("applyDelta", () => {
  it("removes, then sets; null is a value", () => {
    const state: Record<string, unknown> = { a: 1, b: 2, c: 3 };
    applyDelta(
      state,
      createEvent({
        actions: { stateDelta: { a: null, b: 4 } },
        stateRemoved: ["b", "c", "absent"],
      }),
    );
    expect(state).toEqual({ a: null, b: 4 });
  });

  it("treats __proto__ as a plain key", () => {
    const state: Record<string, unknown> = {};
    const stateDelta = JSON.parse('{"__proto__":{"polluted":1}}') as Record<string, unknown>;
    applyDelta(state, createEvent({ actions: { stateDelta } }));
    expect(Object.keys(state)).toEqual(["__proto__"]);
    expect(state["polluted"]).toBeUndefined();
    applyDelta(state, createEvent({ stateRemoved: ["__proto__"] }));
    expect(Object.keys(state)).toEqual([]);
  });
});

describe("splitDelta", () => {
  it("sorts a delta by scope and leaves temp: out", () => {
    const event = createEvent({
      actions: { stateDelta: { a: 1, "user:b": 2, "app:c": 3, "temp:d": 4 } },
      stateRemoved: ["user:x", "a", "temp:y"],
    });
    expect(splitDelta(event)).toEqual({
      session: { set: { a: 1 }, remove: [] },
      user: { set: { b: 2 }, remove: ["x"] },
      app: { set: { c: 3 }, remove: [] },
    });
  });

  it("is undefined when nothing changes", () => {
    expect(splitDelta(createEvent({ actions: { stateDelta: { "temp:a": 1 } } }))).toBeUndefined();
    expect(splitDelta(createEvent())).toBeUndefined();
  });

  it("keeps keys that look alike in different scopes apart", () => {
    const event = createEvent({
      actions: { stateDelta: { x: 1, "app:x": 2 } },
      stateRemoved: ["user:x"],
    });
    const state: Record<string, unknown> = { "user:x": 0 };
    applyDelta(state, event);
    expect(state).toEqual({ x: 1, "app:x": 2 });
    expect(splitDelta(event)?.user).toEqual({ set: {}, remove: ["x"] });
  });
});
