import { describe, expect, it } from "vitest";
import type { GenerateContentResponse, Part } from "../../content/content.ts";
import type { LlmResponse } from "../llm-response.ts";
import { StreamAggregator } from "./stream-aggregator.ts";

function chunk(parts: Part[], more: object = {}, beside: object = {}): GenerateContentResponse {
  return {
    candidates: [{ content: { role: "model", parts }, ...more }],
    ...beside,
  } as GenerateContentResponse;
}

const STOP = { finishReason: "STOP" };

function run(...chunks: GenerateContentResponse[]): {
  partials: LlmResponse[];
  whole: LlmResponse;
} {
  const aggregator = new StreamAggregator();
  const partials = chunks.flatMap((item) => aggregator.add(item) ?? []);
  return { partials, whole: aggregator.finish() };
}

describe("StreamAggregator", () => {
  it("merges texts of one kind and keeps the order of the parts", () => {
    const { partials, whole } = run(
      chunk([{ text: "let me ", thought: true }]),
      chunk([{ text: "think", thought: true }, { text: "Hel" }]),
      chunk([{ text: "lo", thought: false }]),
      chunk([{ functionCall: { name: "a", args: {} } }]),
      chunk([{ text: "after" }], STOP),
    );
    expect(partials).toHaveLength(5);
    expect(partials[1]).toMatchObject({
      partial: true,
      content: { role: "model", parts: [{ text: "think", thought: true }, { text: "Hel" }] },
    });
    expect(whole).toEqual({
      content: {
        role: "model",
        parts: [
          { text: "let me think", thought: true },
          { text: "Hello" },
          { functionCall: { name: "a", args: {} } },
          { text: "after" },
        ],
      },
      finishReason: "STOP",
    });
  });

  it("keeps signatures on the part they came with", () => {
    const { whole } = run(
      chunk([{ text: "a" }, { text: "b", thoughtSignature: "s1" }, { text: "c" }]),
      chunk([{ functionCall: { name: "f", args: {} }, thoughtSignature: "s2" }]),
      chunk([{ text: "", thoughtSignature: "s3" }], STOP),
    );
    expect(whole.content?.parts).toEqual([
      { text: "a" },
      { text: "b", thoughtSignature: "s1" },
      { text: "c" },
      { functionCall: { name: "f", args: {} }, thoughtSignature: "s2" },
      { text: "", thoughtSignature: "s3" },
    ]);
  });

  it("assembles calls from pieces, two after each other", () => {
    const { whole } = run(
      chunk([{ text: "Let me look." }]),
      chunk([
        { functionCall: { id: "1", name: "weather", willContinue: true }, thoughtSignature: "s" },
      ]),
      chunk([
        {
          functionCall: {
            partialArgs: [{ jsonPath: "$.city", stringValue: "Ber", willContinue: true }],
            willContinue: true,
          },
        },
      ]),
      chunk([
        {
          functionCall: {
            partialArgs: [
              { jsonPath: "$.city", stringValue: "lin" },
              { jsonPath: "$.days", numberValue: 2 },
            ],
            willContinue: true,
          },
        },
      ]),
      chunk([{ functionCall: {} }]),
      chunk([
        {
          functionCall: {
            name: "clock",
            args: { zone: "UTC" },
            partialArgs: [{ jsonPath: "$.exact", boolValue: true }],
          },
        },
      ]),
      chunk([{ functionCall: { name: "plain", args: { a: 1 } } }], STOP),
    );
    expect(whole.content?.parts).toEqual([
      { text: "Let me look." },
      {
        functionCall: { id: "1", name: "weather", args: { city: "Berlin", days: 2 } },
        thoughtSignature: "s",
      },
      { functionCall: { name: "clock", args: { zone: "UTC", exact: true } } },
      { functionCall: { name: "plain", args: { a: 1 } } },
    ]);
  });

  it("closes an open call when another begins and when the stream ends", () => {
    const { whole } = run(
      chunk([{ functionCall: { name: "a", willContinue: true } }]),
      chunk([{ functionCall: { name: "b", willContinue: true } }]),
      chunk([], STOP),
    );
    expect(whole.content?.parts).toEqual([
      { functionCall: { name: "a", args: {} } },
      { functionCall: { name: "b", args: {} } },
    ]);
  });

  it("drops empty texts and pieces of no call", () => {
    const { partials, whole } = run(
      chunk([{ text: "" }]),
      chunk([{ functionCall: { partialArgs: [{ jsonPath: "$.a", numberValue: 1 }] } }, {}], STOP),
    );
    expect(partials).toHaveLength(1);
    expect(whole).toEqual({ finishReason: "STOP" });
  });

  it("takes usage and metadata from the last chunk that has them", () => {
    const { partials, whole } = run(
      chunk(
        [{ text: "a" }],
        { groundingMetadata: { webSearchQueries: ["q"] } },
        { usageMetadata: { totalTokenCount: 1 }, modelVersion: "v" },
      ),
      chunk([], STOP, { usageMetadata: { totalTokenCount: 7 } }),
      { usageMetadata: { totalTokenCount: 8 } } as GenerateContentResponse,
    );
    expect(partials).toHaveLength(1);
    expect(whole).toEqual({
      content: { role: "model", parts: [{ text: "a" }] },
      groundingMetadata: { webSearchQueries: ["q"] },
      usageMetadata: { totalTokenCount: 8 },
      modelVersion: "v",
      finishReason: "STOP",
    });
  });

  it("reports how an answer stopped on the whole only, with its text", () => {
    const { partials, whole } = run(chunk([{ text: "half" }], { finishReason: "MAX_TOKENS" }));
    expect(partials[0]).not.toHaveProperty("errorCode");
    expect(whole).toMatchObject({
      content: { parts: [{ text: "half" }] },
      errorCode: "MAX_TOKENS",
      errorMessage: "The model stopped: MAX_TOKENS.",
    });
  });

  it("reports a blocked request", () => {
    const blocked = { promptFeedback: { blockReason: "SAFETY", blockReasonMessage: "unsafe" } };
    expect(run(blocked as GenerateContentResponse)).toEqual({
      partials: [],
      whole: { errorCode: "SAFETY", errorMessage: "unsafe" },
    });
  });

  it("refuses a stream that ends before the answer does", () => {
    expect(() => run(chunk([{ text: "half" }]))).toThrow(
      expect.objectContaining({ code: "MODEL_FAILED", retryable: true }),
    );
    expect(() => run()).toThrow(expect.objectContaining({ code: "MODEL_FAILED" }));
  });

  it("shares nothing between partial and whole", () => {
    const { partials, whole } = run(chunk([{ functionCall: { name: "a", args: { b: 1 } } }], STOP));
    partials[0]!.content!.parts![0]!.functionCall!.args!["b"] = 2;
    expect(whole.content?.parts?.[0]?.functionCall?.args).toEqual({ b: 1 });
  });
});
