import { describe, expect, it } from "vitest";
import { checkParams, geminiInitParams, type GeminiParams } from "./gemini-params.ts";

const model = "gemini-2.5-flash";

describe("geminiInitParams", () => {
  const cases: [string, GeminiParams, Record<string, string>, object][] = [
    [
      "the key given wins",
      { apiKey: "own" },
      { GOOGLE_GENAI_API_KEY: "env" },
      { vertexai: false, apiKey: "own" },
    ],
    [
      "GOOGLE_GENAI_API_KEY before the others",
      {},
      { GOOGLE_GENAI_API_KEY: "1", GOOGLE_API_KEY: "2", GEMINI_API_KEY: "3" },
      { vertexai: false, apiKey: "1" },
    ],
    [
      "then GOOGLE_API_KEY",
      {},
      { GOOGLE_API_KEY: "2", GEMINI_API_KEY: "3" },
      { vertexai: false, apiKey: "2" },
    ],
    ["then GEMINI_API_KEY", {}, { GEMINI_API_KEY: "3" }, { vertexai: false, apiKey: "3" }],
    [
      "empty is not set",
      {},
      { GOOGLE_API_KEY: " ", GEMINI_API_KEY: "3" },
      { vertexai: false, apiKey: "3" },
    ],
    [
      "GOOGLE_GENAI_USE_VERTEXAI",
      {},
      {
        GOOGLE_GENAI_USE_VERTEXAI: "TRUE",
        GOOGLE_CLOUD_PROJECT: "p",
        GOOGLE_CLOUD_LOCATION: "l",
        GEMINI_API_KEY: "3",
      },
      { vertexai: true, project: "p", location: "l" },
    ],
    [
      "GOOGLE_GENAI_USE_ENTERPRISE before it",
      {},
      { GOOGLE_GENAI_USE_ENTERPRISE: "false", GOOGLE_GENAI_USE_VERTEXAI: "1", GEMINI_API_KEY: "3" },
      { vertexai: false, apiKey: "3" },
    ],
    [
      "vertexai: false before both",
      { vertexai: false },
      { GOOGLE_GENAI_USE_VERTEXAI: "1", GEMINI_API_KEY: "3" },
      { vertexai: false, apiKey: "3" },
    ],
    [
      "location is global",
      { vertexai: true, project: "p" },
      {},
      { vertexai: true, project: "p", location: "global" },
    ],
    [
      "project and location given win",
      { vertexai: true, project: "p", location: "l" },
      { GOOGLE_CLOUD_PROJECT: "other", GOOGLE_CLOUD_LOCATION: "other", GEMINI_API_KEY: "3" },
      { vertexai: true, project: "p", location: "l" },
    ],
    [
      "a key given is express mode",
      { vertexai: true, apiKey: "own" },
      { GOOGLE_CLOUD_PROJECT: "p" },
      { vertexai: true, apiKey: "own" },
    ],
    [
      "a key in the environment is express mode without a project",
      { vertexai: true },
      { GEMINI_API_KEY: "3" },
      { vertexai: true, apiKey: "3" },
    ],
  ];
  it.each(cases)("%s", (_, params, env, expected) => {
    expect(geminiInitParams(params, env)).toMatchObject({ model, ...expected });
    expect(Object.keys(geminiInitParams(params, env)).sort()).toEqual(
      ["model", "apiVersion", ...Object.keys(expected)].sort(),
    );
  });

  it.each([
    [{ apiKey: "k" }, {}, "v1beta"],
    [{ apiKey: "k", vertexai: true }, {}, "v1beta1"],
    [{ apiKey: "k" }, { GOOGLE_GENAI_API_VERSION: "v1" }, "v1"],
    [{ apiKey: "k", vertexai: true }, { GOOGLE_GENAI_API_VERSION: "beta" }, "v1beta1"],
    [{ apiKey: "k", apiVersion: "v1alpha" }, { GOOGLE_GENAI_API_VERSION: "v1" }, "v1alpha"],
  ])("chooses the version of the API: %j %j", (params, env, apiVersion) => {
    expect(geminiInitParams(params, env)).toMatchObject({ apiVersion });
  });

  it.each([
    [{}, {}, /GEMINI_API_KEY/],
    [{ vertexai: true }, {}, /GOOGLE_CLOUD_PROJECT/],
    [{ vertexai: true, location: "l" }, { GEMINI_API_KEY: "3" }, /GOOGLE_CLOUD_PROJECT/],
  ])("says what is missing: %j", (params, env, message) => {
    expect(() => geminiInitParams(params, env)).toThrow(
      expect.objectContaining({ code: "MISCONFIGURED", message: expect.stringMatching(message) }),
    );
  });
});

describe("checkParams", () => {
  it.each([
    [{ model: "" }],
    [{ apiKey: 1 }],
    [{ vertexai: "yes" }],
    [{ baseUrl: "localhost" }],
    [{ timeoutMs: 0 }],
    [{ timeoutMs: Infinity }],
    [{ headers: { a: 1 } }],
    [{ headers: "a" }],
    [{ client: {} }],
    [{ client: null }],
    [{ retry: 3 }],
    [{ retry: { maxAttempts: 0 } }],
    [{ retry: { maxAttempts: 1.5 } }],
    [{ retry: { jitter: 2 } }],
    [{ retry: { initialDelayMs: "1" } }],
    [{ retry: { attempts: 3 } }],
    [{ apikey: "typo" }],
  ])("refuses %j", (params) => {
    expect(() => checkParams(params as never)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });

  it("refuses the Interactions API as unsupported", () => {
    expect(() => checkParams({ useInteractionsApi: true as never })).toThrow(
      expect.objectContaining({ code: "UNSUPPORTED" }),
    );
  });

  it("takes what is left undefined as left out", () => {
    const params = { model: undefined, retry: { maxAttempts: undefined }, timeoutMs: undefined };
    expect(() => checkParams({ ...params, useInteractionsApi: false })).not.toThrow();
  });
});
