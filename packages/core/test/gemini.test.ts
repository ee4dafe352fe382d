import { GoogleGenAI } from "@google/genai";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AdkError } from "../src/errors.ts";
import { systemClock, type Clock } from "../src/internal/clock.ts";
import { Gemini, isGemini } from "../src/models/gemini/gemini.ts";
import type { GeminiParams } from "../src/models/gemini/gemini-params.ts";
import type { LlmRequest } from "../src/models/llm-request.ts";
import type { LlmResponse } from "../src/models/llm-response.ts";
import { VirtualClock } from "../src/testing/virtual-clock.ts";
import {
  candidate,
  chunk,
  failure,
  GeminiServer,
  lastChunk,
  type ServerAnswer,
  sse,
  streamed,
  whole,
} from "./gemini-server.ts";

const VARIABLES = [
  "GOOGLE_GENAI_API_KEY",
  "GOOGLE_API_KEY",
  "GEMINI_API_KEY",
  "GOOGLE_GENAI_USE_VERTEXAI",
  "GOOGLE_GENAI_USE_ENTERPRISE",
  "GOOGLE_CLOUD_PROJECT",
  "GOOGLE_CLOUD_LOCATION",
  "GOOGLE_GEMINI_BASE_URL",
  "GOOGLE_VERTEX_BASE_URL",
  "GOOGLE_GENAI_API_VERSION",
];

let server: GeminiServer;

beforeEach(async () => {
  for (const name of VARIABLES) vi.stubEnv(name, undefined);
  server = await GeminiServer.start();
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await server[Symbol.asyncDispose]();
});

function makeGemini(params: GeminiParams = {}): Gemini {
  return new Gemini({ apiKey: "test-key", baseUrl: server.url, ...params });
}

function makeRequest(more: Partial<LlmRequest> = {}): LlmRequest {
  return {
    contents: [{ role: "user", parts: [{ text: "hi" }] }],
    liveConnectConfig: {},
    toolsDict: {},
    ...more,
  };
}

interface Outcome {
  readonly responses: LlmResponse[];
  readonly error?: AdkError;
}

async function ask(
  gemini: Gemini,
  { stream = false, signal, request = makeRequest() }: AskOptions = {},
): Promise<Outcome> {
  const responses: LlmResponse[] = [];
  try {
    for await (const response of gemini.generateContentAsync(request, stream, signal))
      responses.push(response);
    return { responses };
  } catch (error) {
    if (!AdkError.isInstance(error)) throw error;
    return { responses, error };
  }
}

function causeOf(error: AdkError | undefined): Error {
  if (error?.cause instanceof Error) return error.cause;
  throw new TypeError("There is no cause.");
}

interface AskOptions {
  readonly stream?: boolean;
  readonly signal?: AbortSignal;
  readonly request?: LlmRequest;
}

/** A clock whose waits are over at once, and are remembered. */
function hastyClock(): Clock & { waits: number[] } {
  const waits: number[] = [];
  return {
    waits,
    now: systemClock.now,
    after(ms, callback) {
      waits.push(ms);
      return systemClock.after(0, callback);
    },
  };
}

describe("what is sent", () => {
  it("goes to the Gemini API with key, headers, system instruction and tools", async () => {
    server.answer(whole(candidate([{ text: "hello" }])));
    const request = makeRequest({
      config: {
        systemInstruction: "Be kind.",
        temperature: 0.5,
        labels: { a: "b" },
        tools: [{ functionDeclarations: [{ name: "look" }] }],
      },
    });
    const gemini = makeGemini({ model: "gemini-x", headers: { "x-team": "a" } });
    const { responses } = await ask(gemini, { request });
    expect(responses).toEqual([
      {
        content: { role: "model", parts: [{ text: "hello" }] },
        finishReason: "STOP",
        usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 4, totalTokenCount: 7 },
        modelVersion: "gemini-test-001",
      },
    ]);
    expect(server.requests[0]).toMatchObject({
      path: "/v1beta/models/gemini-x:generateContent",
      headers: { "x-goog-api-key": "test-key", "x-team": "a" },
      body: {
        contents: [{ role: "user", parts: [{ text: "hi" }] }],
        systemInstruction: { parts: [{ text: "Be kind." }] },
        generationConfig: { temperature: 0.5 },
        tools: [{ functionDeclarations: [{ name: "look" }] }],
      },
    });
    expect(server.requests[0]?.body).not.toHaveProperty("labels");
  });

  it("goes to Vertex AI with labels, in express mode and with a project", async () => {
    const request = makeRequest({ config: { labels: { a: "b" } } });
    server.answer(whole(candidate([{ text: "1" }])), whole(candidate([{ text: "2" }])));
    expect(await ask(makeGemini({ vertexai: true }), { request })).not.toHaveProperty("error");
    const located = { vertexai: true, project: "my-project", location: "europe-west1" };
    expect(await ask(makeGemini(located), { request })).not.toHaveProperty("error");
    expect(server.requests.map(({ path }) => path)).toEqual([
      "/v1beta1/publishers/google/models/gemini-2.5-flash:generateContent",
      "/v1beta1/projects/my-project/locations/europe-west1/publishers/google/models/gemini-2.5-flash:generateContent",
    ]);
    expect(server.requests[0]?.body.labels).toEqual({ a: "b" });
  });

  it("uses another version of the API, as given or from the environment", async () => {
    server.answer(whole(candidate([{ text: "1" }])), whole(candidate([{ text: "2" }])));
    vi.stubEnv("GOOGLE_GENAI_API_VERSION", "v1");
    await ask(makeGemini({ apiVersion: "v1alpha" }));
    await ask(makeGemini());
    expect(server.requests.map(({ path }) => path.split("/")[1])).toEqual(["v1alpha", "v1"]);
  });

  it("reads the environment once, in the documented order, and only what is documented", async () => {
    vi.stubEnv("GEMINI_API_KEY", "second");
    const second = new Gemini({ baseUrl: server.url });
    vi.stubEnv("GOOGLE_GENAI_API_KEY", "first");
    const first = new Gemini({ baseUrl: server.url });
    vi.stubEnv("GOOGLE_GENAI_USE_VERTEXAI", "true");
    vi.stubEnv("GOOGLE_CLOUD_PROJECT", "p");
    const own = makeGemini({ vertexai: false });
    const keys: unknown[] = [];
    for (const gemini of [second, first, own]) {
      server.answer(whole(candidate([{ text: "ok" }])));
      expect(await ask(gemini)).not.toHaveProperty("error");
      keys.push(server.requests.at(-1)?.headers["x-goog-api-key"]);
    }
    expect(keys).toEqual(["second", "first", "test-key"]);
    expect(new Gemini().vertexai).toBe(true);
  });

  it("says at once when there is no key", () => {
    expect(() => new Gemini()).toThrow(expect.objectContaining({ code: "MISCONFIGURED" }));
  });

  it("uses a client of one's own", async () => {
    const client = new GoogleGenAI({
      apiKey: "mine",
      vertexai: false,
      httpOptions: { baseUrl: server.url },
    });
    server.answer(whole(candidate([{ text: "ok" }])), failure(503, "UNAVAILABLE", "busy"));
    server.answer(whole(candidate([{ text: "again" }])));
    const gemini = new Gemini({ client, retry: {}, clock: hastyClock() });
    expect((await ask(gemini)).responses).toHaveLength(1);
    expect((await ask(gemini)).responses).toHaveLength(1);
    expect(server.requests.map(({ headers }) => headers["x-goog-api-key"])).toEqual(
      Array.from({ length: 3 }, () => "mine"),
    );
  });

  it("is refused without a response to each call, and the server would say so", async () => {
    const call = { role: "model", parts: [{ functionCall: { name: "a", args: {} } }] };
    const request = makeRequest({ contents: [...makeRequest().contents, call] });
    const { error } = await ask(makeGemini(), { request });
    expect(error).toMatchObject({ code: "MODEL_FAILED", details: { status: 400 } });
    expect(causeOf(error).message).toContain("function response parts");
  });

  it("knows a Gemini from another object", () => {
    expect(isGemini(makeGemini())).toBe(true);
    expect(isGemini({})).toBe(false);
  });
});

describe("a stream", () => {
  it("comes in pieces and then whole, over writes that split chunks and characters", async () => {
    const events = [
      chunk({ text: "Grüße 👋" }),
      chunk({ text: ", 世界" }),
      lastChunk({ text: "!" }),
    ];
    const bytes = Buffer.from(events.map(sse).join(""));
    const pieces = Array.from({ length: Math.ceil(bytes.length / 3) }, (_, index) =>
      bytes.subarray(index * 3, index * 3 + 3),
    );
    server.answer({ headers: { "content-type": "text/event-stream" }, body: pieces });
    const { responses } = await ask(makeGemini(), { stream: true });
    expect(responses.map(({ content }) => content?.parts)).toEqual([
      [{ text: "Grüße 👋" }],
      [{ text: ", 世界" }],
      [{ text: "!" }],
      [{ text: "Grüße 👋, 世界!" }],
    ]);
    expect(responses.map(({ partial }) => partial)).toEqual([true, true, true, undefined]);
    expect(responses.at(-1)).toMatchObject({
      finishReason: "STOP",
      usageMetadata: { totalTokenCount: 7 },
      modelVersion: "gemini-test-001",
    });
    expect(server.requests[0]?.path).toMatch(/:streamGenerateContent\?alt=sse$/);
  });

  it("assembles a call from pieces on Vertex AI", async () => {
    server.answer(
      streamed(
        chunk({ functionCall: { name: "weather", willContinue: true } }),
        chunk({
          functionCall: {
            partialArgs: [{ jsonPath: "$.city", stringValue: "Ber" }],
            willContinue: true,
          },
        }),
        chunk({ functionCall: { partialArgs: [{ jsonPath: "$.city", stringValue: "lin" }] } }),
        lastChunk(),
      ),
    );
    const request = makeRequest({
      config: { toolConfig: { functionCallingConfig: { streamFunctionCallArguments: true } } },
    });
    const { responses, error } = await ask(makeGemini({ vertexai: true }), {
      stream: true,
      request,
    });
    expect(error).toBeUndefined();
    expect(responses.at(-1)?.content?.parts).toEqual([
      { functionCall: { name: "weather", args: { city: "Berlin" } } },
    ]);
  });

  it("passes pieces on as they come, however slow the server is", async () => {
    let goOn: (text: string) => void = () => {};
    const later = new Promise<string>((resolve) => {
      goOn = resolve;
    });
    server.answer({ ...streamed(), body: [sse(chunk({ text: "a" })), later] });
    const generator = makeGemini().generateContentAsync(makeRequest(), true);
    expect((await generator.next()).value).toMatchObject({ partial: true });
    goOn(sse(lastChunk({ text: "b" })));
    expect((await generator.next()).value).toMatchObject({ partial: true });
    expect((await generator.next()).value).toMatchObject({
      content: { parts: [{ text: "ab" }] },
    });
    expect((await generator.next()).done).toBe(true);
  });

  const first = sse(chunk({ text: "half of it " }));
  const second = Buffer.from(sse(lastChunk({ text: "Grüße" })));
  const inCharacter = second.indexOf(Buffer.from("ü")) + 1;
  const cuts: [string, ServerAnswer][] = [
    ["between chunks, in good order", { body: [first] }],
    ["between chunks, by a reset", { body: [first], end: "reset" }],
    ["in the middle of a chunk, in good order", { body: [first, second.subarray(0, 20)] }],
    [
      "in the middle of a chunk, by a reset",
      { body: [first, second.subarray(0, 20)], end: "reset" },
    ],
    [
      "in the middle of a character, in good order",
      { body: [first, second.subarray(0, inCharacter)] },
    ],
    [
      "in the middle of a character, by a reset",
      { body: [first, second.subarray(0, inCharacter)], end: "reset" },
    ],
    ["by something that is not JSON", { body: [first, "data: {payload\n\n"] }],
    [
      "by an error of the service",
      { body: [first, sse({ error: { code: 503, status: "UNAVAILABLE", message: "busy" } })] },
    ],
  ];
  it.each(cuts)("that is cut %s is a failure that may be tried again", async (_, answer) => {
    server.answer({ headers: { "content-type": "text/event-stream" }, ...answer });
    const { responses, error } = await ask(makeGemini({ retry: {} }), { stream: true });
    expect(error).toMatchObject({ code: "MODEL_FAILED", retryable: true });
    expect(`${error?.message} ${(error?.cause as Error | undefined)?.message}`).not.toMatch(
      /payload|Gr/,
    );
    expect(responses.every(({ partial }) => partial === true)).toBe(true);
    expect(server.requests).toHaveLength(1);
  });

  it("that was cut before its first piece is repeated", async () => {
    const cut: ServerAnswer = { headers: { "content-type": "text/event-stream" }, end: "reset" };
    server.answer(cut, { ...cut, end: "close" }, streamed(lastChunk({ text: "ok" })));
    const { responses } = await ask(makeGemini({ retry: {}, clock: hastyClock() }), {
      stream: true,
    });
    expect(responses.at(-1)?.content?.parts).toEqual([{ text: "ok" }]);
    expect(server.requests).toHaveLength(3);
  });

  it("without content ends with a response without content", async () => {
    server.answer(streamed(lastChunk()));
    const { responses } = await ask(makeGemini(), { stream: true });
    expect(responses).toHaveLength(1);
    expect(responses[0]).not.toHaveProperty("content");
    expect(responses[0]).toMatchObject({ finishReason: "STOP" });
  });
});

describe("a failure", () => {
  it.each([
    [400, false],
    [401, false],
    [403, false],
    [404, false],
    [409, false],
    [413, false],
    [429, true],
    [500, true],
    [502, true],
    [503, true],
    [504, true],
  ])("of status %i is MODEL_FAILED, retryable: %s", async (status, retryable) => {
    for (const stream of [false, true]) {
      server.answerOnly(failure(status, "SOME_STATUS", "words of the service"));
      const { responses, error } = await ask(makeGemini(), { stream });
      expect(responses).toEqual([]);
      expect(error).toMatchObject({ code: "MODEL_FAILED", retryable, details: { status } });
      expect(error?.cause).toMatchObject({
        name: "ApiError",
        status,
        message: "words of the service",
      });
    }
    expect(server.requests).toHaveLength(2);
  });

  it("shows no key and no page", async () => {
    server.answer({
      status: 500,
      headers: { "content-type": "text/html" },
      body: [`<html>https://x/?key=test-key ${"x".repeat(5_000)}</html>`],
    });
    const { error } = await ask(makeGemini());
    const { message } = causeOf(error);
    expect(message).not.toContain("test-key");
    expect(message.length).toBeLessThanOrEqual(500);
  });

  it.each([
    ["not JSON", { body: ["payload"] }],
    ["half of JSON", { body: ['{"candidates": [payload'] }],
    ["a cut connection", { body: ["{"], end: "reset" as const }],
    ["an error that is not JSON", { status: 500, body: ["payload"] }],
  ])("%s is MODEL_FAILED without what was sent", async (_, answer) => {
    server.answer(answer);
    const { error } = await ask(makeGemini());
    expect(error).toMatchObject({ code: "MODEL_FAILED", retryable: true });
    expect(`${error?.message} ${causeOf(error).message}`).not.toContain("payload");
  });

  it("to connect names the system's code", async () => {
    const gemini = makeGemini();
    await server[Symbol.asyncDispose]();
    const { error } = await ask(gemini);
    server = await GeminiServer.start();
    expect(error).toMatchObject({ code: "MODEL_FAILED", retryable: true });
    expect(error?.message).toContain("ECONNREFUSED");
    expect(error?.cause).toMatchObject({ name: "TypeError", code: "ECONNREFUSED" });
  });

  it("is an answer when the service blocked or stopped it", async () => {
    server.answer(
      whole({ promptFeedback: { blockReason: "SAFETY" } }),
      whole(candidate([], { finishReason: "SAFETY" })),
      whole(candidate([{ text: "half" }], { finishReason: "MAX_TOKENS" })),
    );
    const gemini = makeGemini();
    const seen = [await ask(gemini), await ask(gemini), await ask(gemini)];
    expect(seen.map(({ responses }) => responses[0])).toMatchObject([
      { errorCode: "SAFETY" },
      { errorCode: "SAFETY", errorMessage: "The model stopped: SAFETY." },
      { errorCode: "MAX_TOKENS", content: { parts: [{ text: "half" }] } },
    ]);
  });
});

describe("retry", () => {
  it("is off unless it is asked for", async () => {
    server.answer(failure(503, "UNAVAILABLE", "busy"));
    expect((await ask(makeGemini())).error).toMatchObject({ details: { status: 503 } });
    expect(server.requests).toHaveLength(1);
  });

  it("repeats 429 and 5xx after growing waits, and gives the answer", async () => {
    const clock = hastyClock();
    server.answer(
      failure(429, "RESOURCE_EXHAUSTED", "slow down"),
      failure(500, "INTERNAL", "oh"),
      failure(503, "UNAVAILABLE", "busy"),
      whole(candidate([{ text: "ok" }])),
    );
    const retry = { initialDelayMs: 100, multiplier: 3, jitter: 0 };
    const { responses } = await ask(makeGemini({ retry, clock }));
    expect(responses).toHaveLength(1);
    expect(clock.waits).toEqual([100, 300, 900]);
  });

  it("gives up after so many attempts, with the last error", async () => {
    server.answer(failure(500, "INTERNAL", "1"), failure(503, "UNAVAILABLE", "2"));
    const retry = { maxAttempts: 2 };
    const { error } = await ask(makeGemini({ retry, clock: hastyClock() }), { stream: true });
    expect(error).toMatchObject({ retryable: true, details: { status: 503 } });
    expect(server.requests).toHaveLength(2);
  });

  it("waits as long as the service asks, in a header or in its words", async () => {
    const clock = hastyClock();
    const details = [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "12s" }];
    server.answer(
      failure(429, "RESOURCE_EXHAUSTED", "x", { headers: { "retry-after": "7" } }),
      failure(429, "RESOURCE_EXHAUSTED", "x", { details }),
      whole(candidate([{ text: "ok" }])),
    );
    expect((await ask(makeGemini({ retry: {}, clock }))).responses).toHaveLength(1);
    expect(clock.waits).toEqual([7_000, 12_000]);
  });

  it("ends when the service asks for more than the longest wait, and says how much", async () => {
    server.answer(failure(503, "UNAVAILABLE", "x", { headers: { "retry-after": "3600" } }));
    const { error } = await ask(makeGemini({ retry: {} }));
    expect(error?.details).toMatchObject({ status: 503, retryAfterMs: 3_600_000 });
    expect(server.requests).toHaveLength(1);
  });

  it("does not repeat what would fail again", async () => {
    server.answer(failure(400, "INVALID_ARGUMENT", "x"));
    await ask(makeGemini({ retry: {} }));
    expect(server.requests).toHaveLength(1);
  });

  it("is left at once when the call is aborted while it waits", async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    server.answer(failure(503, "UNAVAILABLE", "busy"));
    const ended = ask(makeGemini({ retry: {}, clock }), { signal: controller.signal });
    await vi.waitUntil(() => clock.pendingTimers === 1, { interval: 1 });
    controller.abort("stop");
    expect(await ended).toMatchObject({ responses: [], error: { code: "ABORTED", cause: "stop" } });
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("the end of a call", () => {
  it.each([
    ["whole answer", false],
    ["stream", true],
  ])("aborting closes the socket of a silent %s", async (_, stream) => {
    server.answer({ end: "silence" });
    const controller = new AbortController();
    const ended = ask(makeGemini(), { stream, signal: controller.signal });
    await server.received(1);
    controller.abort("stop");
    expect(await ended).toMatchObject({ responses: [], error: { code: "ABORTED", cause: "stop" } });
    expect(await server.requests[0]?.closed).toBe("aborted");
  });

  it("aborting in the middle of a stream closes its socket", async () => {
    server.answer({ ...streamed(chunk({ text: "a" })), end: "silence" });
    const controller = new AbortController();
    const generator = makeGemini().generateContentAsync(makeRequest(), true, controller.signal);
    await generator.next();
    const next = generator.next();
    controller.abort("stop");
    await expect(next).rejects.toMatchObject({ code: "ABORTED" });
    expect(await server.requests[0]?.closed).toBe("aborted");
  });

  it("leaving a stream closes its socket, and the timer stops", async () => {
    const clock = new VirtualClock();
    server.answer({ ...streamed(chunk({ text: "a" })), end: "silence" });
    const gemini = makeGemini({ timeoutMs: 1_000, clock });
    for await (const response of gemini.generateContentAsync(makeRequest(), true))
      if (response.partial) break;
    expect(await server.requests[0]?.closed).toBe("aborted");
    expect(clock.pendingTimers).toBe(0);
  });

  it.each([
    ["silent", { end: "silence" as const }],
    ["slow", { ...streamed(chunk({ text: "a" })), end: "silence" as const }],
  ])("a %s server is left after `timeoutMs`", async (_, answer) => {
    const clock = new VirtualClock();
    server.answer(answer);
    const ended = ask(makeGemini({ timeoutMs: 1_000, clock }), { stream: true });
    await server.received(1);
    await clock.advance(1_000);
    const { error } = await ended;
    expect(error).toMatchObject({
      code: "MODEL_FAILED",
      retryable: true,
      details: { timeoutMs: 1_000 },
    });
    expect(await server.requests[0]?.closed).toBe("aborted");
    expect(clock.pendingTimers).toBe(0);
  });

  it("`httpOptions.timeout` of a request is a failure, not an abort", async () => {
    server.answer({ end: "silence" });
    const request = makeRequest({ config: { httpOptions: { timeout: 20 } } });
    const { error } = await ask(makeGemini(), { request });
    expect(error).toMatchObject({ code: "MODEL_FAILED", retryable: true });
    expect(error?.message).toContain("httpOptions.timeout");
  });

  it("ends at once when aborted while the client is still being made ready", async () => {
    const controller = new AbortController();
    const client = {
      models: {
        generateContent: () => new Promise<never>(() => {}),
        generateContentStream: () => new Promise<never>(() => {}),
      },
    };
    const ended = ask(new Gemini({ client }), { signal: controller.signal, stream: true });
    controller.abort("stop");
    expect(await ended).toMatchObject({ error: { code: "ABORTED" } });
  });
});

describe("@google/genai", () => {
  afterEach(() => {
    vi.doUnmock("@google/genai");
    vi.resetModules();
  });

  it("is named when it cannot be loaded or refuses its options, and is tried anew by the next call", async () => {
    vi.resetModules();
    vi.doMock("@google/genai", () => {
      throw new Error("Cannot find package '@google/genai'");
    });
    const fresh = await import("../src/models/gemini/gemini.ts");
    const gemini = new fresh.Gemini({ apiKey: "k", baseUrl: server.url });
    const { error } = await ask(gemini as Gemini);
    expect(error).toMatchObject({ code: "MISCONFIGURED" });
    expect(error?.message).toContain("npm install @google/genai");
    vi.doMock("@google/genai", () => ({
      GoogleGenAI: class {
        constructor() {
          throw new Error("k and project are mutually exclusive");
        }
      },
    }));
    const refused = await ask(gemini as Gemini);
    expect(refused.error).toMatchObject({ code: "MISCONFIGURED" });
    expect(causeOf(refused.error).message).toContain("mutually exclusive");
    vi.doUnmock("@google/genai");
    server.answer(whole(candidate([{ text: "ok" }])));
    expect((await ask(gemini as Gemini)).responses).toHaveLength(1);
  });
});
