import { describe, expect, it } from "vitest";
import {
  AdkError,
  BasePlugin,
  type LlmResponse,
  type NextModelCall,
  type NextToolCall,
  type WrappedModelCall,
  type WrappedToolCall,
} from "../../src/index.ts";
import { agent, calls, engine, latch, never, settle, told, tool } from "./support.ts";

type Model = (call: WrappedModelCall, next: NextModelCall) => AsyncIterable<LlmResponse>;
type Tool = (call: WrappedToolCall, next: NextToolCall) => Promise<unknown>;

class Around extends BasePlugin {
  override readonly aroundRank: number;
  readonly #model: Model | undefined;
  readonly #tool: Tool | undefined;

  constructor(
    name: string,
    around: { model?: Model; tool?: Tool },
    { rank = 0, ...options }: { rank?: number; hookTimeoutMs?: number } = {},
  ) {
    super(name, options);
    this.aroundRank = rank;
    this.#model = around.model;
    this.#tool = around.tool;
  }

  override aroundModelCall(
    call: WrappedModelCall,
    next: NextModelCall,
  ): AsyncIterable<LlmResponse> {
    return this.#model ? this.#model(call, next) : next();
  }

  override async aroundToolCall(call: WrappedToolCall, next: NextToolCall): Promise<unknown> {
    return this.#tool ? await this.#tool(call, next) : await next();
  }
}

const text = (words: string): LlmResponse => ({
  content: { role: "model", parts: [{ text: words }] },
});

/** Tries again, once, when the first call fails before it has given anything. */
async function* twice(_call: WrappedModelCall, next: NextModelCall): AsyncGenerator<LlmResponse> {
  let isPassedOn = false;
  try {
    for await (const response of next()) {
      isPassedOn = true;
      yield response;
    }
  } catch (error) {
    if (isPassedOn) throw error;
    yield* next();
  }
}

/** Notes in which order plugins are entered and left. */
function noting(name: string, rank: number | undefined, notes: string[]): Around {
  return new Around(
    name,
    {
      async *model(_call, next) {
        notes.push(`${name} in`);
        yield* next();
        notes.push(`${name} out`);
      },
      async tool(_call, next) {
        notes.push(`${name} in`);
        const result = await next();
        notes.push(`${name} out`);
        return result;
      },
    },
    rank === undefined ? {} : { rank },
  );
}

describe("around a model call", () => {
  it("stands outermost by rank, then by registration, and around nothing that a hook answered", async () => {
    const notes: string[] = [];
    const plugins = [
      noting("a", undefined, notes),
      noting("budget", 10, notes),
      noting("b", undefined, notes),
      noting("cache", 30, notes),
      noting("retry", 20, notes),
    ];
    await using world = await engine({ agent: agent("root", ["hello"]), plugins });
    await world.say("hi");
    const entered = ["cache", "retry", "budget", "a", "b"];
    expect(notes).toEqual([
      ...entered.map((name) => `${name} in`),
      ...entered.toReversed().map((name) => `${name} out`),
    ]);
    notes.length = 0;
    const answering = agent("root", [], { beforeModelCallback: () => text("mine") });
    await using other = await engine({ agent: answering, plugins });
    await other.say("hi");
    expect(notes).toEqual([]);
  });

  it("sees the request, may ask another one, and passes on what it likes", async () => {
    const root = agent("root", ["hello"]);
    const plugin = new Around("shout", {
      async *model({ llmRequest, model, stream, callbackContext }, next) {
        expect([model.model, stream, callbackContext.agentName]).toEqual([
          "model-of-root",
          false,
          "root",
        ]);
        const contents = [{ role: "user", parts: [{ text: "another" }] }];
        for await (const { content } of next({ ...llmRequest, contents }))
          yield text(`${content?.parts?.[0]?.text}!`);
      },
    });
    await using world = await engine({ agent: root, plugins: [plugin] });
    expect(told(await world.say("hi"))).toEqual(["root: hello!"]);
    expect(root.llm.requests[0]?.contents[0]?.parts).toEqual([{ text: "another" }]);
  });

  it("asks the model for no piece that the caller has not come for", async () => {
    const pulled: number[] = [];
    const pieces = Array.from({ length: 600 }, (_, index) => index);
    const root = agent("root", [
      () => pieces.map((index) => ({ ...text(`${index} `), partial: true })),
    ]);
    const plugin = new Around("count", {
      async *model(_call, next) {
        let at = 0;
        for await (const response of next()) {
          pulled.push(at++);
          yield response;
        }
      },
    });
    await using world = await engine({ agent: root, plugins: [plugin] });
    const stream = world.stream("hi", { runConfig: { streamingMode: "sse" } });
    await stream.next();
    await settle();
    expect(pulled.length).toBeLessThan(300);
    await stream.return();
    expect(pulled.length).toBeLessThan(300);
  });

  it("may ask again before it has passed anything on; each time counts as a call", async () => {
    const root = agent("root", [new Error("busy"), "hello"]);
    await using world = await engine({
      agent: root,
      plugins: [new Around("retry", { model: twice })],
    });
    expect(told(await world.say("hi"))).toEqual(["root: hello"]);
    const limited = agent("root", [new Error("busy"), "hello"]);
    await using other = await engine({
      agent: limited,
      plugins: [new Around("retry", { model: twice })],
    });
    await expect(other.say("hi", { runConfig: { maxLlmCalls: 1 } })).rejects.toMatchObject({
      code: "LLM_CALLS_LIMIT_EXCEEDED",
    });
    expect(limited.llm.requests).toHaveLength(1);
  });

  it("may not ask again afterwards", async () => {
    const plugin = new Around("greedy", {
      async *model(_call, next) {
        yield* next();
        yield* next();
      },
    });
    await using world = await engine({ agent: agent("root", ["a", "b"]), plugins: [plugin] });
    await expect(world.say("hi")).rejects.toMatchObject({
      code: "PLUGIN_FAILED",
      details: { plugin: "greedy", hook: "aroundModelCall" },
      cause: { code: "FAILED_PRECONDITION" },
    });
  });

  it("lets what the model throws pass unchanged, to onModelErrorCallback and to the caller", async () => {
    const error = new Error("no");
    const seen: unknown[] = [];
    const root = agent("root", [error], {
      onModelErrorCallback: (params) => void seen.push(params.error),
    });
    const plugins = [new Around("a", {}), new Around("b", { model: (_call, next) => next() })];
    await using world = await engine({ agent: root, plugins });
    await expect(world.say("hi")).rejects.toMatchObject({ code: "MODEL_FAILED", cause: error });
    expect(seen).toEqual([error]);
  });

  it.each([
    ["its own error", new Error("oops"), "PLUGIN_FAILED"],
    ["a spent budget", new AdkError("BUDGET_EXCEEDED", "spent"), "BUDGET_EXCEEDED"],
  ])("ends the run with %s, whatever a plugin further out makes of it", async (_, error, code) => {
    const seen: unknown[] = [];
    const plugins = [
      new Around(
        "inner",
        {
          // oxlint-disable-next-line require-yield
          async *model() {
            throw error;
          },
        },
        { rank: 10 },
      ),
      new Around(
        "outer",
        {
          async *model(_call, next) {
            try {
              yield* next();
            } catch {
              yield text("never mind");
            }
          },
        },
        { rank: 20 },
      ),
    ];
    const root = agent("root", [], { onModelErrorCallback: () => (seen.push(1), text("mine")) });
    await using world = await engine({ agent: root, plugins });
    await expect(world.say("hi")).rejects.toMatchObject({ code });
    expect(seen).toEqual([]);
  });

  it.each([
    ["returns nothing", () => undefined, "returned undefined"],
    [
      "passes on a text",
      async function* () {
        yield "text";
      },
      "passed on",
    ],
  ])("fails the run when it %s", async (_, model, words) => {
    const plugin = new Around("wrong", { model: model as unknown as Model });
    await using world = await engine({ agent: agent("root", ["a"]), plugins: [plugin] });
    await expect(world.say("hi")).rejects.toMatchObject({
      code: "PLUGIN_FAILED",
      message: expect.stringContaining(words) as string,
    });
  });

  it("is closed, and the model with it, when the caller leaves", async () => {
    const ends: string[] = [];
    const root = agent("root", [() => [{ ...text("a"), partial: true }, never()]]);
    const plugin = new Around("tidy", {
      async *model(_call, next) {
        try {
          yield* next();
        } finally {
          ends.push("plugin");
        }
      },
    });
    await using world = await engine({ agent: root, plugins: [plugin] });
    const stream = world.stream("hi", { runConfig: { streamingMode: "sse" } });
    await stream.next();
    await stream.return();
    expect(ends).toEqual(["plugin"]);
    expect(world.logged).toEqual([]);
    expect(await world.isBusy()).toBe(false);
  });

  it("takes the first of two calls and cancels the other", async () => {
    const cancelled = latch();
    const root = agent("root", [
      (_request, signal) => {
        signal?.addEventListener("abort", () => cancelled.open());
        return [never()];
      },
      "second",
    ]);
    const plugin = new Around("hedge", {
      async *model(_call, next) {
        const [slow, fast] = [next(), next()];
        const { value } = (await Promise.race([slow.next(), fast.next()])) as {
          value: LlmResponse;
        };
        yield value;
      },
    });
    await using world = await engine({ agent: root, plugins: [plugin] });
    expect(told(await world.say("hi"))).toEqual(["root: second"]);
    await cancelled.promise;
  });

  it("does not delay the end of an aborted run for ever", async () => {
    const plugin = new Around("hanging", {
      // oxlint-disable-next-line require-yield
      async *model() {
        await never();
      },
    });
    const controller = new AbortController();
    await using world = await engine({ agent: agent("root", []), plugins: [plugin] });
    const events = world.say("hi", { abortSignal: controller.signal });
    await settle();
    controller.abort();
    await settle();
    await world.clock.advance(10_000);
    expect(told(await events)).toEqual(["root: !INVOCATION_ABORTED"]);
    expect(world.logged.join()).toContain("The plugins around the model of agent root");
  });
});

describe("around a tool call", () => {
  const asked = (execute: Parameters<typeof tool>[1], options?: { timeoutMs: number }) =>
    agent("root", [calls(["work", { n: 1 }, "c1"]), "done"], {
      tools: [tool("work", execute, options)],
    });

  it("stands around the tool by rank, sees its arguments and may answer something else", async () => {
    const notes: string[] = [];
    const plugins = [
      noting("inner", undefined, notes),
      new Around(
        "outer",
        { tool: async ({ toolArgs }, next) => [toolArgs, await next()] },
        { rank: 1 },
      ),
    ];
    await using world = await engine({ agent: asked(() => "made"), plugins });
    expect(told(await world.say("hi"))[1]).toBe('root: work → {"result":[{"n":1},"made"]}');
    const once = ["inner in", "inner out"];
    expect(notes, "model, tool, model").toEqual([...once, ...once, ...once]);
  });

  it("may try again; each time is a further attempt with the arguments of the call", async () => {
    const attempts: number[] = [];
    const root = asked((_args, context) => {
      attempts.push(context.attempt);
      context.state.set("tried", attempts.length);
      if (attempts.length < 3) throw new Error("busy");
      return "made";
    });
    const retry: Tool = async (_call, next) => {
      for (;;)
        try {
          return await next();
        } catch {}
    };
    await using world = await engine({
      agent: root,
      plugins: [new Around("retry", { tool: retry })],
    });
    expect(told(await world.say("hi"))[1]).toBe('root: work → {"result":"made"}');
    expect(attempts).toEqual([1, 2, 3]);
    expect((await world.session()).state).toEqual({ tried: 3 });
  });

  it("may try again what took too long: the cancelled attempt cannot write any more", async () => {
    let late: (() => void) | undefined;
    const root = asked(
      (_args, context) => {
        if (context.attempt > 1) return "made";
        late = () => context.state.set("late", true);
        return never();
      },
      { timeoutMs: 100 },
    );
    const retry: Tool = async (_call, next) => {
      try {
        return await next();
      } catch {
        return await next();
      }
    };
    await using world = await engine({
      agent: root,
      plugins: [new Around("retry", { tool: retry })],
      abortGraceMs: 10,
    });
    const events = world.say("hi");
    for (let step = 0; step < 2; step++) {
      await settle();
      await world.clock.advance(100);
    }
    expect(told(await events)[1]).toBe('root: work → {"result":"made"}');
    expect(late).toThrow(/came too late: the call/);
  });

  it("tells the tool's error to the model as it is", async () => {
    const root = asked(() => {
      throw new Error("broken");
    });
    await using world = await engine({ agent: root, plugins: [new Around("a", {})] });
    expect(told(await world.say("hi"))[1]).toBe('root: work → {"error":"broken"}');
  });

  it.each([
    ["an error of the plugin", new Error("oops"), "PLUGIN_FAILED"],
    ["TOOL_FAILED", new AdkError("TOOL_FAILED", "stop"), "TOOL_FAILED"],
  ])("ends the run with %s", async (_, error, code) => {
    const plugin = new Around("bad", { tool: () => Promise.reject(error) });
    await using world = await engine({ agent: asked(() => "made"), plugins: [plugin] });
    await expect(world.say("hi")).rejects.toMatchObject({ code });
  });

  it("does not swallow what ends the run", async () => {
    const root = asked(() => {
      throw new AdkError("TOOL_FAILED", "stop");
    });
    const plugin = new Around("calm", { tool: (_call, next) => next().catch(() => "calm") });
    await using world = await engine({ agent: root, plugins: [plugin] });
    await expect(world.say("hi")).rejects.toMatchObject({ code: "TOOL_FAILED" });
  });

  it.each<[string, Tool]>([
    ["at the same time", (_call, next) => Promise.all([next(), next()])],
    [
      "after it has returned",
      async (_call, next) => {
        setImmediate(() => void next().catch((error: unknown) => late.push(error)));
        return "mine";
      },
    ],
  ])("may not call twice %s", async (when, around) => {
    late.length = 0;
    const plugin = new Around("greedy", { tool: around });
    await using world = await engine({
      agent: asked(() => never()),
      plugins: [plugin],
      abortGraceMs: 1,
    });
    const events = world.say("hi").catch((error: unknown) => error);
    await settle();
    if (when === "after it has returned") {
      await events;
      expect(late).toMatchObject([{ code: "FAILED_PRECONDITION" }]);
    } else
      expect(await events).toMatchObject({
        code: "PLUGIN_FAILED",
        cause: { code: "FAILED_PRECONDITION" },
      });
  });
  const late: unknown[] = [];

  it("is left when the run is aborted, and the tool with it", async () => {
    const controller = new AbortController();
    const stopped = latch();
    const root = asked(
      (_args, { abortSignal }) =>
        new Promise((resolve) =>
          abortSignal.addEventListener("abort", () => {
            stopped.open();
            resolve("late");
          }),
        ),
    );
    await using world = await engine({
      agent: root,
      plugins: [new Around("a", { tool: (_call, next) => next().catch(() => "calm") })],
    });
    const events = world.say("hi", { abortSignal: controller.signal });
    await settle();
    controller.abort();
    await stopped.promise;
    expect(told(await events).at(-1)).toBe("root: !INVOCATION_ABORTED");
  });
});

describe("hookTimeoutMs", () => {
  it("counts what a plugin takes by itself, not what `next` takes", async () => {
    const open = latch();
    const root = agent("root", [() => [open.promise.then(() => text("slow"))]]);
    const plugin = new Around(
      "patient",
      {
        model: async function* (_call, next) {
          yield* next();
        },
      },
      { hookTimeoutMs: 50 },
    );
    await using world = await engine({ agent: root, plugins: [plugin] });
    const events = world.say("hi");
    await settle();
    await world.clock.advance(5_000);
    await settle();
    open.open();
    expect(told(await events)).toEqual(["root: slow"]);
  });

  it.each<[string, { model?: Model; tool?: Tool }]>([
    [
      "aroundModelCall",
      {
        // oxlint-disable-next-line require-yield
        model: async function* () {
          await never();
        },
      },
    ],
    ["aroundToolCall", { tool: () => never() }],
  ])("passed in %s fails the run", async (hook, around) => {
    const root = agent("root", [calls(["work", {}, "c1"]), "done"], {
      tools: [tool("work", () => "made")],
    });
    const plugin = new Around("slow", around, { hookTimeoutMs: 50 });
    await using world = await engine({ agent: root, plugins: [plugin] });
    const failed = world.say("hi").catch((error: unknown) => error);
    await settle();
    await world.clock.advance(50);
    expect(await failed).toMatchObject({
      code: "PLUGIN_FAILED",
      details: { plugin: "slow", hook },
      cause: { code: "TIMEOUT" },
    });
  });

  it("passed in a hook fails the run, and the hook cannot write any more", async () => {
    let late: (() => void)[] = [];
    class Slow extends BasePlugin {
      override async beforeModelCallback({
        callbackContext,
      }: Parameters<BasePlugin["beforeModelCallback"]>[0]): Promise<undefined> {
        callbackContext.state.set("early", true);
        late = [
          () => callbackContext.state.set("late", true),
          () => callbackContext.state.delete("early"),
          () => callbackContext.requestCredential({} as never),
        ];
        await never();
      }
    }
    const slow = new Slow("slow", { hookTimeoutMs: 50 });
    await using world = await engine({ agent: agent("root", []), plugins: [slow] });
    const failed = world.say("hi").catch((error: unknown) => error);
    await settle();
    await world.clock.advance(50);
    expect(await failed).toMatchObject({ code: "PLUGIN_FAILED", cause: { code: "TIMEOUT" } });
    for (const write of late) expect(write).toThrow(AdkError);
    expect((await world.session()).state).toEqual({});
  });

  it("lets a hook that is in time write", async () => {
    class Quick extends BasePlugin {
      override async beforeModelCallback({
        callbackContext: { state },
      }: Parameters<BasePlugin["beforeModelCallback"]>[0]): Promise<undefined> {
        expect(state.toRecord()).toEqual({ old: [1], gone: 1 });
        state.get<number[]>("old")?.push(2);
        state.set("new", 1);
        state.delete("gone");
        expect([state.has("gone"), state.get("new"), state.hasDelta()]).toEqual([false, 1, true]);
      }
    }
    const quick = new Quick("quick", { hookTimeoutMs: 50 });
    await using world = await engine({
      agent: agent("root", ["a"]),
      plugins: [quick],
      state: { old: [1], gone: 1 },
    });
    await world.say("hi");
    expect((await world.session()).state).toEqual({ old: [1, 2], new: 1 });
  });

  it.each([
    { hookTimeoutMs: 0 },
    { aroundRank: Number.NaN },
    { aroundRank: "1" },
    { aroundModelCall: 1 },
  ])("is refused when a class has made it %o", (members) => {
    const plugin = Object.assign(new Around("odd", {}), members);
    return expect(engine({ agent: agent("root", []), plugins: [plugin] })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(`Plugin odd: \`${Object.keys(members)[0]}\``) as string,
    });
  });
});
