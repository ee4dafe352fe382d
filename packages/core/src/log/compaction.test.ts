import { describe, expect, it } from "vitest";
import { createEvent, type CreateEventParams, type Event } from "../events/event.ts";
import { compactedEvents } from "./compacted-events.ts";
import { lastPromptTokens, planTokens, type PlanRequest, planWindow } from "./compaction.ts";
import { pendingCalls } from "./pending.ts";
import { liveEvents } from "./rewind.ts";
import { standingSummaries } from "./summaries.ts";
import { logWindow } from "./window.ts";

/**
 * A log of words, one an event: `q1` is a user's message that opens invocation 1, `a1` an agent's text in it; `c1.x` makes call
 * x, `w1.x` one that waits, `r1.x` is the agent's response to it, `u1.x` the user's; `s2-5` is a summary of 2 to 5; `<2` rewinds
 * to before invocation 2; `k1` is a tool record.
 */
function log(text: string): Event[] {
  return text.split(" ").map((word, index) => {
    const params = paramsOf(word);
    return Object.freeze({
      ...createEvent({ id: word, timestamp: 1_000 + index, author: "agent", ...params }),
      sequence: index + 1,
    });
  });
}

function paramsOf(word: string): CreateEventParams {
  const [head = "", id] = word.slice(1).split(".");
  const invocationId = `e-${head}`;
  const text = (role: string): CreateEventParams => ({
    invocationId,
    content: { role, parts: [{ text: word }] },
  });
  switch (word[0]) {
    case "q":
      return { ...text("user"), author: "user" };
    case "a":
      return text("model");
    case "c":
    case "w":
      return {
        invocationId,
        content: { role: "model", parts: [{ functionCall: { id: id ?? "", name: "f" } }] },
        ...(word.startsWith("w") ? { longRunningToolIds: [id ?? ""] } : {}),
      };
    case "r":
    case "u":
      return {
        invocationId,
        ...(word.startsWith("u") ? { author: "user" } : {}),
        content: {
          role: "user",
          parts: [{ functionResponse: { id: id ?? "", name: "f", response: {} } }],
        },
      };
    case "s": {
      const [from = 0, to = 0] = word.slice(1).split("-").map(Number);
      return {
        author: "user",
        invocationId: word,
        compactedSequences: { from, to },
        actions: {
          compaction: {
            startTimestamp: 999 + from,
            endTimestamp: 999 + to,
            compactedContent: { role: "model", parts: [{ text: word }] },
          },
        },
      };
    }
    case "<":
      return {
        author: "user",
        invocationId: word,
        actions: { rewindBeforeInvocationId: `e-${word.slice(1)}` },
      };
    default:
      return { invocationId, toolRecord: { callId: "k" } };
  }
}

function request(events: Event[], current: string): PlanRequest {
  return { events, pendingCalls: pendingCalls(events), invocationId: `e-${current}`, now: 5_000 };
}

function idsOf(events: readonly Event[] | undefined): string {
  return (events ?? []).map(({ id }) => id).join(" ");
}

describe("planWindow", () => {
  it.each([
    ["too few invocations", "q1 a1", "1", 2, 0, ""],
    ["the first two", "q1 a1 q2 a2", "2", 2, 1, "q1 a1 q2 a2"],
    ["those that no summary has seen", "q1 a1 s1-2 q2 a2", "2", 1, 0, "q2 a2"],
    ["and one from before", "q1 a1 q2 a2 s1-4 q3 a3", "3", 1, 1, "q2 a2 q3 a3"],
    ["and more than there are", "q1 a1 s1-2 q2 a2", "2", 1, 9, "q1 a1 q2 a2"],
    ["not yet again", "q1 a1 s1-2 q2 a2", "2", 2, 1, ""],
    ["without records", "q1 k1 a1", "1", 1, 0, "q1 a1"],
    ["without what was rewound", "q1 a1 q2 a2 <2 q3 a3", "3", 2, 0, "q1 a1 q3 a3"],
    ["a call and its response", "q1 c1.x r1.x a1", "1", 1, 0, "q1 c1.x r1.x a1"],
    ["up to a call that waits", "q1 a1 q2 w2.x r2.x a2 q3 a3", "3", 2, 0, "q1 a1 q2"],
    ["nothing but the overlap", "q1 a1 s1-2 w2.x q3 a3", "3", 1, 1, ""],
    ["an answered call", "q1 w1.x q2 a2 u1.x a1", "1", 2, 0, "q1 w1.x q2 a2 u1.x a1"],
    ["a dead call of an older invocation", "q1 c1.x q2 a2", "2", 2, 0, "q1 c1.x q2 a2"],
    ["up to an open call of this invocation", "q1 a1 q2 c2.x", "2", 2, 0, "q1 a1 q2"],
    ["the same id again", "q1 c1.x r1.x q2 c2.x r2.x", "2", 2, 0, "q1 c1.x r1.x q2 c2.x r2.x"],
    [
      "an old invocation that went on",
      "q1 w1.x q2 a2 s1-4 u1.x a1",
      "1",
      1,
      0,
      "q1 w1.x q2 a2 u1.x a1",
    ],
  ])("%s", (_title, text, current, compactionInterval, overlapSize, expected) => {
    const plan = planWindow(request(log(text), current), { compactionInterval, overlapSize });
    expect(idsOf(plan?.events)).toBe(expected);
  });

  it("says where the range is, by sequence and by time", () => {
    const plan = planWindow(request(log("q1 a1 s1-2 q2 k2 a2"), "2"), {
      compactionInterval: 1,
      overlapSize: 0,
    });
    expect(plan).toMatchObject({
      from: 4,
      to: 6,
      startTimestamp: 1_003,
      endTimestamp: 1_005,
      id: "compaction-4-6",
    });
  });

  it("gives another id after a rewind, which may have taken the first summary back", () => {
    const plan = planWindow(request(log("q1 a1 q2 a2 s1-2 <2 q3 a3"), "3"), {
      compactionInterval: 1,
      overlapSize: 0,
    });
    expect(plan?.id).toBe("compaction-1-8-6");
  });
});

describe("planTokens", () => {
  it.each([
    ["no more than is retained", "q1 a1", 2, ""],
    ["everything", "q1 a1", 0, "q1 a1"],
    ["all but the newest", "q1 a1 q2 a2", 1, "q1 a1 q2"],
    ["no call apart from its response", "q1 c1.x r1.x", 1, "q1"],
    ["nothing where that is impossible", "c1.x q1 r1.x", 2, ""],
    ["the last summary in front", "q1 a1 s1-2 q2 a2 q3 a3", 1, "s1-2 q2 a2 q3"],
    ["the latest of several", "q1 a1 q2 a2 s1-2 s3-4 q3 a3 q4", 1, "s3-4 q3 a3"],
    ["nothing that waits", "q1 a1 w1.x q2 a2 q3 a3", 1, "q1 a1"],
  ])("%s", (_title, text, eventRetentionSize, expected) => {
    const plan = planTokens(request(log(text), "9"), { eventRetentionSize });
    expect(idsOf(plan?.events)).toBe(expected);
  });

  it("covers what the last summary covered", () => {
    const plan = planTokens(request(log("q1 a1 s1-2 q2 a2"), "2"), { eventRetentionSize: 0 });
    expect(plan).toMatchObject({ from: 1, to: 5, startTimestamp: 1_000, endTimestamp: 1_004 });
    expect(plan?.events[0]).toMatchObject({
      author: "model",
      timestamp: 1_000,
      content: { role: "model", parts: [{ text: "s1-2" }] },
    });
  });

  it("leaves branches that are under way alone", () => {
    const events = log("q1 a1 q2 a2 a2").map((event, index) =>
      index > 2 ? { ...event, branch: "left" } : event,
    );
    const plan = planTokens(request(events, "2"), { eventRetentionSize: 0, beforeBranches: true });
    expect(idsOf(plan?.events)).toBe("q1 a1 q2");
  });

  it("stops at a request for confirmation that waits, though its call has got a response", () => {
    const [question, call, response, , last] = log("q1 c1.x r1.x a1 a1") as [
      Event,
      Event,
      Event,
      Event,
      Event,
    ];
    const asked = {
      ...response,
      actions: {
        ...response.actions,
        requestedToolConfirmations: { x: { confirmed: false } },
      },
    };
    const args = { originalFunctionCall: { id: "x" } };
    const request_ = {
      ...(log("a1")[0] as Event),
      sequence: 4,
      longRunningToolIds: ["y"],
      content: {
        role: "model",
        parts: [{ functionCall: { id: "y", name: "adk_request_confirmation", args } }],
      },
    };
    const events = [question, call, asked, request_, last];
    const plan = planTokens(request(events, "9"), { eventRetentionSize: 0 });
    expect(idsOf(plan?.events)).toBe("q1");
  });

  it("leaves requests for credentials out of what is summed up", () => {
    const events = log("q1 c1.x r1.x a1").map((event) =>
      event.id === "c1.x"
        ? {
            ...event,
            content: {
              role: "model",
              parts: [{ functionCall: { id: "x", name: "adk_request_credential" } }],
            },
          }
        : event,
    );
    const plan = planTokens(request(events, "9"), { eventRetentionSize: 0 });
    expect(idsOf(plan?.events)).toBe("q1 r1.x a1");
    expect(plan).toMatchObject({ from: 1, to: 4 });
  });

  it("does not wait for what has expired", () => {
    const events = log("q1 w1.x a1 q2 a2");
    const waiting = { x: { since: 1, agent: "agent", name: "f", expiresAt: 4_999 } };
    const plan = planTokens(
      { ...request(events, "2"), pendingCalls: waiting },
      { eventRetentionSize: 0 },
    );
    expect(idsOf(plan?.events)).toBe("q1 w1.x a1 q2 a2");
  });
});

describe("lastPromptTokens", () => {
  const counted = (event: Event, promptTokenCount: number): Event => ({
    ...event,
    usageMetadata: { promptTokenCount },
  });

  it("is the newest count since the last summary, of one agent or of any", () => {
    const [q1, a1, a2] = log("q1 a1 a1") as [Event, Event, Event];
    const events = [q1, counted(a1, 5), counted({ ...a2, author: "other" }, 7)];
    expect(lastPromptTokens(events)).toBe(7);
    expect(lastPromptTokens(events, "agent")).toBe(5);
    expect(lastPromptTokens([...events, ...log("s1-2")])).toBeUndefined();
  });
});

describe("standingSummaries", () => {
  it.each([
    ["one that covers another", "q1 a1 s1-2 q2 a2 s1-5", "s1-5"],
    ["the later one of two equal ones", "q1 a1 s1-2 s1-2", "s1-2"],
    ["both where they overlap", "q1 a1 q2 s1-2 a2 s2-5", "s1-2 s2-5"],
    ["none that was taken back", "q1 a1 q2 s1-3 <2", ""],
    ["none whose last event was taken back before", "q1 a1 q2 a2 <2 s1-4", ""],
    ["one whose last event came before what was taken back", "q1 a1 q2 a2 <2 s1-2", "s1-2"],
    ["one that spans what was taken back", "q1 a1 q2 a2 <2 q3 a3 s1-7", "s1-7"],
  ])("are %s", (_title, text, expected) => {
    const events = log(text);
    const standing = standingSummaries(events, liveEvents(events));
    expect(idsOf(standing.map(({ event }) => event))).toBe(expected);
  });

  it("reads the times of summaries that know no sequences", () => {
    const events = log("q1 a1 q2 a2 s2-3");
    const [summary] = events.splice(4, 1) as [Event];
    const { compactedSequences: _, ...python } = summary;
    const [found] = standingSummaries([...events, python], [...events, python]);
    expect(found).toMatchObject({ from: 2, to: 3 });
  });
});

describe("compactedEvents", () => {
  function read(text: string): string {
    const events = log(text);
    return idsOf(compactedEvents(events, liveEvents(events), "reader").events);
  }

  it.each([
    ["nothing was summed up", "q1 a1", "q1 a1"],
    ["a summary in the place of its events", "q1 a1 q2 a2 s1-2 q3", "s1-2 q2 a2 q3"],
    ["overlapping ones, in the order of their ends", "q1 a1 q2 s1-2 a2 s2-5 q3", "s1-2 s2-5 q3"],
    ["a call whose response is left", "q1 c1.x a1 s1-3 q2 u1.x", "s1-3 q2 c1.x u1.x"],
    ["nothing twice", "q1 c1.x s1-2 u1.x q2 u1.x", "s1-2 c1.x u1.x q2 u1.x"],
  ])("%s", (_title, text, expected) => {
    expect(read(text)).toBe(expected);
  });

  it("takes up the responses of the siblings too", () => {
    const events = log("q1 c1.x r1.y s1-3 u1.x");
    const content = {
      role: "model",
      parts: [{ functionCall: { id: "x", name: "f" } }, { functionCall: { id: "y", name: "f" } }],
    };
    events[1] = { ...(events[1] as Event), content };
    expect(idsOf(compactedEvents(events, events, "reader").events)).toBe("s1-3 c1.x r1.y u1.x");
  });

  it("attributes summaries to who reads them", () => {
    const events = log("q1 a1 s1-2");
    const [summary] = compactedEvents(events, events, "reader").events;
    expect(summary).toMatchObject({
      author: "reader",
      content: { role: "model", parts: [{ text: "s1-2" }] },
    });
  });
});

describe("logWindow", () => {
  function window(
    text: string,
    options: { overlapSize?: number; open?: string; from?: number; older?: number[] } = {},
  ): string {
    const events = log(text);
    const { overlapSize = 0, open, from = 1, older = [] } = options;
    const found = logWindow({
      events: events.slice(from - 1),
      older: older.map((sequence) => events[sequence - 1] as Event),
      pendingCalls: pendingCalls(events),
      overlapSize,
      openInvocationId: open === undefined ? undefined : `e-${open}`,
      decidingEvent: (before) => before.findLast(({ author }) => author === "agent"),
    });
    if (!found) return "all";
    const first = events[found.windowFrom - 1]?.id ?? "end";
    return `${idsOf(found.kept)} | ${first}`;
  }

  it.each([
    ["everything without a summary", "q1 a1 q2", {}, "all"],
    ["what follows the summary", "q1 a1 s1-2", {}, "a1 | s1-2"],
    ["what it left", "q1 a1 q2 a2 s1-2", {}, "a1 | q2"],
    ["the overlap before it", "q1 a1 q2 a2 s1-4", { overlapSize: 1 }, "a1 | q2"],
    ["the overlap before what is new", "q1 a1 q2 a2 s1-4 q3 a3", { overlapSize: 1 }, "a1 | q2"],
    ["the start of an open invocation", "q1 a1 q2 a2 s1-4 a2", { open: "2" }, "a1 | q2"],
    ["summaries from before", "q1 a1 s1-2 q2 a2 s4-5 q3", {}, "s1-2 a2 | s4-5"],
    ["not those that another covers", "q1 a1 s1-2 q2 a2 s1-5 q3", {}, "a2 | s1-5"],
    ["calls that wait", "q1 w1.x a1 s1-3 q2", {}, "w1.x a1 | s1-3"],
    ["calls whose responses come later", "q1 c1.x a1 s1-3 u1.x", {}, "c1.x a1 | s1-3"],
    [
      "what was kept already",
      "q1 a1 s1-2 q2 a2 s4-5 q3",
      { from: 6, older: [2, 3] },
      "a1 s1-2 | s4-5",
    ],
    ["what was rewound since", "q1 a1 s1-2 q2 a2 <2 q3", {}, "a1 | s1-2"],
  ])("%s", (_title, text, options, expected) => {
    expect(window(text, options)).toBe(expected);
  });
});
