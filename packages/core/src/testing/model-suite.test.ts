import { describe, expect, it } from "vitest";
import { AdkError } from "../errors.ts";
import { BaseLlm } from "../models/base-llm.ts";
import type { LlmRequest } from "../models/llm-request.ts";
import type { LlmResponse } from "../models/llm-response.ts";
import { type ModelScript, modelSuiteCases, type ModelSuiteSubject } from "./model-suite.ts";
import { runCases } from "./suite.ts";

type Answers = AsyncGenerator<LlmResponse, void, undefined>;

/** A model that does all it must; each broken one differs in one place. */
class SoundLlm extends BaseLlm {
  protected readonly script: ModelScript;

  constructor(script: ModelScript) {
    super({ model: "sound" });
    this.script = script;
  }

  override async *generateContentAsync(
    _request: LlmRequest,
    stream = false,
    signal?: AbortSignal,
  ): Answers {
    signal?.throwIfAborted();
    for (const response of this.answers(stream)) {
      yield response;
      signal?.throwIfAborted();
    }
    if (this.script.kind === "silence") await this.wait(signal);
  }

  protected *answers(stream: boolean): Generator<LlmResponse> {
    const { script } = this;
    switch (script.kind) {
      case "texts":
        if (stream) for (const text of script.texts) yield this.piece(text);
        return yield* this.whole({ text: script.texts.join("") });
      case "call":
        return yield* this.whole({ functionCall: { ...script.call } });
      case "silence":
        if (stream) for (const text of script.after) yield this.piece(text);
        return;
      case "unavailable":
      case "refused":
        return this.fail(script.kind === "unavailable");
    }
  }

  protected piece(text: string): LlmResponse {
    return { content: { role: "model", parts: [{ text }] }, partial: true };
  }

  protected *whole(part: object): Generator<LlmResponse> {
    yield { content: { role: "model", parts: [part] } };
  }

  protected fail(retryable: boolean): void {
    throw new AdkError("MODEL_FAILED", "no", { retryable });
  }

  protected wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((_, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  }
}

const broken: Record<string, [new (script: ModelScript) => BaseLlm, string[]]> = {
  "answers twice": [
    class extends SoundLlm {
      protected override *whole(part: object): Generator<LlmResponse> {
        yield* super.whole(part);
        yield* super.whole(part);
      }
    },
    ["answer-once", "answer-call", "stream-partials-then-whole", "stream-call-whole"],
  ],
  "loses arguments": [
    class extends SoundLlm {
      protected override *whole(part: {
        functionCall?: { name?: string };
      }): Generator<LlmResponse> {
        const { functionCall } = part;
        yield* super.whole(functionCall ? { functionCall: { name: functionCall.name } } : part);
      }
    },
    ["answer-call", "stream-call-whole"],
  ],
  "does not mark its pieces": [
    class extends SoundLlm {
      protected override piece(text: string): LlmResponse {
        return { ...super.piece(text), partial: false };
      }
    },
    ["stream-partials-then-whole", "stream-joined-equals-whole", "abort-in-stream"],
  ],
  "loses the end of each piece": [
    class extends SoundLlm {
      protected override piece(text: string): LlmResponse {
        return super.piece(text.slice(0, -1));
      }
    },
    ["stream-joined-equals-whole"],
  ],
  "edits the request": [
    class extends SoundLlm {
      override generateContentAsync(
        request: LlmRequest,
        ...rest: [boolean?, AbortSignal?]
      ): Answers {
        request.contents.push({ role: "user", parts: [{ text: "go on" }] });
        return super.generateContentAsync(request, ...rest);
      }
    },
    ["request-unchanged"],
  ],
  "does not look at the signal first": [
    class extends SoundLlm {
      override generateContentAsync(
        request: LlmRequest,
        stream?: boolean,
        signal?: AbortSignal,
      ): Answers {
        return super.generateContentAsync(request, stream, signal?.aborted ? undefined : signal);
      }
    },
    ["abort-before"],
  ],
  "does not hear the signal": [
    class extends SoundLlm {
      protected override wait(): Promise<void> {
        return new Promise(() => {});
      }
    },
    ["abort-waiting", "abort-closes"],
  ],
  "leaves its listener": [
    class extends SoundLlm {
      override generateContentAsync(
        request: LlmRequest,
        stream?: boolean,
        signal?: AbortSignal,
      ): Answers {
        signal?.addEventListener("abort", () => {});
        return super.generateContentAsync(request, stream, signal);
      }
    },
    ["no-listener-left"],
  ],
  "always says that it may be tried again": [
    class extends SoundLlm {
      protected override fail(): void {
        super.fail(true);
      }
    },
    ["error-refused"],
  ],
  "answers an empty response instead of failing": [
    class extends SoundLlm {
      protected override fail(): void {}
    },
    ["error-unavailable", "error-refused"],
  ],
};

function subject(
  llmClass: new (script: ModelScript) => BaseLlm,
  idle: () => Promise<void> = async () => {},
): ModelSuiteSubject {
  return {
    model: (script) => new llmClass(script),
    provider: { busy: async () => {}, idle },
    patienceMs: 30,
    async [Symbol.asyncDispose]() {},
  };
}

async function failed(store: () => ModelSuiteSubject): Promise<string[]> {
  const results = await runCases(store, modelSuiteCases);
  return results.filter(({ error }) => error !== undefined).map(({ key }) => key);
}

describe("modelSuite", () => {
  it("finds nothing in a sound model", async () => {
    expect(await failed(() => subject(SoundLlm))).toEqual([]);
  });

  it.each(Object.entries(broken))("finds a model that %s", async (_, [llmClass, keys]) => {
    expect(await failed(() => subject(llmClass))).toEqual(keys);
  });

  it("finds connections that stay open", async () => {
    expect(await failed(() => subject(SoundLlm, () => new Promise(() => {})))).toEqual([
      "abort-closes",
      "return-closes",
    ]);
  });

  it("has a key of its own for each case", () => {
    const keys = modelSuiteCases.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
  });
});
