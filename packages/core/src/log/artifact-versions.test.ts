import { describe, expect, it } from "vitest";
import { createEvent, type CreateEventParams, type Event } from "../events/event.ts";
import { artifactVersions, savedVersions } from "./artifact-versions.ts";

function saves(artifactDelta: Record<string, number>, params: CreateEventParams = {}): Event {
  return createEvent({ invocationId: "e-1", ...params, actions: { artifactDelta } });
}

function versions(...events: Event[]): Record<string, number> {
  return Object.fromEntries(artifactVersions(events));
}

describe("artifactVersions", () => {
  it("is what was saved last, without what is the user's", () => {
    expect(versions(saves({ f: 0, "user:f": 3 }), saves({ g: 0 }), saves({ f: 1 }))).toEqual({
      f: 1,
      g: 0,
    });
  });

  it("counts records, those of agent tools too, as soon as they are there", () => {
    const record = createEvent({
      invocationId: "e-1",
      toolRecord: { callId: "c", actions: { artifactDelta: { f: 2 } } },
    });
    const nested = createEvent({
      invocationId: "e-1",
      toolRecord: {
        callId: "d",
        event: createEvent({ toolRecord: { callId: "e", event: saves({ g: 4 }) } }),
      },
    });
    expect(versions(record, nested)).toEqual({ f: 2, g: 4 });
  });

  it("is the highest one within an invocation: a response event says again what a record has said", () => {
    const record = createEvent({
      invocationId: "e-1",
      toolRecord: { callId: "c", actions: { artifactDelta: { f: 0 } } },
    });
    const other = saves({ f: 1 }, { invocationId: "e-2" });
    expect(versions(record, other, saves({ f: 0 }))).toEqual({ f: 1 });
    expect(versions(saves({ f: 1 }), saves({ f: 0 }))).toEqual({ f: 1 });
  });

  it("begins again when the artifact was deleted between two invocations", () => {
    expect(versions(saves({ f: 5 }), saves({ f: 0 }, { invocationId: "e-2" }))).toEqual({ f: 0 });
  });
});

describe("savedVersions", () => {
  it("names all of them", () => {
    const events = [saves({ f: 0 }), saves({ f: 1, "user:g": 0 }), saves({ f: 1 })];
    expect(savedVersions(events)).toEqual([
      { filename: "f", version: 0 },
      { filename: "f", version: 1 },
      { filename: "f", version: 1 },
    ]);
  });
});
