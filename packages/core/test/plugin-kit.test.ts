import { describe, expect, it } from "vitest";
import {
  BasePlugin,
  type BasePlugin as Plugin,
  type CallbackContext,
  type Content,
  type Event,
  type LlmRequest,
  type LlmResponse,
  type NextModelCall,
  type PluginOptions,
  type WrappedModelCall,
} from "../src/index.ts";
import {
  type CaseResult,
  pluginCases,
  type PluginEffect,
  pluginSuite,
  runCases,
} from "../src/testing/index.ts";

/** A plugin that does all it must: it counts. Each broken one differs in one place. */
class Sound extends BasePlugin {
  readonly counts: Map<string, number> = new Map();

  constructor(options: PluginOptions = {}) {
    super("tested", options);
  }

  override async beforeModelCallback(params: {
    callbackContext: CallbackContext;
    llmRequest: LlmRequest;
  }): Promise<LlmResponse | undefined> {
    const { invocationId } = params.callbackContext;
    this.counts.set(invocationId, (this.counts.get(invocationId) ?? 0) + 1);
    return undefined;
  }
}

const text = (words: string): Content => ({ role: "model", parts: [{ text: words }] });

type BeforeModel = Parameters<Sound["beforeModelCallback"]>[0];

const broken: Record<string, [new (options?: PluginOptions) => BasePlugin, string[]]> = {
  "answers in the model's place": [
    class extends Sound {
      override async beforeModelCallback(): Promise<LlmResponse> {
        return { content: text("mine") };
      }
    },
    [
      "run-to-end",
      "no-answer",
      "requests-unchanged",
      "order",
      "stream-pieces",
      "model-error",
      "tool-error",
      "abort",
      "sessions-apart",
    ],
  ],
  "writes state": [
    class extends Sound {
      override async beforeModelCallback({ callbackContext }: BeforeModel): Promise<undefined> {
        callbackContext.state.set("mine", 1);
      }
    },
    ["run-to-end"],
  ],
  "adds to what the model reads": [
    class extends Sound {
      override async beforeModelCallback({ llmRequest }: BeforeModel): Promise<undefined> {
        llmRequest.contents.unshift({ role: "user", parts: [{ text: "mine" }] });
      }
    },
    ["run-to-end", "requests-unchanged"],
  ],
  "keeps hooks from others by an answer": [
    class extends Sound {
      override async onEventCallback({ event }: { event: Event }): Promise<Partial<Event>> {
        return { content: event.content };
      }
    },
    ["order"],
  ],
  "repeats the last piece": [
    class extends Sound {
      override async *aroundModelCall(
        _call: WrappedModelCall,
        next: NextModelCall,
      ): AsyncGenerator<LlmResponse> {
        for await (const response of next()) {
          yield response;
          if (response.partial) yield response;
        }
      }
    },
    ["stream-pieces"],
  ],
  "leaves the pieces out": [
    class extends Sound {
      override async *aroundModelCall(
        _call: WrappedModelCall,
        next: NextModelCall,
      ): AsyncGenerator<LlmResponse> {
        for await (const response of next()) if (!response.partial) yield response;
      }
    },
    ["stream-pieces"],
  ],
  "turns a model's error into words": [
    class extends Sound {
      override async onModelErrorCallback(): Promise<LlmResponse> {
        return { content: text("sorry") };
      }
    },
    ["model-error"],
  ],
  "hides a tool's error": [
    class extends Sound {
      override async onToolErrorCallback(): Promise<Record<string, unknown>> {
        return { worked: "this" };
      }
    },
    ["tool-error"],
  ],
  "makes something of an abort": [
    class extends Sound {
      override async beforeYieldCallback({ event }: { event: Event }): Promise<Partial<Event>> {
        return event.errorCode === "INVOCATION_ABORTED" ? { errorCode: undefined } : {};
      }
    },
    ["abort"],
  ],
  "goes by what an earlier process remembered": [
    class extends Sound {
      #began = false;
      override async onUserMessageCallback(): Promise<undefined> {
        this.#began = true;
      }
      override async beforeToolCallback(): Promise<Record<string, unknown> | undefined> {
        return this.#began ? undefined : { error: "I have never heard of this run." };
      }
    },
    ["resume-after-cut"],
  ],
  "makes another message of one each time": [
    class extends Sound {
      override async onUserMessageCallback(): Promise<Content> {
        return { role: "user", parts: [{ text: `Please begin, ${Math.random()}.` }] };
      }
    },
    [
      "run-to-end",
      "requests-unchanged",
      "order",
      "resume-after-cut",
      "retried-message",
      "sessions-apart",
    ],
  ],
  "takes the runs of all sessions for one": [
    class extends Sound {
      #runs = 0;
      override async beforeRunCallback(): Promise<Content | undefined> {
        return this.#runs++ > 3 ? text("no more") : undefined;
      }
    },
    ["sessions-apart"],
  ],
  "does not hear of isolation": [
    class extends Sound {
      override readonly onFailure = "fail";
    },
    ["isolate"],
  ],
  "can be closed once": [
    class extends Sound {
      #isClosed = false;
      override async close(): Promise<void> {
        if (this.#isClosed) throw new Error("closed");
        this.#isClosed = true;
      }
    },
    ["close-twice"],
  ],
};

type PluginClass = new (options?: PluginOptions) => Plugin;

async function failed(made: PluginClass, effects: PluginEffect[] = []): Promise<string[]> {
  return (await failures(made, effects)).map(({ key }) => key);
}

async function failures(made: PluginClass, effects: PluginEffect[] = []): Promise<CaseResult[]> {
  const results = await runCases(
    () => ({
      plugin: () => new made(),
      isolated: () => new made({ onFailure: "isolate" }),
      effects,
      async [Symbol.asyncDispose]() {},
    }),
    pluginCases,
  );
  return results.filter(({ error }) => error !== undefined);
}

pluginSuite(
  { describe, it },
  {
    name: "a plugin that counts",
    plugin: () => new Sound(),
    isolated: () => new Sound({ onFailure: "isolate" }),
  },
);

describe("the kit of plugins", () => {
  it.each(Object.entries(broken))("finds one that %s", async (_, [made, keys]) => {
    expect(await failed(made)).toEqual(keys);
  });

  it("lets a plugin do what it is meant to do", async () => {
    const [adds] = broken["adds to what the model reads"] as [PluginClass, string[]];
    expect(await failed(adds, ["requests", "events"])).toEqual([]);
  });

  it("says how a failure is declared as meant, where it can be", async () => {
    const hints = async (name: string): Promise<[string, string | undefined][]> => {
      const [made] = broken[name] as [PluginClass, string[]];
      return (await failures(made)).map(({ key, error }): [string, string | undefined] => [
        key,
        /\nIf this is meant, add `(\w+)` to `effects`\.$/.exec(error?.message ?? "")?.[1],
      ]);
    };
    expect(await hints("adds to what the model reads")).toEqual([
      ["run-to-end", "events"],
      ["requests-unchanged", "requests"],
    ]);
    expect(await hints("keeps hooks from others by an answer")).toEqual([["order", "calls"]]);
    expect(await hints("turns a model's error into words")).toEqual([["model-error", "calls"]]);
    expect(await hints("hides a tool's error")).toEqual([["tool-error", "events"]]);
    expect(await hints("leaves the pieces out")).toEqual([["stream-pieces", "events"]]);
    // Nobody means that.
    expect(await hints("can be closed once")).toEqual([["close-twice", undefined]]);
    expect(await hints("answers in the model's place")).toContainEqual(["no-answer", "calls"]);
  });

  it("takes a plugin that cannot be isolated", async () => {
    class Redacts extends Sound {
      override redact(event: Event): Event[] {
        return [event];
      }
    }
    expect(await failed(Redacts)).toEqual([]);
  });

  it("has a key of its own for each case", () => {
    const keys = pluginCases.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
  });
});
