import { describe, expect, it } from "vitest";
import { createEvent, type Event } from "../events/event.ts";
import type { Session } from "./session.ts";
import {
  checkEvent,
  checkId,
  checkInteger,
  checkLabels,
  checkSession,
  checkStateKeys,
  checkTitle,
} from "./validate.ts";

const invalid = expect.objectContaining({ code: "INVALID_ARGUMENT" }) as Error;

describe("checkId", () => {
  it.each(["a", " ", "../x", "x".repeat(512), "ü".repeat(256), "\u{1f600}", "__proto__"])(
    "accepts %j",
    (id) => expect(() => checkId("id", id)).not.toThrow(),
  );
  it.each([undefined, null, 7, {}, "", "\0", "a\0", "\ud800", "x".repeat(513), "ü".repeat(257)])(
    "refuses %j",
    (id) => expect(() => checkId("userId", id)).toThrow(invalid),
  );
  it("names the parameter", () => {
    expect(() => checkId("userId", "")).toThrow(/`userId` is empty/);
  });
});

describe("checkInteger", () => {
  it("accepts whole numbers within bounds, and absence", () => {
    for (const value of [undefined, 0, 5, 10])
      expect(() => checkInteger("n", value, 0, 10)).not.toThrow();
    for (const value of [-1, 11, 1.5, Number.NaN, Infinity, "3", null])
      expect(() => checkInteger("n", value, 0, 10)).toThrow(
        /`n` must be a whole number from 0 to 10/,
      );
  });
});

describe("checkTitle, checkLabels and checkStateKeys", () => {
  it("refuse what a store could not keep", () => {
    for (const title of [7, "\0", "\ud800", "x".repeat(4_097)])
      expect(() => checkTitle(title)).toThrow(invalid);
    expect(() => checkTitle("")).not.toThrow();
    for (const labels of [[], "x", { "": "a" }, { a: 1 }, { a: null }, { a: "\0" }])
      expect(() => checkLabels(labels, false)).toThrow(invalid);
    expect(() => checkLabels({ a: null, b: "" }, true)).not.toThrow();
    for (const state of [[], "x", null, { "": 1 }, { "\ud800": 1 }, { ["k".repeat(513)]: 1 }])
      expect(() => checkStateKeys("state", state)).toThrow(invalid);
    const many = Object.fromEntries(Array.from({ length: 50_001 }, (_, n) => [`k${n}`, n]));
    expect(() => checkStateKeys("state", many)).toThrow(/50000 keys/);
  });
});

describe("checkEvent and checkSession", () => {
  it("accept what createEvent makes", () => {
    expect(() => checkEvent(createEvent())).not.toThrow();
  });

  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["no id", { ...createEvent(), id: "" }],
    ["no author", { ...createEvent(), author: undefined }],
    ["seconds", { ...createEvent(), timestamp: 1753.1 }],
    ["no time", { ...createEvent(), timestamp: Number.NaN }],
    ["actions that are none", { ...createEvent(), actions: 7 }],
    ["a delta that is none", { ...createEvent(), actions: { stateDelta: [] } }],
    ["removed keys that are none", { ...createEvent(), stateRemoved: [7] }],
    ["removed keys that are no list", { ...createEvent(), stateRemoved: "a" }],
  ])("refuse an event with %s", (_name, event) => {
    expect(() => checkEvent(event as Event)).toThrow(invalid);
  });

  it("refuse a session that no service returned", () => {
    const made = {
      id: "s",
      appName: "a",
      userId: "u",
      state: {},
      events: [],
    } as unknown as Session;
    expect(() => checkSession(made)).toThrow(/getSession/);
    expect(() => checkSession(undefined as unknown as Session)).toThrow(invalid);
  });
});
