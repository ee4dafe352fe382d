import { describe, expect, it } from "vitest";
import { BaseLlm } from "./base-llm.ts";
import { Gemini } from "./gemini/gemini.ts";
import { LLMRegistry } from "./llm-registry.ts";
import type { LlmResponse } from "./llm-response.ts";

class EchoLlm extends BaseLlm {
  static override readonly supportedModels: (string | RegExp)[] = [/echo-.*/, "exactly\\.this"];

  override async *generateContentAsync(): AsyncGenerator<LlmResponse, void, undefined> {}
}

LLMRegistry.register(EchoLlm);

describe("LLMRegistry", () => {
  it("knows Gemini's names from the start", () => {
    for (const name of [
      "gemini-2.5-flash",
      "gemma-4-it",
      "model-optimizer-exp",
      "projects/p/locations/l/endpoints/1",
      "projects/p/locations/l/publishers/google/models/gemini-2.5-pro",
    ])
      expect(LLMRegistry.resolve(name)).toBe(Gemini);
  });

  it("matches whole names only", () => {
    expect(LLMRegistry.resolve("echo-1")).toBe(EchoLlm);
    expect(LLMRegistry.resolve("exactly.this")).toBe(EchoLlm);
    for (const name of ["my-echo-1", "exactly.this.not", "exactly-this", "x/gemini-1", ""])
      expect(() => LLMRegistry.resolve(name)).toThrow(
        expect.objectContaining({ code: "MODEL_NOT_FOUND" }),
      );
  });

  it("says what is registered and what to do", () => {
    expect(() => LLMRegistry.newLlm("claude-9")).toThrow(
      /"claude-9" \(registered: .*Gemini.*EchoLlm.*LLMRegistry\.register/,
    );
  });

  it("chooses by prefix, with or without Llm, and takes it off the name", () => {
    for (const name of ["echo:m:8b", "EchoLlm:m:8b", "ECHOLLM:m:8b"]) {
      expect(LLMRegistry.resolve(name)).toBe(EchoLlm);
      expect(LLMRegistry.newLlm(name)).toBeInstanceOf(EchoLlm);
      expect(LLMRegistry.newLlm(name).model).toBe("m:8b");
    }
    expect(() => LLMRegistry.resolve("echo:")).toThrow(/MODEL|No class/);
  });

  it("keeps a name whose prefix is no class", () => {
    class LocalLlm extends EchoLlm {
      static override readonly supportedModels = [/llama3:.*/];
    }
    LLMRegistry.register(LocalLlm);
    expect(LLMRegistry.newLlm("llama3:8b").model).toBe("llama3:8b");
  });

  it("prefers what was registered later, also for names that were asked for before", () => {
    class NewerLlm extends EchoLlm {
      static override readonly supportedModels = [/echo-2.*/];
    }
    expect(LLMRegistry.resolve("echo-2")).toBe(EchoLlm);
    LLMRegistry.register(NewerLlm);
    expect(LLMRegistry.resolve("echo-2")).toBe(NewerLlm);
    expect(LLMRegistry.resolve("echo-1")).toBe(EchoLlm);
    LLMRegistry.register(EchoLlm);
    expect(LLMRegistry.resolve("echo-2")).toBe(EchoLlm);
  });

  it("is not confused by a pattern with memory", () => {
    class StickyLlm extends EchoLlm {
      static override readonly supportedModels = [/STICKY-.*/gi];
    }
    LLMRegistry.register(StickyLlm);
    for (const name of ["sticky-1", "sticky-2", "sticky-3"])
      expect(LLMRegistry.resolve(name)).toBe(StickyLlm);
  });

  it("refuses what is no model class", () => {
    class NothingLlm extends EchoLlm {
      static override readonly supportedModels = [];
    }
    class WrongLlm extends EchoLlm {
      static override readonly supportedModels = ["(", 1 as never];
    }
    for (const wrong of [NothingLlm, WrongLlm, {}, undefined, () => {}])
      expect(() => LLMRegistry.register(wrong as never)).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT" }),
      );
  });

  it("goes on finding names when more than its cache holds were asked for", () => {
    for (let index = 0; index < 100; index++)
      expect(LLMRegistry.resolve(`echo-1${index}`)).toBe(EchoLlm);
  });
});
