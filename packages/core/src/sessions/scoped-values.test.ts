import { describe, expect, it } from "vitest";
import { createEvent } from "../events/event.ts";
import {
  decodeState,
  decodeValues,
  encodeDelta,
  encodeInitialState,
  encodeValues,
} from "./scoped-values.ts";

describe("state values", () => {
  it("come back as they were, whatever their keys are called", () => {
    const record = JSON.parse('{"__proto__":{"a":[1,null]},"constructor":"x","":false}') as Record<
      string,
      unknown
    >;
    const decoded = decodeValues(encodeValues(record));
    expect(JSON.stringify(decoded)).toBe(JSON.stringify(record));
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
  });

  it("get their prefixes back", () => {
    expect(
      decodeState({ app: { a: "1", "app:a": "2" }, user: { a: "3" }, session: { a: "4" } }),
    ).toEqual({
      "app:a": 1,
      "app:app:a": 2,
      "user:a": 3,
      a: 4,
    });
  });

  it("are split by scope, of a delta and of an initial state", () => {
    const stateDelta = { a: 1, "user:b": [2], "app:c": null, "temp:d": 4 };
    const delta = encodeDelta(createEvent({ actions: { stateDelta }, stateRemoved: ["app:x"] }));
    expect(delta?.session).toEqual({ set: { a: "1" }, remove: [] });
    expect(delta?.user).toEqual({ set: { b: "[2]" }, remove: [] });
    expect(delta?.app).toEqual({ set: { c: "null" }, remove: ["x"] });
    expect(encodeDelta(createEvent())).toBeUndefined();
    const initial = encodeInitialState({ ...stateDelta, gone: undefined });
    expect({ ...initial.session }).toEqual({ a: "1" });
    expect(initial.shared?.user).toEqual({ set: { b: "[2]" }, remove: [] });
    expect(encodeInitialState({ a: 1 }).shared).toBeUndefined();
  });

  it("name the path of what JSON cannot carry", () => {
    expect(() => encodeInitialState({ "user:a": { b: Number.NaN } })).toThrow(
      expect.objectContaining({ code: "NOT_SERIALIZABLE", details: { path: "state.user:a.b" } }),
    );
  });

  it("say which one is not in the format, without its text", () => {
    expect(() => decodeValues({ key: "ciphertext" })).toThrow(/"key" is not in the format/);
    expect(() => decodeValues({ key: "ciphertext" })).not.toThrow(/ciphertext/);
  });
});
