import { describe, expect, it } from "vitest";
import type { GenerateContentResponse } from "../../content/content.ts";
import { toResponse } from "./to-response.ts";

const parts = [{ text: "hi" }];

describe("toResponse", () => {
  it.each([
    [
      "an answer",
      { candidates: [{ content: { parts }, finishReason: "STOP" }] },
      { content: { role: "model", parts }, finishReason: "STOP" },
    ],
    [
      "no content",
      { candidates: [{ content: { parts: [] }, finishReason: "STOP" }] },
      { finishReason: "STOP" },
    ],
    ["nothing", {}, {}],
    [
      "an answer that stopped",
      { candidates: [{ content: { parts }, finishReason: "MAX_TOKENS" }] },
      {
        errorCode: "MAX_TOKENS",
        errorMessage: "The model stopped: MAX_TOKENS.",
        content: { role: "model", parts },
      },
    ],
    [
      "an answer that was stopped with words",
      { candidates: [{ finishReason: "SAFETY", finishMessage: "no" }] },
      { errorCode: "SAFETY", errorMessage: "no" },
    ],
    [
      "a blocked request",
      { promptFeedback: { blockReason: "OTHER" } },
      { errorCode: "OTHER", errorMessage: "The request was blocked: OTHER." },
    ],
    ["feedback that blocks nothing", { promptFeedback: {} }, {}],
    [
      "all the rest",
      {
        candidates: [
          {
            content: { parts },
            avgLogprobs: -1,
            logprobsResult: {},
            citationMetadata: { citations: [] },
            groundingMetadata: {},
          },
        ],
        usageMetadata: { totalTokenCount: 1 },
        modelVersion: "v",
      },
      {
        content: { role: "model", parts },
        avgLogprobs: -1,
        logprobsResult: {},
        citationMetadata: { citations: [] },
        groundingMetadata: {},
        usageMetadata: { totalTokenCount: 1 },
        modelVersion: "v",
      },
    ],
  ])("%s", (_, response, expected) => {
    const result = toResponse(response as unknown as GenerateContentResponse);
    expect(result).toMatchObject(expected);
    expect(
      Object.keys(result).filter((name) => !(name in expected) && name !== "finishReason"),
    ).toEqual([]);
  });
});
