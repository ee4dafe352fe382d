import { describe, expect, it } from "vitest";
import { createEvent, type CreateEventParams, type Event } from "../events/event.ts";
import { nextStep } from "./next-step.ts";

const NONE: ReadonlySet<string> = new Set();

function text(more: CreateEventParams = {}): Event {
  return createEvent({ author: "a", content: { role: "model", parts: [{ text: "x" }] }, ...more });
}
function call(id: string, more: CreateEventParams = {}): Event {
  return text({
    id,
    content: { role: "model", parts: [{ functionCall: { id: `c-${id}`, name: "t" } }] },
    ...more,
  });
}
function response(id: string, more: CreateEventParams = {}): Event {
  return text({
    content: {
      role: "user",
      parts: [{ functionResponse: { id: `c-${id}`, name: "t", response: {} } }],
    },
    ...more,
  });
}

describe("nextStep", () => {
  it("asks the model when nothing has happened yet", () => {
    expect(nextStep([], NONE)).toEqual({ kind: "model" });
  });

  it("makes the calls of the oldest event whose calls were not made", () => {
    const [first, second] = [call("1"), call("2")];
    expect(nextStep([first, second], NONE)).toEqual({ kind: "tools", event: first });
    expect(nextStep([first, second, response("1")], new Set(["1"]))).toEqual({
      kind: "tools",
      event: second,
    });
  });

  it("asks the model again after a response, and ends after a text", () => {
    expect(nextStep([call("1"), response("1")], new Set(["1"]))).toEqual({ kind: "model" });
    expect(nextStep([text()], NONE)).toEqual({ kind: "end" });
  });

  it("ends after a transfer, and where summarizing is to be skipped", () => {
    const executed = new Set(["1"]);
    expect(
      nextStep([call("1"), response("1", { actions: { transferToAgent: "b" } })], executed).kind,
    ).toBe("end");
    expect(
      nextStep([call("1"), response("1", { actions: { skipSummarization: true } })], executed).kind,
    ).toBe("end");
  });

  it("ends where a call waits without a response, goes on where there is one", () => {
    const waits = call("1", { longRunningToolIds: ["c-1"] });
    const executed = new Set(["1"]);
    expect(nextStep([waits], executed).kind).toBe("end");
    expect(nextStep([waits, response("1")], executed).kind).toBe("model");
  });

  it("makes the calls of an event even if a text came after it", () => {
    expect(nextStep([call("1"), text()], NONE).kind).toBe("tools");
  });
});
