import { describe, expect, it } from "vitest";
import type { Part } from "../content/content.ts";
import { createEvent, type Event } from "../events/event.ts";
import { ScriptedLlm, type ScriptedTurn } from "../testing/scripted-llm.ts";
import { LlmEventSummarizer } from "./llm-event-summarizer.ts";

function says(author: string, ...parts: Part[]): Event {
  return createEvent({ author, timestamp: 5, content: { role: "model", parts } });
}

async function prompt(events: Event[]): Promise<string> {
  const llm = new ScriptedLlm({ turns: ["short"] });
  const summarizer = new LlmEventSummarizer({ llm, promptTemplate: "{conversation_history}" });
  await summarizer.maybeSummarizeEvents({ events });
  return llm.requests[0]?.contents[0]?.parts?.[0]?.text ?? "";
}

async function summarize(...turns: ScriptedTurn[]): Promise<Event | undefined> {
  const summarizer = new LlmEventSummarizer({ llm: new ScriptedLlm({ turns }) });
  const events = [says("user", { text: "hi" }), { ...says("root", { text: "ho" }), timestamp: 9 }];
  return await summarizer.maybeSummarizeEvents({ events });
}

describe("LlmEventSummarizer", () => {
  it("writes one line for each thing that was said or done", async () => {
    const text = await prompt([
      says("user", { text: "hello $& there" }),
      says("root", { text: "hm", thought: true }, { functionCall: { name: "f", args: { a: 1 } } }),
      says("root", { functionResponse: { name: "f", response: { b: [2] } } }),
      says("root", { text: "" }, { inlineData: { data: "AA==", mimeType: "image/png" } }),
      createEvent({ author: "root" }),
    ]);
    expect(text).toBe(
      [
        "user: hello $& there",
        "root (thought): hm",
        'root called tool: f({"a":1})',
        'Tool response from f: {"b":[2]}',
      ].join("\n"),
    );
  });

  it("cuts long arguments and responses", async () => {
    const response = { text: "x".repeat(3_000) };
    const text = await prompt([says("root", { functionResponse: { name: "f", response } })]);
    const whole = JSON.stringify(response);
    expect(text).toBe(
      `Tool response from f: ${whole.slice(0, 2_000)}... [truncated ${whole.length - 2_000} chars]`,
    );
  });

  it("asks in its own words, with the transcript in them", async () => {
    const llm = new ScriptedLlm({ turns: ["short"] });
    const summarizer = new LlmEventSummarizer({ llm });
    await summarizer.maybeSummarizeEvents({ events: [says("user", { text: "hi" })] });
    expect(llm.requests).toHaveLength(1);
    expect(llm.requests[0]).toMatchObject({ stream: false, systemInstruction: "", tools: [] });
    const text = llm.requests[0]?.contents[0]?.parts?.[0]?.text ?? "";
    for (const words of ["user: hi", "language", "asked for", "decided", "tools", "open"])
      expect(text).toContain(words);
  });

  it("gives the answer without thoughts, with what it cost", async () => {
    const found = await summarize({
      content: { role: "model", parts: [{ text: "hm", thought: true }, { text: "short" }] },
      usageMetadata: { totalTokenCount: 3 },
    });
    expect(found).toMatchObject({
      author: "user",
      usageMetadata: { totalTokenCount: 3 },
      actions: {
        compaction: {
          startTimestamp: 5,
          endTimestamp: 9,
          compactedContent: { role: "model", parts: [{ text: "short" }] },
        },
      },
    });
    expect(found?.content).toBeUndefined();
  });

  it("gives nothing where the model says nothing, or there is nothing to sum up", async () => {
    expect(await summarize([])).toBeUndefined();
    expect(await summarize({ content: { role: "model", parts: [] } })).toBeUndefined();
    const summarizer = new LlmEventSummarizer({ llm: new ScriptedLlm({ turns: [] }) });
    expect(await summarizer.maybeSummarizeEvents({ events: [] })).toBeUndefined();
  });

  it("fails with the model", async () => {
    await expect(summarize(new Error("down"))).rejects.toThrow("down");
    await expect(summarize({ errorCode: "SAFETY", errorMessage: "blocked" })).rejects.toMatchObject(
      { code: "MODEL_FAILED" },
    );
  });

  it("passes the signal on", async () => {
    let seen: AbortSignal | undefined;
    const llm = new ScriptedLlm({
      turns: [
        (_request, signal) => {
          seen = signal;
          return "short";
        },
      ],
    });
    const { signal } = new AbortController();
    const events = [says("user", { text: "hi" })];
    await new LlmEventSummarizer({ llm }).maybeSummarizeEvents({ events, abortSignal: signal });
    expect(seen).toBe(signal);
  });
});
