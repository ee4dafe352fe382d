import { describe, expect, it } from "vitest";
import { createEvent, type CreateEventParams, type Event } from "../events/event.ts";
import { advancePending, NO_PENDING_CALLS, pendingAfter, pendingCalls } from "./pending.ts";

function log(...params: CreateEventParams[]): Event[] {
  return params.map((one, index) =>
    createEvent({ invocationId: "e-1", author: "clerk", ...one, sequence: index + 1 }),
  );
}

const asks = (id: string, more: CreateEventParams = {}): CreateEventParams => ({
  content: { role: "model", parts: [{ functionCall: { id, name: "ask", args: {} } }] },
  longRunningToolIds: [id],
  ...more,
});
const responds = (id: string, more: CreateEventParams = {}): CreateEventParams => ({
  content: { role: "user", parts: [{ functionResponse: { id, name: "ask", response: {} } }] },
  ...more,
});
const waiting = (since: number, more: object = {}): object => ({
  since,
  agent: "clerk",
  name: "ask",
  ...more,
});

describe("pendingCalls", () => {
  it("keeps what is known of the beginning where the events begin in the middle of the invocation", () => {
    const known = pendingCalls(log({ author: "user" }, {}, asks("c")));
    const window = log({ author: "user" }, {}, asks("c")).slice(2);
    expect(pendingCalls(window)).toEqual({ c: waiting(3) });
    expect(pendingCalls(window, known)).toEqual({ c: waiting(1) });
  });

  it("waits from the call to the user's answer; the tool's own report is not the answer", () => {
    const events = log(
      { author: "user" },
      asks("c"),
      responds("c"),
      responds("c", { author: "user" }),
    );
    expect(pendingCalls(events.slice(0, 1))).toEqual({});
    expect(pendingCalls(events.slice(0, 2))).toEqual({ c: waiting(1) });
    expect(pendingCalls(events.slice(0, 3))).toEqual({ c: waiting(1) });
    expect(pendingCalls(events)).toEqual({});
  });

  it("does not count calls that do not wait", () => {
    expect(pendingCalls(log(asks("c", { longRunningToolIds: [] })))).toEqual({});
    expect(pendingCalls(log(asks("c", { longRunningToolIds: ["other"] })))).toEqual({});
  });

  it("says when it expires and what it takes", () => {
    const pending = { c: { expiresAt: 5, responseSchema: { type: "string" } } };
    expect(pendingCalls(log(asks("c", { pending })))).toEqual({
      c: waiting(1, { expiresAt: 5, responseSchema: { type: "string" } }),
    });
  });

  it("is sealed by an aborted invocation", () => {
    const events = log(asks("c"), responds("c", { errorCode: "INVOCATION_ABORTED" }));
    expect(pendingCalls(events)).toEqual({});
  });

  it("seals what waits inside an agent tool with its call", () => {
    const inner = createEvent({ author: "inner", ...asks("deep") });
    const record = { toolRecord: { callId: "outer", event: inner } };
    const sealed = responds("outer", { errorCode: "INVOCATION_ABORTED" });
    expect(Object.keys(pendingCalls(log(record, responds("outer"))))).toEqual(["deep"]);
    expect(pendingCalls(log(record, sealed))).toEqual({});
  });

  it("answers two branches with one message", () => {
    const answer: CreateEventParams = {
      author: "user",
      content: {
        parts: [
          { functionResponse: { id: "c", name: "ask" } },
          { functionResponse: { id: "d", name: "ask" } },
        ],
      },
    };
    const events = log(asks("c"), asks("d"), answer);
    expect(Object.keys(pendingCalls(events.slice(0, 2)))).toEqual(["c", "d"]);
    expect(pendingCalls(events)).toEqual({});
  });

  it("shows calls inside an agent tool's run, through the outermost call", () => {
    const inner = createEvent({ author: "inner", ...asks("deep") });
    const nested = createEvent({ toolRecord: { callId: "middle", event: inner } });
    const events = log({ author: "user" }, { toolRecord: { callId: "outer", event: nested } });
    expect(pendingCalls(events)).toEqual({ deep: { ...waiting(1), agent: "inner", via: "outer" } });
  });

  it("forgets what was rewound, and remembers what an answer that was rewound had answered", () => {
    const events = log(
      asks("c"),
      responds("c", { author: "user", invocationId: "e-2" }),
      asks("d", { invocationId: "e-2" }),
      { invocationId: "r", actions: { rewindBeforeInvocationId: "e-2" } },
    );
    expect(pendingCalls(events)).toEqual({ c: waiting(1) });
  });

  it("goes on from what is known of the time before", () => {
    const before = { old: { since: 1, agent: "clerk", name: "ask" } };
    const [, , answer] = log({}, {}, responds("old", { author: "user" }));
    expect(pendingCalls([], before)).toEqual(before);
    expect(pendingCalls([answer as Event], before)).toEqual({});
  });
});

describe("advancePending", () => {
  it("comes to what the whole fold says, event by event", () => {
    const events = log(
      { author: "user" },
      asks("c"),
      asks("d", { invocationId: "e-2" }),
      responds("c", { author: "user" }),
      { invocationId: "r", actions: { rewindBeforeInvocationId: "e-2" } },
      asks("e", { invocationId: "e-3" }),
    );
    let pending = NO_PENDING_CALLS;
    events.forEach((event, index) => {
      pending = advancePending(pending, event, events.slice(0, index));
      expect(pending).toEqual(pendingCalls(events.slice(0, index + 1)));
    });
    expect(Object.keys(pending)).toEqual(["c", "e"]);
  });

  it("gives the record itself back when nothing changes", () => {
    const [plain, answer] = log({}, responds("x", { author: "user" }));
    const pending = Object.freeze({ c: { since: 1, agent: "a", name: "n" } });
    expect(advancePending(pending, plain as Event, [])).toBe(pending);
    expect(advancePending(pending, answer as Event, [])).toBe(pending);
    expect(pendingAfter(pending, plain as Event, 1)).toBe(pending);
  });
});
