import { describe, expect, it } from "vitest";
import { createEvent, type CreateEventParams, type Event } from "../events/event.ts";
import { nextStep, type Step, type StepRequest } from "./next-step.ts";

function step(events: Event[], { waiting = [], ...more }: Options = {}): Step {
  return nextStep({
    events,
    waiting: new Set(waiting),
    resumable: false,
    openedAt: 0,
    now: 0,
    ...more,
  });
}
interface Options extends Partial<Omit<StepRequest, "events" | "waiting">> {
  waiting?: string[];
}

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
    expect(step([])).toEqual({ kind: "model" });
  });

  it("makes the calls of the oldest event whose calls have no response", () => {
    const [first, second] = [call("1"), call("2")];
    expect(step([first, second])).toMatchObject({ kind: "tools", event: first });
    expect(step([first, second, response("1")])).toMatchObject({ kind: "tools", event: second });
  });

  it("makes only the calls that are open, of an earlier process in a resumable app alone", () => {
    const both = text({
      id: "m",
      sequence: 3,
      content: {
        role: "model",
        parts: ["1", "2"].map((id) => ({ functionCall: { id: `c-${id}`, name: "t" } })),
      },
    });
    const resumed = step([both, response("1")], { resumable: true, openedAt: 9 });
    expect(resumed.kind === "tools" && resumed.calls.map(({ call: { id } }) => id)).toEqual([
      "c-2",
    ]);
    expect(step([both, response("1")], { openedAt: 9 }).kind).toBe("model");
    expect(step([both, response("1")], { openedAt: 2 }).kind).toBe("tools");
  });

  it("asks the model again after a response, and ends after a text", () => {
    expect(step([call("1"), response("1")])).toEqual({ kind: "model" });
    expect(step([text()])).toEqual({ kind: "end" });
  });

  it("ends after a transfer, and where summarizing is to be skipped", () => {
    const end = (actions: CreateEventParams["actions"]) =>
      step([call("1"), response("1", actions ? { actions } : {})]).kind;
    expect(end({ transferToAgent: "b" })).toBe("end");
    expect(end({ skipSummarization: true })).toBe("end");
  });

  it("says the structured answer of a response, once", () => {
    const answered = response("1", { actions: { setModelResponse: { a: 1 } } });
    expect(step([call("1"), answered])).toEqual({ kind: "answer", value: { a: 1 } });
    expect(step([call("1"), answered, text()]).kind).toBe("end");
  });

  it("ends where a call waits without a response, goes on where there is one", () => {
    const waits = call("1", { longRunningToolIds: ["c-1"] });
    expect(step([waits], { waiting: ["c-1"] }).kind).toBe("end");
    expect(step([waits, response("1")]).kind).toBe("model");
    const record = text({ toolRecord: { callId: "c-1" } });
    delete record.content;
    expect(step([waits, record], { resumable: true }).kind).toBe("end");
  });

  it("makes the calls of an event even if a text came after it", () => {
    expect(step([call("1"), text()]).kind).toBe("tools");
  });

  it("takes no notice of the failure of an earlier attempt", () => {
    const failed = createEvent({
      author: "a",
      errorCode: "MODEL_FAILED",
      nodeInfo: { path: "a@failed" },
    });
    expect(step([call("1"), response("1"), failed]).kind).toBe("model");
  });
});
