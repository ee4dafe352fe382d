import { describe, expect, it } from "vitest";
import type { Event } from "@adk/core";
import type { Outcome } from "../src/drive.ts";
import { neutral } from "../src/neutral.ts";
import { numberIds } from "../src/number-ids.ts";

const ordered = { unordered: false };

function event(members: Partial<Event>): Event {
  const actions = {
    stateDelta: {},
    artifactDelta: {},
    requestedAuthConfigs: {},
    requestedToolConfirmations: {},
  };
  return {
    id: "event-1",
    invocationId: "invocation-1",
    author: "a",
    timestamp: 1,
    actions,
    ...members,
  };
}

function outcome(members: Partial<Outcome>): Outcome {
  return { steps: [], modelRequests: [], hooks: [], ...members };
}

describe("neutral", () => {
  it("drops what is empty or untold at every depth, and keeps list elements", () => {
    const state = { a: null, b: {}, c: [], d: { e: { f: [] } }, g: [null, {}, 0], h: "", i: false };
    const events = [event({ sequence: 3, partial: false, usageMetadata: {}, avgLogprobs: 1 })];
    expect(neutral(outcome({ session: { state, events } }), ordered)).toEqual({
      session: {
        state: { g: [null, {}, 0], h: "", i: false },
        events: [{ id: "$e1", invocationId: "$i1", author: "a", partial: false }],
      },
    });
  });

  it("leaves out records, and the actions of partial events", () => {
    const actions = { ...event({}).actions, stateDelta: { k: 1 } };
    const events = [
      event({ id: "record-1", toolRecord: { callId: "call-1" } }),
      event({ id: "event-2", partial: true, actions }),
      event({ id: "event-2", actions }),
    ];
    expect(neutral(outcome({ steps: [{ op: "run", events }] }), ordered)["steps"]).toEqual([
      {
        op: "run",
        events: [
          { id: "$e1", invocationId: "$i1", author: "a", partial: true },
          { id: "$e1", invocationId: "$i1", author: "a", actions: { stateDelta: { k: 1 } } },
        ],
      },
    ]);
  });

  it("numbers ids at first sight, the stored log first, in keys and texts too", () => {
    const call = { id: "call-1", name: "pay" };
    const asking = {
      id: "call-2",
      name: "adk_request_confirmation",
      args: { originalFunctionCall: call },
    };
    const stored = [
      event({ content: { role: "model", parts: [{ functionCall: call }] } }),
      event({
        id: "event-2",
        content: { role: "model", parts: [{ functionCall: asking }] },
        longRunningToolIds: ["call-2"],
        actions: {
          ...event({}).actions,
          requestedToolConfirmations: { "call-1": { confirmed: false, hint: "about call-1." } },
        },
      }),
      event({
        id: "event-3",
        invocationId: "invocation-2",
        actions: { ...event({}).actions, rewindBeforeInvocationId: "invocation-1" },
      }),
    ];
    const yielded = [event({ id: "event-0", invocationId: "invocation-0" }), ...stored.slice(1, 2)];
    const result = neutral(
      outcome({
        steps: [
          { op: "run", events: yielded, error: { message: "no call-1, no call-12, no xcall-1" } },
        ],
        session: { state: {}, events: stored },
      }),
      ordered,
    );
    expect(result["session"]).toEqual({
      events: [
        {
          id: "$e1",
          invocationId: "$i1",
          author: "a",
          content: { role: "model", parts: [{ functionCall: { id: "$c1", name: "pay" } }] },
        },
        {
          id: "$e2",
          invocationId: "$i1",
          author: "a",
          content: {
            role: "model",
            parts: [
              {
                functionCall: {
                  id: "$c2",
                  name: "adk_request_confirmation",
                  args: { originalFunctionCall: { id: "$c1", name: "pay" } },
                },
              },
            ],
          },
          longRunningToolIds: ["$c2"],
          actions: {
            requestedToolConfirmations: { $c1: { confirmed: false, hint: "about $c1." } },
          },
        },
        {
          id: "$e3",
          invocationId: "$i2",
          author: "a",
          actions: { rewindBeforeInvocationId: "$i1" },
        },
      ],
    });
    expect(result["steps"]).toMatchObject([
      {
        events: [{ id: "$e4", invocationId: "$i3" }, { id: "$e2" }],
        error: { message: "no $c1, no call-12, no xcall-1" },
      },
    ]);
  });

  it("drops the ids of calls and responses in what a model was asked", () => {
    const parts = [
      { functionCall: { id: "call-1", name: "f", args: { id: "mine" } } },
      { functionResponse: { id: "call-1", name: "f", response: { id: "mine" } } },
    ];
    const request = { agent: "a", contents: [{ role: "user", parts }], tools: [] };
    expect(neutral(outcome({ modelRequests: [request] }), ordered)["modelRequests"]).toEqual([
      {
        agent: "a",
        contents: [
          {
            role: "user",
            parts: [
              { functionCall: { name: "f", args: { id: "mine" } } },
              { functionResponse: { name: "f", response: { id: "mine" } } },
            ],
          },
        ],
      },
    ]);
    expect(parts[0]?.functionCall?.id).toBe("call-1");
  });
});

describe("numberIds", () => {
  it("changes nothing that is numbered in order", () => {
    const numbered = {
      session: {
        events: [
          { id: "$e1", author: "b" },
          { id: "$e2", author: "a", text: "see $e1" },
        ],
      },
    };
    expect(numberIds(numbered, ordered)).toEqual(numbered);
  });

  it("looks at events author by author when they may interleave", () => {
    const one = {
      session: {
        events: [
          { id: "x-1", author: "b" },
          { id: "x-2", author: "a" },
        ],
      },
    };
    expect(numberIds(one, { unordered: true })).toEqual({
      session: {
        events: [
          { id: "$e2", author: "b" },
          { id: "$e1", author: "a" },
        ],
      },
    });
  });

  it("does not take a short id for one inside a text", () => {
    const events = [
      { id: "1", author: "a", content: { parts: [{ functionCall: { id: "c", name: "f" } }] } },
    ];
    expect(
      numberIds({ session: { events }, hooks: [{ args: { q: "1 c, 1 d" } }] }, ordered),
    ).toEqual({
      session: {
        events: [
          {
            id: "$e1",
            author: "a",
            content: { parts: [{ functionCall: { id: "$c1", name: "f" } }] },
          },
        ],
      },
      hooks: [{ args: { q: "1 c, 1 d" } }],
    });
  });
});
