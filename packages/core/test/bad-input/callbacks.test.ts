// oxlint-disable vitest/expect-expect -- refused() and expectRunError() assert
import { describe, expect, it } from "vitest";
import {
  BaseAgent,
  type BaseTool,
  BaseToolset,
  createEvent,
  type Event,
  FunctionTool,
  type InvocationContext,
  LlmAgent,
  type LlmAgentConfig,
  type LlmResponse,
  ParallelAgent,
  SequentialAgent,
} from "../../src/index.ts";
import { ScriptedLlm } from "../../src/testing/index.ts";
import { expectRunError, expectUsable, runOf } from "./failing-run.ts";
import { refused } from "./refused.ts";
import { HI, pong, silent, World } from "./world.ts";

const CALL: LlmResponse = {
  content: { role: "model", parts: [{ functionCall: { name: "broken", args: {} } }] },
};
const broken = new FunctionTool({
  name: "broken",
  description: "Fails.",
  execute: () => {
    throw new Error("out of paper");
  },
});

function agentOf(
  config: Partial<LlmAgentConfig>,
  turns: (string | Error | LlmResponse)[],
): LlmAgent {
  const model = new ScriptedLlm({ turns });
  return new LlmAgent({ name: "root", model, tools: [broken], ...config });
}

const CALLBACKS = [
  { option: "beforeAgentCallback", turns: ["pong"] },
  { option: "afterAgentCallback", turns: ["pong"] },
  { option: "beforeModelCallback", turns: ["pong"] },
  { option: "afterModelCallback", turns: ["pong"] },
  { option: "onModelErrorCallback", turns: [new Error("no quota")] },
  { option: "beforeToolCallback", turns: [CALL, "pong"] },
  { option: "afterToolCallback", turns: [CALL, "pong"] },
  { option: "onToolErrorCallback", turns: [CALL, "pong"] },
] as const;

describe("a callback of an agent", () => {
  it.each(CALLBACKS)(
    "$option that throws fails the run with its own error",
    async ({ option, turns }) => {
      class Oops extends Error {
        override readonly name = "Oops";
      }
      const oops = new Oops("oops");
      const callbacks = [
        () => {
          throw oops;
        },
        async () => await Promise.reject(oops),
      ];
      for (const callback of callbacks) {
        const world = await World.create();
        const run = await runOf(world, agentOf({ [option]: callback }, [...turns]));
        expect(run.error).toBe(oops);
        expect(run.seen).toEqual(["onAgentError root", "onEvent Oops", "onRunError"]);
        await expectRunError(world, run, "Oops");
      }
    },
  );

  it.each(CALLBACKS)(
    "$option that answers with the wrong type fails the run",
    async ({ option, turns }) => {
      const none = /Agent/.test(option)
        ? [{}, { text: "hi" }, { parts: ["hi"] }]
        : /Model/.test(option)
          ? [{ content: "hi" }, { content: { parts: "hi" } }]
          : [];
      for (const answer of ["text", 5, true, [HI], ...none]) {
        const world = await World.create();
        const run = await runOf(world, agentOf({ [option]: () => answer }, [...turns]));
        await refused(
          () => Promise.reject(run.error as Error),
          "INVALID_ARGUMENT",
          `The callback ${option} answered with`,
        );
        await expectRunError(world, run, "INVALID_ARGUMENT");
      }
    },
  );

  it.each(CALLBACKS)(
    "$option that answers with null has not answered",
    async ({ option, turns }) => {
      const world = await World.create();
      const run = await runOf(world, agentOf({ [option]: () => null }, [...turns]));
      expect(run.error === undefined).toBe(option !== "onModelErrorCallback");
    },
  );
});

class Toolset extends BaseToolset {
  readonly #list: () => unknown;
  constructor(list: () => unknown) {
    super();
    this.#list = list;
  }
  override async getTools(): Promise<BaseTool[]> {
    return (await this.#list()) as BaseTool[];
  }
  override async close(): Promise<void> {
    throw new Error("cannot close");
  }
}

describe("a toolset", () => {
  it.each([
    ["throws", () => Promise.reject(new Error("no route"))],
    ["lists nothing", () => undefined],
    ["lists a text", () => "broken"],
    ["lists numbers", () => [5]],
    ["lists null", () => [null]],
    ["lists functions", () => [() => 1]],
  ])("that %s is logged and left out, and so is its failure to close", async (_what, list) => {
    const world = await World.create();
    const logged: string[] = [];
    const logger = { ...silent, error: (message: string) => logged.push(message) };
    const model = new ScriptedLlm({ turns: ["pong"] });
    const root = new LlmAgent({ name: "root", model, tools: [new Toolset(list), broken] });
    await world.ping(world.runnerOf(root, { logger }));
    expect(model.requests[0]?.tools).toEqual(["broken"]);
    expect(logged).toEqual(["A toolset of agent root could not list its tools; it is left out."]);
    await using runner = world.runnerOf(root, { logger });
    await runner.close();
    expect(logged.slice(1)).toEqual(["A toolset could not be closed."]);
    await expectUsable(world);
  });

  it("with a tool of a name that is taken fails the run", async () => {
    const world = await World.create();
    const root = agentOf({ tools: [broken, new Toolset(() => [twin("broken")])] }, ["pong"]);
    const run = await runOf(world, root);
    await refused(() => Promise.reject(run.error as Error), "INVALID_ARGUMENT", "named broken");
    await expectRunError(world, run, "INVALID_ARGUMENT");
  });
});

function twin(name: string): FunctionTool {
  return new FunctionTool({ name, description: "Another.", execute: () => 1 });
}

/** An agent of one's own that yields or throws what it likes. */
class Custom extends BaseAgent {
  readonly #yields: (context: InvocationContext) => Iterable<unknown>;
  constructor(name: string, yields: (context: InvocationContext) => Iterable<unknown>) {
    super({ name });
    this.#yields = yields;
  }
  protected async *runAsyncImpl(
    context: InvocationContext,
  ): AsyncGenerator<Event, void, undefined> {
    yield* this.#yields(context) as Iterable<Event>;
  }
}

describe("an agent of one's own", () => {
  it.each([
    ["null", null],
    ["undefined", undefined],
    ["a text", "hi"],
    ["a number", 5],
    ["an object that is no event", {}],
    ["an event without actions", { id: "x", author: "root", invocationId: "e", content: HI }],
    ["a partial one without actions", { partial: true }],
  ])("that yields %s fails the run", async (_what, yielded) => {
    const world = await World.create();
    const run = await runOf(world, new Custom("root", () => [yielded]));
    await refused(
      () => Promise.reject(run.error as Error),
      "INVALID_ARGUMENT",
      "Make events with createEvent(",
    );
    await expectRunError(world, run, "INVALID_ARGUMENT");
  });

  it.each([
    ["an id that is none", { id: "\0" }, "event.id"],
    ["a timestamp that is none", { timestamp: 0.5 }, "event.timestamp"],
    ["a state key that is none", { actions: { stateDelta: { "": 1 } } }, "stateDelta"],
    ["a list of removed keys that is none", { stateRemoved: "x" as never }, "stateRemoved"],
  ])("that yields an event with %s fails the run", async (_what, params, says) => {
    const world = await World.create();
    const inner = new Custom("inner", ({ invocationId }) => [
      createEvent({ author: "inner", invocationId, ...params }),
    ]);
    const run = await runOf(world, new SequentialAgent({ name: "root", subAgents: [inner] }));
    await refused(() => Promise.reject(run.error as Error), "INVALID_ARGUMENT", says);
    await expectRunError(world, run, "INVALID_ARGUMENT", "inner");
  });

  it("that uses an event's id twice for two events fails the run", async () => {
    const world = await World.create();
    const custom = new Custom("root", ({ invocationId }) =>
      ["one", "two"].map((text) =>
        createEvent({ id: "same", author: "root", invocationId, content: { parts: [{ text }] } }),
      ),
    );
    const run = await runOf(world, custom);
    await refused(() => Promise.reject(run.error as Error), "EVENT_ID_CONFLICT", "same", true);
    await expectRunError(world, run, "EVENT_ID_CONFLICT");
  });

  it.each([
    ["an Error", new Error("oops"), "Error"],
    ["a text", "oops", "Error"],
    ["undefined", undefined, "Error"],
  ])("that throws %s fails the run with just that", async (_what, thrown, code) => {
    const world = await World.create();
    const inner = new Custom("inner", () => {
      // oxlint-disable-next-line typescript/only-throw-error
      throw thrown;
    });
    const parallel = new ParallelAgent({ name: "both", subAgents: [inner, pong("calm")] });
    const run = await runOf(world, new SequentialAgent({ name: "root", subAgents: [parallel] }));
    expect(run.error).toBe(thrown);
    expect(run.seen.filter((hook) => hook.startsWith("onAgentError"))).toEqual([
      "onAgentError inner",
      "onAgentError both",
      "onAgentError root",
    ]);
    expect(run.stored.at(-1)).toMatchObject({ author: "inner", errorCode: code });
    await expectUsable(world);
  });
});
