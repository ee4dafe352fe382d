import { AdkError, createEvent, type Event } from "@adk/core";
import { describe, expect, it } from "vitest";
import { describeError } from "./describe-error.ts";
import { TextView } from "./text-view.ts";

function show(
  during: (view: TextView, wait: (ms: number) => void) => void,
  prompt?: () => void,
): string {
  let text = "";
  let now = 0;
  const view = new TextView({
    write: (piece) => (text += piece),
    mainAgent: "assistant",
    prompt,
    dim: (piece) => `<${piece}>`,
    now: () => now,
  });
  during(view, (ms) => (now += ms));
  return text;
}

function says(text: string, more: Partial<Event> = {}): Event {
  return createEvent({
    author: "assistant",
    content: { role: "model", parts: [{ text }] },
    ...more,
  });
}

describe("TextView", () => {
  it("shows a streamed answer once, tools as they happen, and what the turn took", () => {
    const text = show((view, wait) => {
      view.turnStarts("hello");
      view.event(says("Let me ", { partial: true }));
      view.event(says("see.", { partial: true }));
      const call = { functionCall: { name: "add", args: { a: 1 } } };
      const usageMetadata = { promptTokenCount: 10, candidatesTokenCount: 3 };
      view.event(
        createEvent({
          author: "assistant",
          content: { role: "model", parts: [{ text: "Let me see." }, call] },
          usageMetadata,
        }),
      );
      view.tool({ name: "add", args: { a: 1 } });
      wait(1_234);
      view.tool({ name: "add", args: { a: 1 }, ended: { ms: 4, response: { sum: 2 } } });
      view.event(says("It is 2.", { usageMetadata }));
      view.turnEnds();
    });
    expect(text).toBe(
      [
        "> hello",
        "Let me see.",
        '<  → add({"a":1})>',
        '<  ← add: {"sum":2} [4.0 ms]>',
        "It is 2.",
        "<  [26 tokens: 20 in, 6 out · 1.2 s]>",
        "",
      ].join("\n"),
    );
  });

  it("names the other agents, and leaves out thoughts", () => {
    const text = show(
      (view) => {
        view.ready();
        view.turnStarts("x");
        const thought = { role: "model", parts: [{ text: "hm", thought: true }, { text: "Yes." }] };
        view.event(createEvent({ author: "librarian", content: thought }));
      },
      () => {},
    );
    expect(text).toBe("librarian: Yes.\n");
  });

  it("shows a stop, an error of the answer, and a failure, each once", () => {
    const text = show((view) => {
      view.turnStarts("x");
      view.event(says("half an ans", { partial: true }));
      view.event(createEvent({ author: "assistant", errorCode: "INVOCATION_ABORTED" }));
      view.event(
        createEvent({ author: "assistant", errorCode: "SAFETY", errorMessage: "filtered" }),
      );
      view.turnEnds();
      view.turnStarts("y");
      view.event(createEvent({ errorCode: "MODEL_FAILED", errorMessage: "it broke" }));
      view.turnEnds(new Error("it broke"));
    });
    expect(text.replaceAll(/<.*>\n/g, "")).toBe(
      "> x\nhalf an ans\n(stopped)\nfiltered\n> y\nError: it broke\n",
    );
  });

  it("lets no model steer the terminal", () => {
    const text = show((view) => {
      view.turnStarts("x");
      view.event(says("\u001b[2Ja\tb\u0007\nc\u009b1m"));
      view.turnEnds(new Error("\u001b]0;title\u0007"));
    });
    expect(text).toContain("[2Ja\tb\nc1m");
    expect(text.replaceAll(/[\n\t]/g, "")).not.toMatch(/\p{Cc}/u);
  });
});

describe("describeError", () => {
  it("is one line, whatever was thrown", () => {
    expect(describeError("text")).toBe("text");
    expect(describeError(new TypeError("a\n  b"))).toBe("TypeError: a b");
  });

  it("says what is behind an error, down to the last cause", () => {
    const tried = Object.assign(new AggregateError([], ""), { code: "ECONNREFUSED" });
    const cause = new TypeError("fetch failed", { cause: tried });
    const error = new AdkError("MODEL_FAILED", "No answer.", { cause });
    expect(describeError(error)).toBe("MODEL_FAILED: No answer. (fetch failed: ECONNREFUSED)");
    expect(describeError(new AdkError("CLOSED", "Closed."))).toBe("CLOSED: Closed.");
  });
});
