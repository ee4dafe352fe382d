import { describe, expect, it } from "vitest";
import { deepFreeze } from "../../internal/json.ts";
import type { LlmRequest } from "../llm-request.ts";
import { toRequest } from "./to-request.ts";

const { signal } = new AbortController();

function makeRequest(more: Partial<LlmRequest> = {}): LlmRequest {
  return deepFreeze({ contents: [], liveConnectConfig: {}, toolsDict: {}, ...more });
}

describe("toRequest", () => {
  it("asks for something when nothing was asked, and to go on when the model spoke last", () => {
    const options = { model: "m", vertexai: false, signal };
    const empty = toRequest(makeRequest(), options);
    expect(empty.contents).toEqual([{ role: "user", parts: [{ text: expect.any(String) }] }]);
    const contents = [{ role: "model", parts: [{ text: "hi" }] }];
    const after = toRequest(makeRequest({ contents }), options);
    expect(after.contents).toEqual([
      ...contents,
      { role: "user", parts: [{ text: expect.any(String) }] },
    ]);
    const asked = [{ role: "user", parts: [{ text: "hi" }] }];
    expect(toRequest(makeRequest({ contents: asked }), options).contents).toEqual(asked);
  });

  it("takes our ids off calls and responses, and leaves the model's own", () => {
    const contents = [
      {
        role: "model",
        parts: [
          { functionCall: { id: "adk-1", name: "a", args: {} }, thoughtSignature: "s" },
          { functionCall: { id: "own", name: "b", args: {} } },
        ],
      },
      {
        role: "user",
        parts: [
          { functionResponse: { id: "adk-1", name: "a", response: {} } },
          { functionResponse: { id: "own", name: "b", response: {} } },
        ],
      },
    ];
    expect(
      toRequest(makeRequest({ contents }), { model: "m", vertexai: true, signal }).contents,
    ).toEqual([
      {
        role: "model",
        parts: [
          { functionCall: { name: "a", args: {} }, thoughtSignature: "s" },
          { functionCall: { id: "own", name: "b", args: {} } },
        ],
      },
      {
        role: "user",
        parts: [
          { functionResponse: { name: "a", response: {} } },
          { functionResponse: { id: "own", name: "b", response: {} } },
        ],
      },
    ]);
    expect(contents[0]?.parts[0]).toMatchObject({ functionCall: { id: "adk-1" } });
  });

  it("sends labels and display names to Vertex AI only", () => {
    const inlineData = { data: "", mimeType: "text/plain", displayName: "n" };
    const fileData = { fileUri: "gs://b/o", displayName: "n" };
    const request = makeRequest({
      contents: [{ role: "user", parts: [{ inlineData }, { fileData }] }],
      config: { labels: { a: "b" } },
    });
    const vertex = toRequest(request, { model: "m", vertexai: true, signal });
    expect(vertex.config.labels).toEqual({ a: "b" });
    expect(vertex.contents).toEqual(request.contents);
    const developer = toRequest(request, { model: "m", vertexai: false, signal });
    expect(developer.config).not.toHaveProperty("labels");
    expect(developer.contents).toEqual([
      {
        role: "user",
        parts: [
          { inlineData: { data: "", mimeType: "text/plain" } },
          { fileData: { fileUri: "gs://b/o" } },
        ],
      },
    ]);
  });

  it("sends the request's model and config, with our signal and without automatic calls", () => {
    const own = async (): Promise<Response> => new Response();
    const request = makeRequest({
      model: "other",
      config: { temperature: 0, httpOptions: { timeout: 5, fetch: own } },
    });
    expect(
      toRequest(request, { model: "m", vertexai: true, signal, fetch: globalThis.fetch }),
    ).toMatchObject({
      model: "other",
      config: {
        temperature: 0,
        abortSignal: signal,
        automaticFunctionCalling: { disable: true },
        httpOptions: { timeout: 5, fetch: own },
      },
    });
  });
});
