import { describe, expect, it } from "vitest";
import { createEvent, type CreateEventParams, type Event } from "../events/event.ts";
import { agentRun, isFollowed } from "./agent-run.ts";
import { hasEscalated, openRequests } from "./run-span.ts";

function log(...events: CreateEventParams[]): Event[] {
  return events.map((event, index) =>
    createEvent({
      id: `${index}`,
      sequence: index + 1,
      invocationId: "e-1",
      author: "root",
      ...event,
    }),
  );
}

const call: CreateEventParams = {
  content: { role: "model", parts: [{ functionCall: { id: "c", name: "ask" } }] },
  longRunningToolIds: ["c"],
};
const answer: CreateEventParams = {
  author: "user",
  content: { role: "user", parts: [{ functionResponse: { id: "c", name: "ask" } }] },
};
const other: CreateEventParams = { author: "user", invocationId: "e-2" };
const rewind: CreateEventParams = {
  author: "user",
  invocationId: "e-3",
  actions: { rewindBeforeInvocationId: "e-2" },
};
const end: CreateEventParams = { actions: { endOfAgent: true } };

function startOf(events: readonly Event[]) {
  return { events, from: 0, invocationId: "e-1", agent: "root", branch: undefined };
}

describe("an agent's run on a log that was rewound", () => {
  const events = log(
    call,
    other,
    answer,
    { actions: { agentState: { at: 1 }, escalate: true } },
    end,
    { content: { role: "model", parts: [{ text: "after" }] } },
    rewind,
  );

  it("has what counts, and neither the end nor the checkpoint that were taken back", () => {
    expect(agentRun(startOf(events.slice(0, -1)))).toMatchObject({ endIndex: 4 });
    const run = agentRun(startOf(events));
    expect(run.events).toEqual(events.slice(0, 1));
    expect(run.endIndex).toBeUndefined();
    expect(run.checkpoint).toBeUndefined();
  });

  it("waits for the answer again, and has not escalated", () => {
    const span = startOf(events);
    expect([...openRequests({ ...span, events: events.slice(0, -1) }, 0)]).toEqual([]);
    expect([...openRequests(span, 0)]).toEqual(["c"]);
    expect(hasEscalated({ ...span, events: events.slice(0, -1) })).toBe(true);
    expect(hasEscalated(span)).toBe(false);
  });

  it("is not followed by what was taken back", () => {
    const after: CreateEventParams = { content: { role: "model", parts: [{ text: "after" }] } };
    const followed = log(end, other, after, rewind);
    expect(isFollowed(startOf(followed.slice(0, -1)), 0)).toBe(true);
    expect(isFollowed(startOf(followed), 0)).toBe(false);
    expect(isFollowed(startOf(log(end, other, after, rewind, after)), 0)).toBe(true);
  });
});
