import { describe, expect, it } from "vitest";
import { LlmAgent } from "../agents/llm-agent.ts";
import { SequentialAgent } from "../agents/sequential-agent.ts";
import { createEvent, type CreateEventParams, type Event } from "../events/event.ts";
import { selectAgent } from "./select-agent.ts";

const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

const leaf = new LlmAgent({ name: "leaf" });
const sub = new LlmAgent({ name: "sub", subAgents: [leaf] });
const stuck = new LlmAgent({ name: "stuck", disallowTransferToParent: true });
const below = new LlmAgent({ name: "below" });
const steps = new SequentialAgent({ name: "steps", subAgents: [below] });
const root = new LlmAgent({ name: "root", subAgents: [sub, stuck, steps] });

function says(author: string, more: CreateEventParams = {}): Event {
  return createEvent({ author, content: { role: "model", parts: [{ text: "x" }] }, ...more });
}

const handsOver = (author: string, transferToAgent: string): Event =>
  says(author, { actions: { transferToAgent } });

describe("selectAgent", () => {
  it.each<[string, Event[], string]>([
    ["an empty log: the root", [], "root"],
    ["only the user has spoken: the root", [says("user")], "root"],
    ["the agent that spoke last", [says("root"), says("sub"), says("user")], "sub"],
    ["also a deep one", [says("leaf")], "leaf"],
    ["one that cannot hand back is passed over", [says("sub"), says("stuck")], "sub"],
    ["one below a sequence too", [says("below")], "root"],
    ["the root, when it spoke last", [says("sub"), says("root")], "root"],
    ["an author that is no agent any more is passed over", [says("sub"), says("gone")], "sub"],
    ["an agent that was handed over to and has not spoken", [handsOver("root", "sub")], "sub"],
    ["not one that its author may not hand over to", [handsOver("root", "leaf")], "root"],
    ["not one that cannot hand back", [handsOver("root", "stuck")], "root"],
    [
      "an error without words does not count",
      [handsOver("root", "sub"), createEvent({ author: "sub", errorCode: "MODEL_FAILED" })],
      "sub",
    ],
    ["nor does an abort", [says("sub"), says("root", { errorCode: "INVOCATION_ABORTED" })], "sub"],
    ["an error with words does", [says("sub"), says("root", { errorCode: "SAFETY" })], "root"],
    [
      "nor the end of an agent",
      [says("sub"), says("root", { actions: { endOfAgent: true } })],
      "sub",
    ],
    ["nor a record", [says("sub"), says("root", { toolRecord: { callId: "c" } })], "sub"],
    [
      "nor what was rewound",
      [
        says("sub", { invocationId: "e-1" }),
        says("root", { invocationId: "e-2" }),
        createEvent({ author: "user", actions: { rewindBeforeInvocationId: "e-2" } }),
      ],
      "sub",
    ],
  ])("%s", (_what, events, expected) => {
    expect(selectAgent(root, events, logger).name).toBe(expected);
  });

  it("of a root that is a sequence is the root", () => {
    const one = new LlmAgent({ name: "one" });
    const top = new SequentialAgent({ name: "top", subAgents: [one] });
    expect(selectAgent(top, [says("one")], logger)).toBe(top);
  });
});
