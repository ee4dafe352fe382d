import { describe, expect, it } from "vitest";
import { createEvent, type CreateEventParams, type Event } from "../events/event.ts";
import { afterAgentNode, agentRun, type RunStart } from "./agent-run.ts";

function log(...params: CreateEventParams[]): Event[] {
  return params.map((one, index) =>
    createEvent({ invocationId: "e-1", author: "clerk", ...one, sequence: index + 1 }),
  );
}

const says = (text: string, more: CreateEventParams = {}): CreateEventParams => ({
  content: { role: "model", parts: [{ text }] },
  ...more,
});
const ends: CreateEventParams = { actions: { endOfAgent: true } };

function start(events: readonly Event[], from: number): RunStart {
  return { events, from, invocationId: "e-1", agent: "clerk", branch: undefined };
}

describe("the run of an agent", () => {
  it("goes on behind its end only where the next one of the same agent begins", () => {
    const events = log({ author: "user" }, says("One."), ends, says("Two."), ends);
    const first = agentRun(start(events, 1));
    expect([first.events.length, first.endIndex, first.nextIndex]).toEqual([2, 2, 3]);
    const second = agentRun(start(events, first.nextIndex ?? 0));
    expect([second.events[0]?.content, second.endIndex]).toEqual([events[3]?.content, 4]);
    expect(agentRun(start(events, 5)).nextIndex).toBeUndefined();
  });

  it("keeps what afterAgentCallback said out of the next one", () => {
    const after = says("Bye.", { nodeInfo: afterAgentNode("clerk") });
    const events = log(says("One."), ends, { author: "other" }, after, says("Two."), ends);
    const first = agentRun(start(events, 0));
    expect([first.endIndex, first.nextIndex]).toEqual([1, 4]);
    expect(agentRun(start(events, 4)).events[0]?.content).toEqual(events[4]?.content);
  });
});
