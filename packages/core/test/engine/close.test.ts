import { describe, expect, it } from "vitest";
import {
  AgentTool,
  BasePlugin,
  type BaseTool,
  BaseToolset,
  ParallelAgent,
} from "../../src/index.ts";
import { agent, calls, engine, fired, latch, never, settle, told, tool } from "./support.ts";

class Tools extends BaseToolset {
  closed = 0;
  readonly #close: () => Promise<void>;
  readonly #tools: BaseTool[];
  constructor(tools: BaseTool[] = [], close: () => Promise<void> = async () => undefined) {
    super();
    this.#tools = tools;
    this.#close = close;
  }
  override async getTools(): Promise<BaseTool[]> {
    return this.#tools;
  }
  override async close(): Promise<void> {
    this.closed++;
    await this.#close();
  }
}

class Closing extends BasePlugin {
  readonly #close: () => Promise<void>;
  readonly log: string[];
  constructor(name: string, log: string[], close: () => Promise<void> = async () => undefined) {
    super(name);
    this.log = log;
    this.#close = close;
  }
  override async afterRunCallback(): Promise<void> {
    this.log.push(`${this.name} afterRun`);
  }
  override async close(): Promise<void> {
    this.log.push(`${this.name} close`);
    await this.#close();
  }
}

const wait = tool("wait", async (_args, context) => await fired(context.abortSignal));

describe("runner.close", () => {
  it("in mid-run: as if the caller had left, but the invocation stays listed as interrupted", async () => {
    const log: string[] = [];
    const root = agent("root", [calls(["wait"]), "never"], { tools: [wait] });
    const e = await engine({ agent: root, plugins: [new Closing("p", log)] });
    const stream = e.stream("hi", { invocationId: "inv" });
    await stream.next();
    const pending = stream.next();
    await settle();
    await e.runner.close();
    expect(await pending).toEqual({ done: true, value: undefined });
    expect(await e.isBusy()).toBe(false);
    expect(told(await e.log())).toEqual(["user: hi", "root: wait()"]);
    expect(log).toEqual(["p afterRun", "p close"]);
    const { sessions } = await e.sessions.listInterrupted({ appName: "app" });
    expect(sessions).toMatchObject([{ sessionId: "s", invocationId: "inv", lastSequence: 2 }]);
    expect(e.clock.pendingTimers).toBe(0);
  });

  it("stops a run whose caller holds an event and never comes back", async () => {
    const root = agent("root", [calls(["wait"]), "never"], { tools: [wait] });
    const e = await engine({ agent: root });
    const stream = e.stream("hi");
    await stream.next();
    await e.runner.close();
    expect(await e.isBusy()).toBe(false);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(told(await e.log())).toEqual(["user: hi", "root: wait()"]);
  });

  it("does not list an invocation that the caller left or that has ended", async () => {
    const root = agent("root", ["one", calls(["wait"])], { tools: [wait] });
    await using e = await engine({ agent: root });
    await e.say("hi");
    for await (const _ of e.stream("again")) break;
    expect((await e.sessions.listInterrupted({ appName: "app" })).sessions).toEqual([]);
  });

  it("closes every toolset once, also below and inside agent tools, each within its limit", async () => {
    const shared = new Tools();
    const hanging = new Tools([], never);
    const failing = new Tools([], async () => {
      throw new Error("no");
    });
    const inTool = new Tools();
    const inner = agent("inner", [], { tools: [inTool, shared] });
    const root = agent("root", [], {
      tools: [hanging, failing, shared, new AgentTool({ agent: inner })],
      subAgents: [agent("sub", [], { tools: [shared] })],
    });
    const e = await engine({ agent: root, toolsetCloseTimeoutMs: 300 });
    let closed = false;
    const closing = e.runner.close().then(() => {
      closed = true;
    });
    await e.clock.advance(299);
    expect(closed).toBe(false);
    await e.clock.advance(1);
    await closing;
    expect([shared, hanging, failing, inTool].map((toolset) => toolset.closed)).toEqual([
      1, 1, 1, 1,
    ]);
    expect(e.logged.filter((line) => line.includes("could not be closed"))).toHaveLength(2);
    expect(e.clock.pendingTimers).toBe(0);
  });

  it("closes every plugin in order, and sums up those that failed", async () => {
    const log: string[] = [];
    const plugins = [
      new Closing("one", log, async () => {
        throw new Error("stuck");
      }),
      new Closing("two", log, never),
      new Closing("three", log),
    ];
    const e = await engine({ agent: agent("root", []), plugins, pluginCloseTimeoutMs: 200 });
    const closing = e.runner.close().catch((error: unknown) => error);
    await e.clock.advance(200);
    expect(await closing).toMatchObject({
      code: "PLUGIN_FAILED",
      message: expect.stringMatching(/one: stuck; two: not closed within 200 ms/) as unknown,
    });
    expect(log).toEqual(["one close", "two close", "three close"]);
  });

  it("is harmless when repeated; afterwards the runner runs nothing", async () => {
    const log: string[] = [];
    const e = await engine({ agent: agent("root", ["x"]), plugins: [new Closing("p", log)] });
    const before = e.stream("hi");
    await Promise.all([e.runner.close(), e.runner.close()]);
    await e.runner.close();
    expect(log).toEqual(["p close"]);
    await expect(e.say("hi")).rejects.toMatchObject({ code: "CLOSED" });
    await expect(before.next()).rejects.toMatchObject({ code: "CLOSED" });
    expect(await e.log()).toEqual([]);
  });

  it("is what `await using` does", async () => {
    const toolset = new Tools();
    const e = await engine({ agent: agent("root", ["hello"], { tools: [toolset] }) });
    {
      await using runner = e.runner;
      await runner.run({ userId: "u", sessionId: "s", newMessage: { parts: [{ text: "hi" }] } });
      expect(toolset.closed).toBe(0);
    }
    expect(toolset.closed).toBe(1);
    // The service is the caller's own: it stays open.
    expect(told(await e.log())).toEqual(["user: hi", "root: hello"]);
  });

  it("stops all that runs, in several sessions and branches", async () => {
    const branch = (name: string) => agent(name, [calls(["wait"]), "never"], { tools: [wait] });
    const top = new ParallelAgent({ name: "top", subAgents: [branch("a"), branch("b")] });
    const e = await engine({ agent: top });
    await e.sessions.createSession({ appName: "app", userId: "u", sessionId: "s2" });
    const runs = [e.say("hi"), e.say("hi", { sessionId: "s2" }).catch((error: unknown) => error)];
    await settle();
    await e.runner.close();
    await Promise.all(runs);
    expect(await e.isBusy()).toBe(false);
    expect(e.clock.pendingTimers).toBe(0);
  });

  it("a toolset's tools are called through a run, under their prefix", async () => {
    const done = latch<void>();
    class Prefixed extends BaseToolset {
      constructor() {
        super(["look"], "fs");
      }
      override async getTools(): Promise<BaseTool[]> {
        return [
          tool("look", () => {
            done.open();
            return "nothing";
          }),
          tool("hidden", () => "no"),
        ];
      }
      override async close(): Promise<void> {}
    }
    const root = agent("root", [calls(["fs_look"]), "seen"], { tools: [new Prefixed()] });
    await using e = await engine({ agent: root });
    expect(told(await e.say("hi"))).toEqual([
      "root: fs_look()",
      'root: fs_look → {"result":"nothing"}',
      "root: seen",
    ]);
    await done.promise;
    expect(root.llm.requests[0]?.tools).toEqual(["fs_look"]);
  });
});
