import { AdkError, type LlmRequest, type LlmResponse } from "@adk/core";
import { modelSuite, type ModelScript } from "@adk/core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  ChatServer,
  events,
  failure,
  type ServerAnswer,
  sse,
  streamed,
  whole,
} from "../test/chat-server.ts";
import { describeError } from "./describe-error.ts";
import { OpenAiLlm } from "./open-ai-llm.ts";

modelSuite(
  { describe, it },
  {
    name: "a server that speaks chat completions",
    store: async () => {
      const server = await ChatServer.start();
      return {
        model: (script) => {
          // Each case asks once for each model; what streams is answered as a stream.
          server.answer(({ body }) => answerOf(script, body.stream === true));
          return new OpenAiLlm({ model: server.model });
        },
        provider: server,
        [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
      };
    },
  },
);

function answerOf(script: ModelScript, stream: boolean): ServerAnswer {
  switch (script.kind) {
    case "texts":
      return stream ? streamed(script.texts) : whole(script.texts.join(""));
    case "call": {
      const call = { name: script.call.name ?? "", args: script.call.args ?? {} };
      return stream ? streamed([], [call]) : whole(null, [call], "tool_calls");
    }
    case "silence":
      return {
        body: stream
          ? script.after.map((content) => sse({ choices: [{ delta: { content } }] }))
          : [],
        end: "silence",
      };
    case "unavailable":
      return failure(503, "Loading the model.");
    case "refused":
      return failure(400, "Bad request.");
  }
}

let server: ChatServer;
beforeEach(async () => {
  server = await ChatServer.start();
});
afterEach(() => server[Symbol.asyncDispose]());

function request(changes: Partial<LlmRequest> = {}): LlmRequest {
  return {
    contents: [{ role: "user", parts: [{ text: "Hi" }] }],
    liveConnectConfig: {},
    toolsDict: {},
    ...changes,
  };
}

async function ask(stream: boolean, asked: LlmRequest = request()): Promise<LlmResponse[]> {
  const responses: LlmResponse[] = [];
  const model = new OpenAiLlm({ model: server.model, apiKey: "secret" });
  for await (const response of model.generateContentAsync(asked, stream)) responses.push(response);
  return responses;
}

async function failureOf(stream: boolean, answer: ServerAnswer): Promise<AdkError> {
  server.answer(answer);
  const error: unknown = await ask(stream).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!AdkError.isInstance(error, "MODEL_FAILED")) expect.fail(`no MODEL_FAILED: ${String(error)}`);
  return error;
}

describe("what is asked", () => {
  it("has the system's, the user's and the model's words, calls and their responses", async () => {
    server.answer(whole("ok"));
    await ask(
      false,
      request({
        contents: [
          { role: "user", parts: [{ text: "How much is " }, { text: "1+1?" }] },
          {
            role: "model",
            parts: [
              { text: "secret thought", thought: true },
              { text: "Let me see." },
              { functionCall: { id: "a", name: "add", args: { x: 1 } } },
              { functionCall: { id: "b", name: "add" } },
            ],
          },
          {
            role: "user",
            parts: [
              { functionResponse: { id: "a", name: "add", response: { sum: 2 } } },
              { functionResponse: { id: "b", name: "add", response: { error: "x" } } },
            ],
          },
          { role: "model", parts: [{ text: "2" }] },
          { role: "user", parts: [{ text: "Sure?" }] },
        ],
        config: {
          systemInstruction: "Be kind.",
          temperature: 0,
          maxOutputTokens: 9,
          tools: [
            {
              functionDeclarations: [
                { name: "add", description: "Adds.", parametersJsonSchema: { type: "object" } },
                { name: "now" },
                { name: "old", parameters: { type: "OBJECT" as never, properties: {} } },
              ],
            },
          ],
        },
      }),
    );
    const [{ body, headers, path }] = server.requests as [(typeof server.requests)[0]];
    expect(path).toBe("/v1/chat/completions");
    expect(headers.authorization).toBe("Bearer secret");
    expect(body).toMatchObject({ model: "tiny", temperature: 0, max_tokens: 9 });
    expect(body).not.toHaveProperty("stream");
    expect(body.messages).toEqual([
      { role: "system", content: "Be kind." },
      { role: "user", content: "How much is 1+1?" },
      {
        role: "assistant",
        content: "Let me see.",
        tool_calls: [
          { id: "a", type: "function", function: { name: "add", arguments: '{"x":1}' } },
          { id: "b", type: "function", function: { name: "add", arguments: "{}" } },
        ],
      },
      { role: "tool", tool_call_id: "a", content: '{"sum":2}' },
      { role: "tool", tool_call_id: "b", content: '{"error":"x"}' },
      { role: "assistant", content: "2" },
      { role: "user", content: "Sure?" },
    ]);
    expect(body.tools?.map((tool) => tool.function)).toEqual([
      { name: "add", description: "Adds.", parameters: { type: "object" } },
      { name: "now", parameters: { type: "object", properties: {} } },
      { name: "old", parameters: { type: "object", properties: {} } },
    ]);
  });

  it("refuses what it cannot send", async () => {
    const image = { inlineData: { mimeType: "image/png", data: "AA==" } };
    const asked = request({ contents: [{ role: "user", parts: [image] }] });
    await expect(ask(true, asked)).rejects.toMatchObject({ code: "UNSUPPORTED" });
    expect(server.requests).toEqual([]);
  });
});

describe("a stream", () => {
  it("is read whole, wherever the network cuts it", async () => {
    const bytes = new TextEncoder().encode(
      `: comment\r\n\r\n${events(["Grüße 👋", ", ", "日本"]).join("").replaceAll("\n", "\r\n")}`,
    );
    for (const size of [1, 2, 3, 7]) {
      const body: Uint8Array[] = [];
      for (let at = 0; at < bytes.length; at += size) body.push(bytes.slice(at, at + size));
      server.answer({ body });
      const responses = await ask(true);
      expect(responses.at(-1)).toMatchObject({
        content: { role: "model", parts: [{ text: "Grüße 👋, 日本" }] },
        finishReason: "STOP",
        usageMetadata: { promptTokenCount: 11, candidatesTokenCount: 5, totalTokenCount: 16 },
        modelVersion: "tiny-1",
      });
      expect(responses.map(({ partial }) => partial ?? false)).toEqual([true, true, true, false]);
    }
  });

  it("has several calls, beside a text", async () => {
    const calls = [
      { id: "1", name: "add", args: { a: "ü", b: [1] } },
      { id: "2", name: "add", args: {} },
    ];
    server.answer(streamed(["Well."], calls));
    expect((await ask(true)).at(-1)?.content?.parts).toEqual([
      { text: "Well." },
      { functionCall: { id: "1", name: "add", args: { a: "ü", b: [1] } } },
      { functionCall: { id: "2", name: "add", args: {} } },
    ]);
  });

  it("may have whole calls that all claim to be the first, or no index at all", async () => {
    const call = (id: string, index?: number): object => ({
      ...(index !== undefined && { index }),
      id,
      function: { name: id, arguments: '{"n":1}' },
    });
    for (const index of [0, undefined]) {
      const calls = [call("one", index), call("two", index)];
      const end = { choices: [{ delta: {}, finish_reason: "tool_calls" }] };
      server.answer({ body: [sse({ choices: [{ delta: { tool_calls: calls } }] }), sse(end)] });
      const parts = (await ask(true)).at(-1)?.content?.parts ?? [];
      expect(parts.map(({ functionCall }) => [functionCall?.name, functionCall?.args])).toEqual([
        ["one", { n: 1 }],
        ["two", { n: 1 }],
      ]);
    }
  });
});

describe("an answer that is no good end", () => {
  it.each([
    ["length", "MAX_TOKENS"],
    ["content_filter", "SAFETY"],
  ])("%s is the error %s, with what there is", async (reason, errorCode) => {
    server.answer(whole("half", [], reason));
    expect(await ask(false)).toMatchObject([
      { content: { parts: [{ text: "half" }] }, finishReason: errorCode, errorCode },
    ]);
  });

  it("an empty one has no content", async () => {
    server.answer(whole(""));
    expect((await ask(false))[0]).not.toHaveProperty("content");
  });
});

describe("failures", () => {
  it.each([
    [400, false],
    [401, false],
    [404, false],
    [408, true],
    [429, true],
    [500, true],
    [503, true],
  ])("status %d: retryable is %s", async (status, retryable) => {
    for (const stream of [false, true]) {
      const error = await failureOf(stream, failure(status, "the server's words"));
      expect(error.retryable).toBe(retryable);
      expect(error.details).toEqual({ model: "tiny", status });
      expect(error.message).toContain(`answered ${status}`);
      expect(error.message).not.toContain("the server's words");
      expect(error.cause).toMatchObject({ message: expect.stringContaining("the server's words") });
    }
  });

  const [piece = "", ...more] = events(["a", "b"]);
  it.each([
    ["breaks off in good order", { body: [piece] }],
    ["is reset", { body: [piece], end: "reset" }],
    ["is no JSON", { body: [piece, "data: {oops\n\n", ...more] }],
    ["reports an error", { body: [piece, sse({ error: { message: "out of memory" } })] }],
    ["is a web page", { body: ["<html>not here</html>"] }],
  ] as const)("a stream that %s", async (_, answer) => {
    expect(await failureOf(true, answer)).toMatchObject({ retryable: true });
  });

  it.each([
    ["is cut", { body: ['{"choices":[{"mess'] }],
    ["is null", { body: ["null"] }],
    ["has no choice", { body: ["{}"] }],
    ["calls with broken arguments", whole(null, [{ name: "f", args: [] }])],
  ])("an answer that %s", async (_, answer) => {
    expect(await failureOf(false, answer)).toMatchObject({ retryable: true });
  });

  it("a server that is not there", async () => {
    const { model } = server;
    await server[Symbol.asyncDispose]();
    const [place = "", name = ""] = model.split("#");
    const calls = new OpenAiLlm({ model: `${place}?key=secret#${name}` }).generateContentAsync(
      request(),
    );
    const error: unknown = await calls.next().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "MODEL_FAILED", retryable: true });
    expect(describeError(error)).toMatch(/\(fetch failed: .*ECONNREFUSED.*\)$/);
    expect(describeError(error)).toContain(`could not be reached at ${place}, or`);
    expect(describeError(error)).not.toContain("secret");
    server = await ChatServer.start();
  });

  it.each([
    "tiny",
    "http://localhost/v1",
    "http://localhost/v1#",
    "ftp://x/v1#a",
    "http://a:b@x/v1#a",
  ])("%s is no model", (model) => {
    expect(() => new OpenAiLlm({ model })).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });
});
