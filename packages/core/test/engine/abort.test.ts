import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import {
  AgentTool,
  BaseAgent,
  BasePlugin,
  createEvent,
  type Event,
  type InvocationContext,
  LongRunningFunctionTool,
  ParallelAgent,
  SequentialAgent,
} from "../../src/index.ts";
import {
  agent,
  answer,
  calls,
  collect,
  contentWords,
  engine,
  fired,
  KEY,
  latch,
  never,
  settle,
  told,
  tool,
} from "./support.ts";

const ABORTED = '{"error":"Invocation was aborted by client."}';

class Noting extends BasePlugin {
  readonly seen: string[] = [];
  override async beforeRunCallback(): Promise<undefined> {
    this.seen.push("beforeRun");
  }
  override async onEventCallback({ event }: { event: Event }): Promise<undefined> {
    this.seen.push(...told([event]));
  }
  override async afterRunCallback(): Promise<void> {
    this.seen.push("afterRun");
  }
  override async onRunErrorCallback(): Promise<void> {
    this.seen.push("onRunError");
  }
  override async onToolErrorCallback({ error }: { error: Error }): Promise<undefined> {
    this.seen.push(`onToolError ${"code" in error ? String(error.code) : error.name}`);
  }
}

/** Returns only when it is told to stop. */
const wait = tool("wait", async (_args, context) => await fired(context.abortSignal));

describe("an aborted run", () => {
  it("that was aborted before it began: the message, beforeRun, the event, afterRun", async () => {
    const noting = new Noting("noting");
    const root = agent("root", []);
    await using e = await engine({ agent: root, plugins: [noting] });
    const events = await e.say("hi", { abortSignal: AbortSignal.abort() });
    expect(told(events)).toEqual(["root: !INVOCATION_ABORTED"]);
    expect(events[0]).toMatchObject({ errorMessage: "Invocation was aborted by client." });
    expect(noting.seen).toEqual(["beforeRun", "root: !INVOCATION_ABORTED", "afterRun"]);
    expect(told(await e.log())).toEqual(["user: hi", "root: !INVOCATION_ABORTED"]);
  });

  it("during a model call: the call is cancelled at once", async () => {
    const noting = new Noting("noting");
    const signals: (AbortSignal | undefined)[] = [];
    const root = agent("root", [
      async (_request, signal) => {
        signals.push(signal);
        return await never();
      },
    ]);
    await using e = await engine({ agent: root, plugins: [noting] });
    const controller = new AbortController();
    const run = e.say("hi", { abortSignal: controller.signal });
    await settle();
    controller.abort();
    expect(told(await run)).toEqual(["root: !INVOCATION_ABORTED"]);
    expect(signals[0]?.aborted).toBe(true);
    expect(noting.seen.slice(-1)).toEqual(["afterRun"]);
    expect(await e.isBusy()).toBe(false);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
  });

  it("in mid-stream: nothing of the pieces is stored", async () => {
    const root = agent("root", [
      [{ content: { role: "model", parts: [{ text: "so f" }] }, partial: true }, never()],
    ]);
    await using e = await engine({ agent: root });
    const controller = new AbortController();
    const events: Event[] = [];
    for await (const event of e.stream("hi", {
      abortSignal: controller.signal,
      runConfig: { streamingMode: "sse" },
    })) {
      events.push(event);
      controller.abort();
    }
    expect(told(events)).toEqual(["root: ~so f", "root: !INVOCATION_ABORTED"]);
    expect(told(await e.log())).toEqual(["user: hi", "root: !INVOCATION_ABORTED"]);
  });

  it("during tools: what a finished sibling did is kept, the others are sealed", async () => {
    const noting = new Noting("noting");
    const quick = tool("quick", (_args, context) => {
      context.state.set("quick", 1);
      return "done";
    });
    const root = agent(
      "root",
      [calls(["quick"], ["wait", {}, "w1"], ["wait", {}, "w2"]), "never"],
      {
        tools: [wait, quick],
      },
    );
    await using e = await engine({ agent: root, plugins: [noting] });
    const controller = new AbortController();
    const run = e.say("hi", { abortSignal: controller.signal });
    await settle();
    controller.abort();
    const expected = [
      "root: quick() wait() wait()",
      'root: quick → {"result":"done"}',
      `root: wait → ${ABORTED} wait → ${ABORTED} !INVOCATION_ABORTED`,
      "root: !INVOCATION_ABORTED",
    ];
    const events = await run;
    expect(told(events)).toEqual(expected);
    expect(events[2]?.content?.role).toBe("user");
    expect(told(await e.log())).toEqual(["user: hi", ...expected]);
    expect((await e.session()).state).toEqual({ quick: 1 });
    expect(noting.seen).toEqual([
      "beforeRun",
      expected[0],
      "onToolError ABORTED",
      "onToolError ABORTED",
      ...expected.slice(1),
      "afterRun",
    ]);
    expect(e.clock.pendingTimers).toBe(0);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
  });

  it("while the caller holds the event with the calls: no tool is started", async () => {
    let ran = 0;
    const count = tool("count", () => ++ran);
    const root = agent("root", [calls(["count"]), "never"], { tools: [count] });
    await using e = await engine({ agent: root });
    const controller = new AbortController();
    const events: string[] = [];
    for await (const event of e.stream("hi", { abortSignal: controller.signal })) {
      events.push(...told([event]));
      controller.abort();
    }
    expect(events).toEqual([
      "root: count()",
      `root: count → ${ABORTED} !INVOCATION_ABORTED`,
      "root: !INVOCATION_ABORTED",
    ]);
    expect(ran).toBe(0);
  });

  it("while the caller holds an event and does not come back: it ends at once, and nothing is dropped", async () => {
    await using e = await engine({ agent: agent("root", ["hello"]) });
    const controller = new AbortController();
    const stream = e.stream("hi", { abortSignal: controller.signal });
    await stream.next();
    controller.abort();
    await settle();
    expect(await e.isBusy()).toBe(false);
    expect(e.clock.pendingTimers).toBe(0);
    expect(told(await collect(stream))).toEqual(["root: !INVOCATION_ABORTED"]);
    expect(e.logged).toEqual([]);
  });

  it("in a parallel agent: results of every branch are kept, each branch is sealed on its own", async () => {
    const quick = tool("quick", () => "done");
    const branch = (name: string): BaseAgent =>
      agent(name, [calls(["quick", {}, `${name}-q`], ["wait", {}, `${name}-w`]), "never"], {
        tools: [wait, quick],
      });
    const top = new ParallelAgent({
      name: "top",
      subAgents: [branch("a"), branch("b"), branch("c")],
    });
    await using e = await engine({ agent: top });
    const controller = new AbortController();
    const run = e.say("hi", { abortSignal: controller.signal });
    await settle();
    controller.abort();
    const events = await run;
    const results = events.filter((event) => told([event])[0]?.includes("quick →"));
    expect(new Set(results.map(({ branch: where }) => where))).toEqual(
      new Set(["top.a", "top.b", "top.c"]),
    );
    expect(results).toHaveLength(3);
    const seals = events.filter((event) => told([event])[0]?.includes("wait →"));
    expect(seals.map(({ author, branch: where }) => [author, where])).toEqual([
      ["a", "top.a"],
      ["b", "top.b"],
      ["c", "top.c"],
    ]);
    expect(told(events.slice(-1))).toEqual(["top: !INVOCATION_ABORTED"]);
    expect(told(await e.log())).toEqual(["user: hi", ...told(events)]);
  });

  it("in a parallel agent, while the caller holds an event of one branch: the others' results are kept", async () => {
    const quick = tool("quick", () => "done");
    const go = latch<string>();
    const a = agent("a", [calls(["quick", {}, "a-q"], ["wait", {}, "a-w"]), "never"], {
      tools: [wait, quick],
    });
    const b = agent("b", [() => go.promise]);
    const top = new ParallelAgent({ name: "top", subAgents: [a, b] });
    await using e = await engine({ agent: top });
    const controller = new AbortController();
    const stream = e.stream("hi", { abortSignal: controller.signal });
    const first = await stream.next();
    const second = stream.next();
    await settle();
    go.open("b speaks");
    const held = await second;
    controller.abort();
    const events = [first.value as Event, held.value as Event, ...(await collect(stream))];
    expect(told(events)).toEqual([
      "a: quick() wait()",
      "b: b speaks",
      'a: quick → {"result":"done"}',
      `a: wait → ${ABORTED} !INVOCATION_ABORTED`,
      "top: !INVOCATION_ABORTED",
    ]);
  });

  it("while a long-running call waits: it is sealed too, and nothing waits any more", async () => {
    const ask = new LongRunningFunctionTool({
      name: "ask",
      description: "asks",
      execute: () => null,
    });
    const first = agent("first", [calls(["ask", {}, "c1"], ["wait", {}, "c2"])], {
      tools: [ask, wait],
    });
    const top = new SequentialAgent({ name: "top", subAgents: [first, agent("second", [])] });
    await using e = await engine({ agent: top });
    const controller = new AbortController();
    const run = e.say("hi", { abortSignal: controller.signal });
    await settle();
    controller.abort();
    expect(told(await run)).toEqual([
      "first: ask() wait()",
      `first: ask → ${ABORTED} wait → ${ABORTED} !INVOCATION_ABORTED`,
      "top: !INVOCATION_ABORTED",
    ]);
    expect((await e.session()).pendingCalls).toEqual({});
  });

  it("while a long-running call waits that its tool has reported on: it is sealed too", async () => {
    const ask = new LongRunningFunctionTool({
      name: "ask",
      description: "asks",
      execute: () => ({ status: "asked" }),
    });
    const root = agent("root", [calls(["ask", {}, "c1"]), calls(["wait", {}, "c2"])], {
      tools: [ask, wait],
    });
    await using e = await engine({ agent: root });
    const controller = new AbortController();
    const run = e.say("hi", { abortSignal: controller.signal });
    await settle();
    controller.abort();
    expect(told(await run)).toEqual([
      "root: ask()",
      'root: ask → {"status":"asked"}',
      "root: wait()",
      `root: ask → ${ABORTED} wait → ${ABORTED} !INVOCATION_ABORTED`,
      "root: !INVOCATION_ABORTED",
    ]);
    expect((await e.session()).pendingCalls).toEqual({});
  });

  it("after a long-running call was answered: the answer stands", async () => {
    const ask = new LongRunningFunctionTool({
      name: "ask",
      description: "asks",
      execute: () => ({ status: "asked" }),
    });
    const root = agent("root", [calls(["ask", {}, "c1"]), "asked", calls(["wait", {}, "c2"])], {
      tools: [ask, wait],
    });
    await using e = await engine({ agent: root });
    await e.say("hi");
    const controller = new AbortController();
    const run = e.say(answer(["c1", "ask", { yes: true }]), { abortSignal: controller.signal });
    await settle();
    controller.abort();
    expect(told(await run)).toEqual([
      "root: wait()",
      `root: wait → ${ABORTED} !INVOCATION_ABORTED`,
      "root: !INVOCATION_ABORTED",
    ]);
  });

  it("can be answered all the same: the answer takes the place of the seal", async () => {
    const ask = new LongRunningFunctionTool({
      name: "ask",
      description: "asks",
      execute: () => null,
    });
    const root = agent("root", [calls(["ask", {}, "c1"], ["wait", {}, "c2"]), "so be it"], {
      tools: [ask, wait],
    });
    await using e = await engine({ agent: root });
    const controller = new AbortController();
    const run = e.say("hi", { abortSignal: controller.signal });
    await settle();
    controller.abort();
    await run;
    const events = await e.say(answer(["c1", "ask", { yes: true }]));
    expect(told(events)).toEqual(["root: so be it"]);
    expect(contentWords(root.llm.requests[1]?.contents ?? [])).toEqual([
      "user: hi",
      "model: ask() wait()",
      `user: ask → {"yes":true} wait → ${ABORTED}`,
    ]);
  });

  it("waits abortGraceMs for a tool that ignores its signal, then goes on without it", async () => {
    const late = latch<void>();
    const deaf = tool("deaf", async (_args, context) => {
      await late.promise;
      context.state.set("late", 1);
    });
    const root = agent("root", [calls(["deaf"]), "never"], { tools: [deaf] });
    const noting = new Noting("noting");
    await using e = await engine({ agent: root, abortGraceMs: 700, plugins: [noting] });
    const controller = new AbortController();
    const run = e.say("hi", { abortSignal: controller.signal });
    await settle();
    controller.abort();
    await e.clock.advance(699);
    expect(noting.seen).not.toContain("afterRun");
    await e.clock.advance(1);
    expect(told(await run)).toEqual([
      "root: deaf()",
      `root: deaf → ${ABORTED} !INVOCATION_ABORTED`,
      "root: !INVOCATION_ABORTED",
    ]);
    expect(e.logged).toEqual([
      "Tool deaf has not stopped 700 ms after its call was cancelled; it is abandoned.",
    ]);
    late.open();
    await settle();
    expect((await e.session()).state).toEqual({});
    expect(e.clock.pendingTimers).toBe(0);
  });

  it("is sealed also when an agent of one's own ignores its signal", async () => {
    class Deaf extends BaseAgent {
      protected async *runAsyncImpl(
        context: InvocationContext,
      ): AsyncGenerator<Event, void, undefined> {
        yield createEvent({
          author: this.name,
          invocationId: context.invocationId,
          content: { role: "model", parts: [{ functionCall: { id: "x", name: "x" } }] },
        });
        await never();
      }
    }
    const noting = new Noting("noting");
    await using e = await engine({ agent: new Deaf({ name: "deaf" }), plugins: [noting] });
    const controller = new AbortController();
    const run = e.say("hi", { abortSignal: controller.signal });
    await settle();
    controller.abort();
    await e.clock.advance(6_000);
    expect(told(await run)).toEqual([
      "deaf: x()",
      `deaf: x → ${ABORTED} !INVOCATION_ABORTED`,
      "deaf: !INVOCATION_ABORTED",
    ]);
    expect(noting.seen.slice(-1)).toEqual(["afterRun"]);
    expect(e.clock.pendingTimers).toBe(0);
  });

  it("reaches through an agent tool: the child stops, the call is sealed", async () => {
    const child = agent("child", [calls(["wait"]), "never"], { tools: [wait] });
    const root = agent("root", [calls(["child", { request: "do" }]), "never"], {
      tools: [new AgentTool({ agent: child })],
    });
    await using e = await engine({ agent: root });
    const controller = new AbortController();
    const run = e.say("hi", { abortSignal: controller.signal });
    await settle();
    controller.abort();
    expect(told(await run)).toEqual([
      'root: child({"request":"do"})',
      `root: child → ${ABORTED} !INVOCATION_ABORTED`,
      "root: !INVOCATION_ABORTED",
    ]);
    expect(e.clock.pendingTimers).toBe(0);
  });

  it("while the store does not answer: ABORTED after the grace, nothing stored, no lease left", async () => {
    await using e = await engine({ agent: agent("root", ["hello"]), abortGraceMs: 300 });
    e.faults.delay("any", 5_000);
    const controller = new AbortController();
    const run = e.say("hi", { abortSignal: controller.signal }).catch((error: unknown) => error);
    await settle();
    controller.abort("enough");
    await e.clock.advance(300);
    expect(await run).toMatchObject({ code: "ABORTED", cause: "enough" });
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
    await e.clock.advance(5_000);
    expect(await e.isBusy()).toBe(false);
    expect(await e.log()).toEqual([]);
    expect(e.clock.pendingTimers).toBe(0);
    expect(told(await e.say("again"))).toEqual(["root: hello"]);
  });

  it("leaves no listener on a signal that many runs share", async () => {
    const { signal } = new AbortController();
    const root = agent(
      "root",
      Array.from({ length: 30 }, (_, turn) =>
        turn % 3 === 0 ? calls(["ping"]) : turn % 3 === 1 ? "done" : new Error("down"),
      ),
      {
        tools: [tool("ping", () => "pong")],
      },
    );
    await using e = await engine({ agent: root });
    for (let run = 0; run < 20; run++)
      await e.say("hi", { abortSignal: signal }).catch(() => undefined);
    for await (const _ of e.stream("hi", { abortSignal: signal })) break;
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  it("calls no afterAgent, and the session is usable afterwards", async () => {
    const seen: string[] = [];
    const root = agent("root", [calls(["wait"]), "back again"], {
      tools: [wait],
      afterAgentCallback: () => {
        seen.push("afterAgent");
        return undefined;
      },
    });
    await using e = await engine({ agent: root });
    const controller = new AbortController();
    const run = e.say("hi", { abortSignal: controller.signal });
    await settle();
    controller.abort();
    await run;
    expect(seen).toEqual([]);
    expect(told(await e.say("and now?"))).toEqual(["root: back again"]);
    expect(seen).toEqual(["afterAgent"]);
    expect(contentWords(root.llm.requests[1]?.contents ?? [])).toEqual([
      "user: hi",
      "model: wait()",
      `user: wait → ${ABORTED}`,
      "user: and now?",
    ]);
  });
});

describe("runner.cancel", () => {
  it("stops the run as its signal would; false when nothing runs", async () => {
    const root = agent("root", [calls(["wait"]), "never"], { tools: [wait] });
    await using e = await engine({ agent: root });
    const { userId, sessionId } = KEY;
    const request = { userId, sessionId, invocationId: "inv" };
    expect(await e.runner.cancel(request)).toBe(false);
    const run = e.say("hi", { invocationId: "inv" });
    await settle();
    expect(await e.runner.cancel({ ...request, invocationId: "another" })).toBe(false);
    expect(await e.runner.cancel(request)).toBe(true);
    expect(told(await run)).toEqual([
      "root: wait()",
      `root: wait → ${ABORTED} !INVOCATION_ABORTED`,
      "root: !INVOCATION_ABORTED",
    ]);
    expect(await e.runner.cancel(request)).toBe(false);
  });

  it("reaches a run of another runner on the same store", async () => {
    const root = agent("root", [calls(["wait"]), "never"], { tools: [wait] });
    await using e = await engine({ agent: root });
    const run = e.say("hi", { invocationId: "inv" });
    await settle();
    const other = e.another({ agent: agent("root", []) });
    expect(await other.cancel({ userId: "u", sessionId: "s", invocationId: "inv" })).toBe(true);
    await e.clock.advance(5_000); // at the latest with the next renewal
    expect(told(await run).at(-1)).toBe("root: !INVOCATION_ABORTED");
  });

  it("does not stop the next run of the session", async () => {
    const root = agent("root", [calls(["wait"]), "fine"], { tools: [wait] });
    await using e = await engine({ agent: root });
    const run = e.say("hi", { invocationId: "inv" });
    await settle();
    await e.runner.cancel({ userId: "u", sessionId: "s", invocationId: "inv" });
    await run;
    expect(told(await e.say("again"))).toEqual(["root: fine"]);
  });
});
