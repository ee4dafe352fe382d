import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  AdkError,
  AgentTool,
  BasePlugin,
  type BaseTool,
  BaseToolset,
  type Context,
  FunctionTool,
  InMemoryArtifactService,
  LongRunningFunctionTool,
} from "../../src/index.ts";
import { delay } from "../../src/internal/clock.ts";
import {
  agent,
  calls,
  contentWords,
  engine,
  fired,
  latch,
  never,
  settle,
  told,
  tool,
} from "./support.ts";

describe("the calls of one answer", () => {
  it("run at the same time: 8 × 100 ms take 100 ms", async () => {
    const slow = tool("slow", async ({ n }, { invocationContext }) => {
      await delay(invocationContext.invocation.clock, 100);
      return n;
    });
    const made = Array.from({ length: 8 }, (_, n) => ["slow", { n }] as [string, { n: number }]);
    const root = agent("root", [calls(...made), "done"], { tools: [slow] });
    await using e = await engine({ agent: root });
    const start = e.clock.now();
    const run = e.say("hi");
    await settle();
    await settle();
    await settle();
    await e.clock.advance(99);
    expect(root.llm.requests).toHaveLength(1);
    await e.clock.advance(1);
    expect(root.llm.requests).toHaveLength(2);
    await run;
    expect(e.clock.now() - start).toBe(100);
  });

  it("run as many as the cap allows; the responses stand in the order of the calls", async () => {
    const gates = [latch<void>(), latch<void>(), latch<void>(), latch<void>()];
    const running = new Set<number>();
    let most = 0;
    const slow = tool("slow", async (args) => {
      const n = args["n"] as number;
      running.add(n);
      most = Math.max(most, running.size);
      await gates[n]?.promise;
      running.delete(n);
      return n;
    });
    const root = agent(
      "root",
      [calls(...[0, 1, 2, 3].map((n) => ["slow", { n }] as [string, { n: number }])), "done"],
      { tools: [slow] },
    );
    await using e = await engine({ agent: root });
    const run = e.say("hi", { runConfig: { maxConcurrentTools: 2 } });
    await settle();
    expect([...running]).toEqual([0, 1]);
    gates[1]?.open();
    await settle();
    expect([...running]).toEqual([0, 2]);
    gates[2]?.open();
    gates[3]?.open();
    await settle();
    gates[0]?.open();
    const [, responses] = await run;
    expect(most).toBe(2);
    expect(
      responses?.content?.parts?.map(
        ({ functionResponse }) => functionResponse?.response?.["result"],
      ),
    ).toEqual([0, 1, 2, 3]);
  });

  it("that do not wait run strictly one after the other", async () => {
    const order: string[] = [];
    const note = tool("note", async ({ n }) => {
      order.push(`start ${String(n)}`);
      await Promise.resolve();
      await Promise.resolve();
      order.push(`end ${String(n)}`);
    });
    const root = agent("root", [calls(["note", { n: 1 }], ["note", { n: 2 }]), "done"], {
      tools: [note],
    });
    await using e = await engine({ agent: root });
    await e.say("hi");
    expect(order).toEqual(["start 1", "end 1", "start 2", "end 2"]);
  });

  it("get copies of their arguments: what a tool or a hook does to them is not in the log", async () => {
    const seen: unknown[] = [];
    const change = tool("change", (args) => {
      seen.push(structuredClone(args));
      (args["list"] as number[]).push(3);
      args["more"] = true;
      return "ok";
    });
    const root = agent("root", [calls(["change", { list: [1] }]), "done"], {
      tools: [change],
      beforeToolCallback: ({ args }) => {
        (args["list"] as number[]).push(2);
        return undefined;
      },
    });
    await using e = await engine({ agent: root });
    await e.say("hi");
    expect(seen).toEqual([{ list: [1, 2] }]);
    expect(told(await e.log())[1]).toBe('root: change({"list":[1]})');
    expect(contentWords(root.llm.requests[1]?.contents ?? [])[1]).toBe(
      'model: change({"list":[1]})',
    );
  });

  it("that take too long are cancelled and told to the model; the others are not touched", async () => {
    const signals: AbortSignal[] = [];
    const slow = tool(
      "slow",
      async (_args, { abortSignal }) => {
        signals.push(abortSignal);
        await fired(abortSignal);
      },
      { timeoutMs: 300 },
    );
    const quick = tool("quick", (_args, { abortSignal }) => {
      signals.push(abortSignal);
      return "ok";
    });
    const root = agent("root", [calls(["slow"], ["quick"]), "I see"], { tools: [slow, quick] });
    await using e = await engine({ agent: root });
    const run = e.say("hi");
    await settle();
    await e.clock.advance(300);
    const events = await run;
    expect(told(events)[1]).toMatch(
      /slow → {"error":"Tool slow took longer than 300 ms and was cancelled\."} quick → {"result":"ok"}/,
    );
    expect(told(events)[2]).toBe("root: I see");
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    expect(e.clock.pendingTimers).toBe(0);
  });

  it("that take too long and ignore their signal are waited for no longer than the grace; late writes are refused", async () => {
    const late = latch<void>();
    const refused = latch<unknown>();
    const deaf = tool(
      "deaf",
      async (_args, context) => {
        await late.promise;
        try {
          context.state.set("late", 1);
        } catch (error) {
          refused.open(error);
        }
      },
      { timeoutMs: 100 },
    );
    const root = agent("root", [calls(["deaf"]), "on we go"], { tools: [deaf] });
    await using e = await engine({ agent: root, abortGraceMs: 200 });
    const run = e.say("hi");
    await settle();
    await e.clock.advance(300);
    expect(told(await run).at(-1)).toBe("root: on we go");
    late.open();
    expect(await refused.promise).toMatchObject({ code: "FAILED_PRECONDITION" });
    expect((await e.session()).state).toEqual({});
  });

  it("of a tool that does not exist are told to the model, with the names there are", async () => {
    const root = agent("root", [calls(["made_up"]), "sorry"], {
      tools: [tool("real", () => "ok")],
    });
    await using e = await engine({ agent: root });
    expect(told(await e.say("hi"))[1]).toContain("There is no tool made_up. The tools are: real.");
  });

  it("with arguments that do not fit are told to the model; the function is not called", async () => {
    let called = false;
    const add = new FunctionTool({
      name: "add",
      description: "adds",
      parameters: z.object({ a: z.number(), b: z.number() }),
      execute: ({ a, b }) => {
        called = true;
        return a + b;
      },
    });
    const root = agent(
      "root",
      [calls(["add", { a: 1, b: "two" }]), calls(["add", { a: 1, b: 2 }]), "3"],
      {
        tools: [add],
      },
    );
    await using e = await engine({ agent: root });
    const stream = e.stream("hi");
    const events = [(await stream.next()).value, (await stream.next()).value] as never[];
    expect(told(events)[1]).toMatch(/add → {"error":.*b/s);
    expect(called).toBe(false);
    await stream.next();
    expect(told([(await stream.next()).value as never])).toEqual(['root: add → {"result":3}']);
    await stream.return(undefined);
  });

  it("what they return that is no object is put into one; undefined is null", async () => {
    const give = tool(
      "give",
      ({ what }) =>
        ({ text: "a", list: [1], nothing: undefined, object: { a: 1 } })[what as "text"],
    );
    const root = agent(
      "root",
      [
        calls(
          ...["text", "list", "nothing", "object"].map(
            (what) => ["give", { what }] as [string, object] as never,
          ),
        ),
        "x",
      ],
      { tools: [give] },
    );
    await using e = await engine({ agent: root });
    expect(told(await e.say("hi"))[1]).toBe(
      'root: give → {"result":"a"} give → {"result":[1]} give → {"result":null} give → {"a":1}',
    );
  });

  it("of a long-running tool without a result leave no response; a batch goes on with the others' responses", async () => {
    const ask = new LongRunningFunctionTool({
      name: "ask",
      description: "asks",
      execute: () => undefined,
    });
    const root = agent("root", [calls(["ask", {}, "c1"], ["ping"]), "we wait"], {
      tools: [ask, tool("ping", () => "pong")],
    });
    await using e = await engine({ agent: root });
    expect(told(await e.say("hi"))).toEqual([
      "root: ask() ping()",
      'root: ping → {"result":"pong"}',
      "root: we wait",
    ]);
  });

  it("what a long-running tool wrote is stored although it has no response", async () => {
    const ask = new LongRunningFunctionTool({
      name: "ask",
      description: "asks",
      execute: (_: unknown, context: Context) => {
        context.state.set("asked", true);
      },
    });
    const root = agent("root", [calls(["ask", {}, "c1"])], { tools: [ask] });
    await using e = await engine({ agent: root });
    await e.say("hi");
    expect((await e.session()).state).toEqual({ asked: true });
  });

  it("have the call's id as idempotency key, and attempt 1", async () => {
    const seen: unknown[] = [];
    const note = tool(
      "note",
      (_args, { functionCallId, attempt }) => void seen.push([functionCallId, attempt]),
    );
    const root = agent("root", [calls(["note", {}, "mine"], ["note"]), "done"], { tools: [note] });
    await using e = await engine({ agent: root });
    const [event] = await e.say("hi");
    const ids = event?.content?.parts?.map(({ functionCall }) => functionCall?.id);
    expect(ids?.[0]).toBe("mine");
    expect(ids?.[1]).toMatch(/^adk-/);
    expect(seen).toEqual(ids?.map((id) => [id, 1]));
  });
});

describe("a toolset", () => {
  class Counting extends BaseToolset {
    asked = 0;
    readonly #tools: () => BaseTool[];
    constructor(tools: () => BaseTool[], prefix?: string) {
      super([], prefix);
      this.#tools = tools;
    }
    override async getTools(): Promise<BaseTool[]> {
      this.asked++;
      return this.#tools();
    }
    override async close(): Promise<void> {}
  }

  it("is asked once for each agent in a run; a failing one is left out and logged", async () => {
    const good = new Counting(() => [tool("ping", () => "pong")], "net");
    const bad = new Counting(() => {
      throw new Error("offline");
    });
    const root = agent("root", [calls(["net_ping"]), "done", "again"], { tools: [good, bad] });
    await using e = await engine({ agent: root });
    expect(told(await e.say("hi"))[1]).toBe('root: net_ping → {"result":"pong"}');
    expect(good.asked).toBe(1);
    expect(e.logged.join()).toContain("could not list its tools");
    await e.say("more");
    expect(good.asked).toBe(2);
  });
});

describe("an agent tool", () => {
  const child = (turns: Parameters<typeof agent>[1], config: Parameters<typeof agent>[2] = {}) =>
    agent("child", turns, config);

  it("starts with the caller's state and hands back what it writes, with the tool's event", async () => {
    const write = tool("write", (_args, { state }) => {
      state.set("n", (state.get<number>("n") ?? 0) + 1);
      state.set("user:n", 2);
      state.set("temp:n", 3);
      state.delete("old");
      return "ok";
    });
    const inner = child([calls(["write"]), "n is {n}"], {
      tools: [write],
      instruction: "n was {n}, {user:lang}",
    });
    const look = tool("look", (_args, { state }) => state.toRecord());
    const root = agent("root", [calls(["child", { request: "go" }]), calls(["look"]), "done"], {
      tools: [new AgentTool({ agent: inner }), look],
    });
    await using e = await engine({ agent: root, state: { n: 1, old: true, "user:lang": "de" } });
    const events = await e.say("hi", { stateDelta: { "temp:secret": 1 } });
    expect(inner.llm.requests[0]?.systemInstruction).toContain("n was 1, de");
    expect(told(events)[1]).toBe('root: child → {"result":"n is {n}"}');
    expect(events[1]?.actions.stateDelta).toEqual({ n: 2, "user:n": 2 });
    expect(events[1]?.stateRemoved).toEqual(["old"]);
    expect(events[3]?.content?.parts?.[0]?.functionResponse?.response).toEqual({
      n: 2,
      "user:lang": "de",
      "user:n": 2,
      "temp:secret": 1,
    });
    expect((await e.session()).state).toEqual({ n: 2, "user:lang": "de", "user:n": 2 });
    expect((await e.sessions.listSessions({ appName: "app" })).sessions).toHaveLength(1);
  });

  it("two at once write to different keys: both survive; the log has only their responses", async () => {
    const writing = (name: string) =>
      agent(name, [calls(["write"]), name], {
        tools: [tool("write", (_args, { state }) => state.set(name, true))],
      });
    const root = agent("root", [calls(["a", { request: "x" }], ["b", { request: "x" }]), "done"], {
      tools: [new AgentTool({ agent: writing("a") }), new AgentTool({ agent: writing("b") })],
    });
    await using e = await engine({ agent: root });
    await e.say("hi");
    expect((await e.session()).state).toEqual({ a: true, b: true });
    expect((await e.log()).map(({ author }) => author)).toEqual(["user", "root", "root", "root"]);
  });

  it("saves artifacts in the caller's session, on the caller's event, and reads them there", async () => {
    const save = tool("save", (_args, context) =>
      context.saveArtifact("a.txt", { text: "child's" }),
    );
    const read = tool("read", async (_args, context) => [
      (await context.loadArtifact("b.txt"))?.text,
      await context.listArtifacts(),
    ]);
    const inner = child([calls(["save"], ["read"]), "saved"], { tools: [save, read] });
    const root = agent("root", [calls(["child", { request: "go" }]), "done"], {
      tools: [new AgentTool({ agent: inner })],
    });
    await using e = await engine({ agent: root });
    const key = { appName: "app", userId: "u", sessionId: "s" };
    await e.artifacts.saveArtifact({ ...key, filename: "b.txt", artifact: { text: "caller's" } });
    const events = await e.say("hi");
    expect(events[1]?.actions.artifactDelta).toEqual({ "a.txt": 0 });
    expect((await e.artifacts.loadArtifact({ ...key, filename: "a.txt" }))?.text).toBe("child's");
    expect(contentWords(inner.llm.requests[1]?.contents ?? []).at(-1)).toContain("caller's");
    expect(e.artifacts).toBeInstanceOf(InMemoryArtifactService);
  });

  it("its failure is told to the caller's model, with the child's own error hooks", async () => {
    const inner = child([new Error("down")]);
    const root = agent("root", [calls(["child", { request: "go" }]), "never mind"], {
      tools: [new AgentTool({ agent: inner })],
    });
    await using e = await engine({ agent: root });
    const events = told(await e.say("hi"));
    expect(events[1]).toMatch(/child → {"error":".*down.*"}/);
    expect(events[2]).toBe("root: never mind");
  });

  it.each([
    ["TOOL_FAILED", () => new AdkError("TOOL_FAILED", "no")],
    ["BUDGET_EXCEEDED", () => new AdkError("BUDGET_EXCEEDED", "no")],
  ] as const)("%s inside ends the caller's run too", async (code, make) => {
    const fatal = tool("fatal", () => {
      throw make();
    });
    const inner = child([calls(["fatal"])], { tools: [fatal] });
    const root = agent("root", [calls(["child", { request: "go" }]), "never"], {
      tools: [new AgentTool({ agent: inner })],
    });
    await using e = await engine({ agent: root });
    await expect(e.say("hi")).rejects.toMatchObject({ code });
    expect(told(await e.log()).at(-1)).toBe(`root: !${code}`);
  });

  it("a plugin that fails inside ends the caller's run", async () => {
    class Fails extends BasePlugin {
      override async beforeAgentCallback({
        agent: one,
      }: {
        agent: { name: string };
      }): Promise<undefined> {
        if (one.name === "child") throw new Error("no");
      }
    }
    const root = agent("root", [calls(["child", { request: "go" }]), "never"], {
      tools: [new AgentTool({ agent: child([]) })],
    });
    await using e = await engine({ agent: root, plugins: [new Fails("fails")] });
    await expect(e.say("hi")).rejects.toMatchObject({ code: "PLUGIN_FAILED" });
  });

  it("shares the limit of model calls", async () => {
    const inner = child([calls(["ping"]), "never"], { tools: [tool("ping", () => "pong")] });
    const root = agent("root", [calls(["child", { request: "go" }]), "never"], {
      tools: [new AgentTool({ agent: inner })],
    });
    await using e = await engine({ agent: root });
    await expect(e.say("hi", { runConfig: { maxLlmCalls: 2 } })).rejects.toMatchObject({
      code: "LLM_CALLS_LIMIT_EXCEEDED",
    });
    expect(inner.llm.requests).toHaveLength(1);
  });

  it("takes its input schema and gives its output schema", async () => {
    const inner = child(['{"sum": 3}'], {
      inputSchema: z.object({ a: z.number(), b: z.number() }),
      outputSchema: z.object({ sum: z.number() }),
    });
    const root = agent(
      "root",
      [calls(["child", { a: 1 }]), calls(["child", { a: 1, b: 2 }]), "done"],
      {
        tools: [new AgentTool({ agent: inner })],
      },
    );
    await using e = await engine({ agent: root });
    const events = told(await e.say("hi"));
    expect(events[1]).toMatch(/child → {"error":/);
    expect(events[3]).toBe('root: child → {"sum":3}');
    expect(contentWords(inner.llm.requests[0]?.contents ?? [])).toEqual(['user: {"a":1,"b":2}']);
  });

  it("that waits for an answer which nobody can give says so to the caller's model", async () => {
    const ask = new LongRunningFunctionTool({
      name: "ask",
      description: "asks",
      execute: () => null,
    });
    const root = agent("root", [calls(["child", { request: "go" }]), "I see"], {
      tools: [
        new AgentTool({
          agent: child([calls(["ask", {}, "c1"])], { tools: [ask] }),
          skipSummarization: true,
        }),
      ],
    });
    await using e = await engine({ agent: root });
    const events = told(await e.say("hi"));
    expect(events[1]).toMatch(/child → {"error":"Agent child waits for an answer to ask/);
    expect(events[2]).toBe("root: I see");
    expect((await e.session()).pendingCalls).toEqual({});
  });

  it("with skipSummarization is the last word", async () => {
    const root = agent("root", [calls(["child", { request: "go" }])], {
      tools: [new AgentTool({ agent: child(["42"]), skipSummarization: true })],
    });
    await using e = await engine({ agent: root });
    expect(told(await e.say("hi")).at(-1)).toBe('root: child → {"result":"42"}');
  });

  it("timeouts and the caller's signal reach into it", async () => {
    const signals: AbortSignal[] = [];
    const inner = child([
      async (_request, signal) => {
        if (signal) signals.push(signal);
        return await never();
      },
    ]);
    class Limited extends AgentTool {
      override readonly timeoutMs = 200;
    }
    const root = agent("root", [calls(["child", { request: "go" }]), "too slow"], {
      tools: [new Limited({ agent: inner })],
    });
    await using e = await engine({ agent: root });
    const run = e.say("hi");
    await settle();
    await e.clock.advance(200);
    expect(told(await run).at(-1)).toBe("root: too slow");
    expect(signals[0]?.aborted).toBe(true);
    expect(e.clock.pendingTimers).toBe(0);
  });

  it("keeps nothing of its session in the runner's cache, and asks each time from scratch", async () => {
    const caches = new Map<string, Set<unknown>>();
    class Caches extends BasePlugin {
      override async beforeAgentCallback({
        agent: { name },
        callbackContext,
      }: {
        agent: { name: string };
        callbackContext: Context;
      }): Promise<undefined> {
        const { contentsCache } = callbackContext.invocationContext.invocation;
        caches.set(name, (caches.get(name) ?? new Set()).add(contentsCache));
      }
    }
    const inner = child(["one", "two"]);
    const root = agent(
      "root",
      [calls(["child", { request: "a" }]), calls(["child", { request: "b" }]), "done"],
      {
        tools: [new AgentTool({ agent: inner })],
      },
    );
    await using e = await engine({ agent: root, plugins: [new Caches("caches")] });
    await e.say("hi");
    expect(inner.llm.requests.map(({ contents }) => contentWords(contents))).toEqual([
      ["user: a"],
      ["user: b"],
    ]);
    const [ofRoot] = caches.get("root") ?? [];
    expect(caches.get("child")?.size).toBe(2);
    expect(caches.get("child")?.has(ofRoot)).toBe(false);
  });
});
