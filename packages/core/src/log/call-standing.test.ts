import { describe, expect, it } from "vitest";
import { createEvent, type CreateEventParams, type Event } from "../events/event.ts";
import { callStanding, loggedCalls } from "./call-standing.ts";

const NOW = 1_000;

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
const answers = (id: string, more: CreateEventParams = {}): CreateEventParams =>
  responds(id, { author: "user", ...more });
const seals = (id: string): CreateEventParams => responds(id, { errorCode: "INVOCATION_ABORTED" });
const rewinds = (rewindBeforeInvocationId: string): CreateEventParams => ({
  author: "user",
  invocationId: "e-rewind",
  actions: { rewindBeforeInvocationId },
});
const inside = (callId: string, event: CreateEventParams): CreateEventParams => ({
  toolRecord: { callId, event: createEvent({ author: "inner", ...event }) },
});
const until = (expiresAt: number): CreateEventParams =>
  asks("c", { pending: { c: { expiresAt } } });

describe("callStanding", () => {
  it.each<[string, CreateEventParams[], string]>([
    ["asked", [asks("c")], "waiting"],
    ["reported on by its tool", [asks("c"), responds("c")], "waiting"],
    ["answered", [asks("c"), answers("c")], "answered"],
    ["answered long ago", [asks("c"), answers("c"), asks("d"), {}], "answered"],
    ["sealed", [asks("c"), seals("c")], "answered"],
    ["asked again under its id", [asks("c"), answers("c"), asks("c")], "waiting"],
    ["in time", [until(NOW + 1)], "waiting"],
    ["too late", [until(NOW)], "expired"],
    ["answered in time", [until(NOW), answers("c")], "answered"],
    ["one that nobody made", [asks("d")], "unknown"],
    ["an answer without its call", [answers("c")], "unknown"],
    ["one that does not wait", [asks("c", { longRunningToolIds: [] })], "unknown"],
    ["of the user", [asks("c", { author: "user" })], "unknown"],
    ["rewound", [{}, asks("c", { invocationId: "e-2" }), rewinds("e-2")], "rewound"],
    [
      "rewound with its answer",
      [asks("c", { invocationId: "e-2" }), answers("c", { invocationId: "e-2" }), rewinds("e-2")],
      "rewound",
    ],
    [
      "answered by what was rewound",
      [asks("c"), answers("c", { invocationId: "e-2" }), rewinds("e-2")],
      "waiting",
    ],
    ["inside an agent tool", [inside("o", asks("c"))], "waiting"],
    ["answered there", [inside("o", asks("c")), answers("c")], "answered"],
    ["sealed with the agent tool", [inside("o", asks("c")), seals("o")], "answered"],
    ["beside one that was sealed", [inside("o", asks("c")), seals("p")], "waiting"],
  ])("%s", (_name, params, kind) => {
    expect(callStanding(log(...params), "c", NOW).kind).toBe(kind);
  });

  it("gives the call as it was logged", () => {
    const deep = createEvent({
      author: "deep",
      ...asks("c", { pending: { c: { expiresAt: 7 } } }),
    });
    const events = log(inside("outer", { toolRecord: { callId: "middle", event: deep } }));
    expect(callStanding(events, "c", 0)).toEqual({
      kind: "waiting",
      logged: {
        call: { id: "c", name: "ask", args: {} },
        event: deep,
        waits: true,
        pending: { expiresAt: 7 },
        via: "outer",
      },
    });
    expect([...loggedCalls(events[0] as Event)]).toHaveLength(1);
  });

  it("says until when a call could be answered", () => {
    expect(callStanding(log(until(5)), "c", NOW)).toEqual({ kind: "expired", expiresAt: 5 });
  });
});
