import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { decodeEvent, decodeKept, encodeEvent, encodeKept, sealEvent } from "./codec.ts";
import { createEvent, type Event } from "./event.ts";

function roundTrip(event: Event, sequence: number = 1): { sealed: Event; decoded: Event } {
  const encoded = encodeEvent(event);
  return { sealed: sealEvent(encoded, sequence), decoded: decodeEvent(encoded.data, sequence) };
}

function isDeeplyFrozen(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isDeeplyFrozen);
}

describe("encodeEvent and decodeEvent", () => {
  it("reads the sample of format 1 and writes it again, word for word", async () => {
    const text = await readFile(
      new URL("../../test/fixtures/event-v1.json", import.meta.url),
      "utf8",
    );
    const event = decodeEvent(text, 7);
    expect(event.sequence).toBe(7);
    expect(event.partial).toBe(false);
    expect(event.content?.parts?.[0]?.text).toContain("\ud800 \u0000 \u2028");
    expect(event.actions.agentState).toEqual({});
    expect(event.actions.requestedAuthConfigs).toEqual({});
    expect(Object.keys(event.actions.stateDelta)).toEqual(["user:tone", "__proto__"]);
    expect(isDeeplyFrozen(event)).toBe(true);
    const { data } = encodeEvent(event);
    expect(JSON.parse(data)).toEqual(JSON.parse(text));
    expect(data).toBe(JSON.stringify(JSON.parse(text)));
  });

  it("gives back what it stored: the sealed copy and the decoded text are equal and frozen", () => {
    const event = createEvent({
      id: "1",
      author: "user",
      content: { role: "user", parts: [{ text: "hi" }] },
      actions: { stateDelta: { list: [{ deep: [1] }] } },
      stateRemoved: ["old"],
    });
    const { sealed, decoded } = roundTrip(event, 3);
    expect(decoded).toEqual(sealed);
    expect(sealed.sequence).toBe(3);
    expect(isDeeplyFrozen(sealed)).toBe(true);
    expect(isDeeplyFrozen(decoded)).toBe(true);
  });

  it("keeps nothing of the caller's object", () => {
    const list = [1];
    const event = createEvent({ id: "1", actions: { stateDelta: { list } } });
    const encoded = encodeEvent(event);
    list.push(2);
    event.author = "changed";
    const sealed = sealEvent(encoded, 1);
    expect(sealed.actions.stateDelta["list"]).toEqual([1]);
    expect(sealed.author).toBe("");
    expect(Object.isFrozen(event)).toBe(false);
    expect(Object.isFrozen(list)).toBe(false);
  });

  it("leaves empty records out of the text, and an event without actions has them all the same", () => {
    const { data } = encodeEvent(
      createEvent({ id: "1", invocationId: "", author: "", timestamp: 5 }),
    );
    expect(data).toBe('{"v":1,"event":{"id":"1","invocationId":"","author":"","timestamp":5}}');
    const bare = { id: "1", invocationId: "", author: "", timestamp: 5 } as Event;
    expect(encodeEvent(bare).data).toBe(data);
    expect(decodeEvent(data, 1).actions).toEqual({
      stateDelta: {},
      artifactDelta: {},
      requestedAuthConfigs: {},
      requestedToolConfirmations: {},
    });
  });

  it("keeps an empty agent state and drops what is undefined", () => {
    const { decoded } = roundTrip(
      createEvent({ id: "1", branch: undefined, actions: { agentState: {}, escalate: undefined } }),
    );
    expect(decoded.actions.agentState).toEqual({});
    expect(Object.hasOwn(decoded, "branch")).toBe(false);
    expect(Object.hasOwn(decoded.actions, "escalate")).toBe(false);
  });

  it("takes temp: state out and hands it over", () => {
    const encoded = encodeEvent(
      createEvent({
        id: "1",
        actions: { stateDelta: { "temp:a": { b: 1 }, "app:temp:c": 2 } },
        stateRemoved: ["temp:x", "y"],
      }),
    );
    expect(encoded.temporary).toEqual({ "temp:a": { b: 1 } });
    expect(encoded.temporaryRemoved).toEqual(["temp:x"]);
    const decoded = decodeEvent(encoded.data, 1);
    expect(decoded.actions.stateDelta).toEqual({ "app:temp:c": 2 });
    expect(decoded.stateRemoved).toEqual(["y"]);
    expect(encoded.data).not.toContain('"temp:');
    const onlyTemp = encodeEvent(
      createEvent({ id: "1", actions: { stateDelta: { "temp:a": 1 } }, stateRemoved: ["temp:x"] }),
    );
    expect(onlyTemp.data).not.toContain("temp:");
    expect(sealEvent(onlyTemp, 1)).toEqual(decodeEvent(onlyTemp.data, 1));
  });

  it("gives equal text for equal events, whatever position they claim", () => {
    const event = createEvent({ id: "1", timestamp: 1 });
    expect(encodeEvent({ ...event, sequence: 9 }).data).toBe(encodeEvent(event).data);
  });

  it("writes bytes as base64 and names the path of what JSON cannot carry", () => {
    const data = new Uint8Array([1, 2, 3]) as unknown as string;
    const inlineData = { mimeType: "image/png", data };
    const { decoded } = roundTrip(createEvent({ id: "1", content: { parts: [{ inlineData }] } }));
    expect(decoded.content?.parts?.[0]?.inlineData?.data).toBe("AQID");
    const bad = createEvent({ id: "1", actions: { stateDelta: { a: { b: [0, 1n] } } } });
    expect(() => encodeEvent(bad)).toThrow(
      expect.objectContaining({
        code: "NOT_SERIALIZABLE",
        details: { path: "actions.stateDelta.a.b[1]" },
      }),
    );
  });

  it("measures bytes, not characters", () => {
    const event = createEvent({ id: "1", customMetadata: { text: "ü".repeat(100) } });
    const bytes = new TextEncoder().encode(encodeEvent(event).data).length;
    expect(() => encodeEvent(event, { maxEventBytes: bytes })).not.toThrow();
    expect(() => encodeEvent(event, { maxEventBytes: bytes - 1 })).toThrow(
      expect.objectContaining({
        code: "EVENT_TOO_LARGE",
        details: { bytes, maxEventBytes: bytes - 1 },
      }),
    );
  });

  it("says of a newer format that core must be updated, of another text that a decorator is missing", () => {
    expect(() => decodeEvent('{"v":2,"event":{}}', 4)).toThrow(/format 2.*Update @adk\/core/);
    for (const text of ["gibberish", "null", "7", '{"v":1}', '{"id":"1"}'])
      expect(() => decodeEvent(text, 4)).toThrow(
        expect.objectContaining({ code: "SCHEMA_MISMATCH" }),
      );
    expect(() => decodeEvent("secret-text", 4)).not.toThrow(/secret-text/);
  });
});

describe("encodeKept and decodeKept", () => {
  it("keeps whole events with their sequences", () => {
    const { sealed } = roundTrip(createEvent({ id: "1", author: "a" }), 12);
    const kept = decodeKept(encodeKept([sealed]));
    expect(kept).toEqual([sealed]);
    expect(isDeeplyFrozen(kept[0])).toBe(true);
  });
});
