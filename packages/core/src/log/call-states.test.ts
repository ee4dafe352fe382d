import { describe, expect, it } from "vitest";
import { createEvent, type CreateEventParams, type Event } from "../events/event.ts";
import { REQUEST_CONFIRMATION_FUNCTION_CALL_NAME } from "../events/framework-calls.ts";
import { callStates } from "./call-states.ts";

function log(...params: CreateEventParams[]): Event[] {
  return params.map((one, index) =>
    createEvent({ invocationId: "e-1", author: "clerk", ...one, sequence: index + 1 }),
  );
}

const calls = (...ids: string[]): CreateEventParams => ({
  content: {
    role: "model",
    parts: ids.map((id) => ({ functionCall: { id, name: id, args: {} } })),
  },
});
const record = (callId: string, response?: Record<string, unknown>): CreateEventParams => ({
  toolRecord: { callId, ...(response && { response }) },
});
const asksAbout = (callId: string): CreateEventParams => ({
  longRunningToolIds: [`ask-${callId}`],
  content: {
    role: "model",
    parts: [
      {
        functionCall: {
          id: `ask-${callId}`,
          name: REQUEST_CONFIRMATION_FUNCTION_CALL_NAME,
          args: { originalFunctionCall: { id: callId } },
        },
      },
    ],
  },
});
const approves = (callId: string): CreateEventParams => ({
  author: "user",
  content: {
    role: "user",
    parts: [{ functionResponse: { id: `ask-${callId}`, response: { confirmed: true } } }],
  },
});

describe("the states of calls", () => {
  it("know in which order records were left", () => {
    const states = callStates(log(calls("a", "b", "c"), record("b", {}), record("a", {})));
    const places = ["a", "b"].map((id) => states.calls.get(id)?.recordPlace ?? 0);
    expect(places[0]).toBeGreaterThan(places[1] ?? 0);
    expect(states.calls.get("c")?.record).toBeUndefined();
  });

  it("forget a record when somebody releases the call again", () => {
    const events = log(
      calls("a", "b"),
      record("a", { asked: true }),
      asksAbout("a"),
      approves("a"),
    );
    expect(callStates(events.slice(0, 3)).calls.get("a")?.record?.response).toEqual({
      asked: true,
    });
    const state = callStates(events).calls.get("a");
    expect([state?.record, state?.confirmation]).toEqual([undefined, { confirmed: true }]);
  });

  it("read a request for approval from the record of a call that waits", () => {
    const asking = log(calls("a"), {
      ...record("a"),
      actions: { requestedToolConfirmations: { a: { confirmed: false, hint: "Really?" } } },
    });
    expect(callStates(asking).calls.get("a")?.asksIn).toBe(asking[1]);
  });
});
