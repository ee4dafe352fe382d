import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  AdkError,
  type AppendCommand,
  BaseAgent,
  BaseSessionService,
  createEvent,
  type Event,
  EXIT_LOOP,
  InMemorySessionStore,
  type InvocationContext,
  LlmAgent,
  LongRunningFunctionTool,
  LoopAgent,
  ParallelAgent,
  SequentialAgent,
} from "../../src/index.ts";
import {
  agent,
  answer,
  calls,
  collect,
  engine,
  latch,
  llm,
  never,
  settle,
  told,
  tool,
  transferTo,
} from "./support.ts";

const ping = tool("ping", () => "pong");
const ask = new LongRunningFunctionTool({ name: "ask", description: "asks", execute: () => null });

/** An agent of one's own from a generator function. */
class Custom extends BaseAgent {
  readonly #run: (
    context: InvocationContext,
    self: Custom,
  ) => AsyncGenerator<Event, void, undefined>;
  constructor(
    name: string,
    run: (context: InvocationContext, self: Custom) => AsyncGenerator<Event, void, undefined>,
    subAgents: BaseAgent[] = [],
  ) {
    super({ name, subAgents });
    this.#run = run;
  }
  say(context: InvocationContext, text: string, actions: Partial<Event["actions"]> = {}): Event {
    return createEvent({
      author: this.name,
      invocationId: context.invocationId,
      branch: context.branch,
      content: { role: "model", parts: [{ text }] },
      actions,
    });
  }
  protected runAsyncImpl(context: InvocationContext): AsyncGenerator<Event, void, undefined> {
    return this.#run(context, this);
  }
}

const says = (name: string, text = name): Custom =>
  new Custom(name, async function* (context, self) {
    yield self.say(context, text);
  });

describe("a sequence", () => {
  it("pauses where an agent waits; an escalation does not stop it", async () => {
    const first = new Custom("first", async function* (context, self) {
      yield self.say(context, "up", { escalate: true });
    });
    const asks = agent("asks", [calls(["ask"])], { tools: [ask] });
    const top = new SequentialAgent({
      name: "top",
      subAgents: [first, says("second"), asks, says("never")],
    });
    await using e = await engine({ agent: top });
    expect(told(await e.say("hi"))).toEqual(["first: up", "second: second", "asks: ask()"]);
  });

  it("an agent whose beforeAgent answers is over; the next one runs", async () => {
    const first = agent("first", [], {
      beforeAgentCallback: () => ({ role: "model", parts: [{ text: "not today" }] }),
    });
    const top = new SequentialAgent({ name: "top", subAgents: [first, says("second")] });
    await using e = await engine({ agent: top });
    expect(told(await e.say("hi"))).toEqual(["first: not today", "second: second"]);
  });

  it("an agent that ends its invocation ends its own run only", async () => {
    const stop = tool("stop", (_args, context) => {
      context.invocationContext.endInvocation = true;
      return "ok";
    });
    const after: string[] = [];
    const first = agent("first", [calls(["stop"]), "never"], {
      tools: [stop],
      afterAgentCallback: () => {
        after.push("first");
        return undefined;
      },
    });
    const top = new SequentialAgent({ name: "top", subAgents: [first, says("second")] });
    await using e = await engine({ agent: top });
    expect(told(await e.say("hi"))).toEqual([
      "first: stop()",
      'first: stop → {"result":"ok"}',
      "second: second",
    ]);
    expect(after).toEqual([]);
    expect(first.llm.requests).toHaveLength(1);
  });
});

describe("a loop", () => {
  it("ends by exit_loop, in the middle of a pass, and does not ask the model again", async () => {
    const writer = agent("writer", ["draft 1", "draft 2"]);
    const critic = agent("critic", ["again", calls(["exit_loop"])], { tools: [EXIT_LOOP] });
    const last = agent("last", ["pass 1"]);
    const loop = new LoopAgent({
      name: "loop",
      subAgents: [writer, critic, last],
      maxIterations: 5,
    });
    const top = new SequentialAgent({ name: "top", subAgents: [loop, says("after")] });
    await using e = await engine({ agent: top });
    expect(told(await e.say("hi"))).toEqual([
      "writer: draft 1",
      "critic: again",
      "last: pass 1",
      "writer: draft 2",
      "critic: exit_loop()",
      'critic: exit_loop → {"result":null}',
      "after: after",
    ]);
  });

  it.each([
    [0, 0],
    [1, 1],
    [3, 3],
  ])("runs maxIterations passes at the most: %i", async (maxIterations, passes) => {
    const loop = new LoopAgent({ name: "loop", subAgents: [says("one")], maxIterations });
    await using e = await engine({ agent: loop });
    expect(await e.say("hi")).toHaveLength(passes);
  });

  it("without sub-agents is over at once", async () => {
    await using e = await engine({ agent: new LoopAgent({ name: "loop" }) });
    expect(await e.say("hi")).toEqual([]);
  });

  it("an escalation in an inner loop ends the outer one too", async () => {
    const leaves = new Custom("leaves", async function* (context, self) {
      yield self.say(context, "out", { escalate: true });
    });
    const inner = new LoopAgent({
      name: "inner",
      subAgents: [says("one"), leaves],
      maxIterations: 3,
    });
    const outer = new LoopAgent({
      name: "outer",
      subAgents: [inner, says("never")],
      maxIterations: 3,
    });
    await using e = await engine({ agent: outer });
    expect(told(await e.say("hi"))).toEqual(["one: one", "leaves: out"]);
  });

  it("an inner loop that has run out of passes goes on with the outer one", async () => {
    const inner = new LoopAgent({ name: "inner", subAgents: [says("one")], maxIterations: 2 });
    const outer = new LoopAgent({
      name: "outer",
      subAgents: [inner, says("two")],
      maxIterations: 2,
    });
    await using e = await engine({ agent: outer });
    expect(told(await e.say("hi")).join()).toBe(
      "one: one,one: one,two: two,one: one,one: one,two: two",
    );
  });

  it("an escalation of an earlier turn does not count", async () => {
    let turn = 0;
    const leaves = new Custom("leaves", async function* (context, self) {
      yield self.say(context, "x", turn++ === 0 ? { escalate: true } : {});
    });
    const loop = new LoopAgent({ name: "loop", subAgents: [leaves], maxIterations: 2 });
    await using e = await engine({ agent: loop });
    expect(await e.say("hi")).toHaveLength(1);
    expect(await e.say("again")).toHaveLength(2);
  });
});

describe("a parallel agent", () => {
  it("gives each child its branch, nested ones below it", async () => {
    const inner = new ParallelAgent({ name: "inner", subAgents: [says("c"), says("d")] });
    const chain = new SequentialAgent({ name: "chain", subAgents: [says("b"), inner] });
    const top = new ParallelAgent({ name: "top", subAgents: [says("a"), chain] });
    await using e = await engine({ agent: top });
    const events = await e.say("hi");
    expect(new Set(events.map(({ author, branch }) => `${author} ${branch}`))).toEqual(
      new Set(["a top.a", "b top.chain", "c top.chain.inner.c", "d top.chain.inner.d"]),
    );
    expect((await e.log())[0]?.branch).toBeUndefined();
  });

  it("runs its children at the same time", async () => {
    const gates = { a: latch<string>(), b: latch<string>() };
    const a = agent("a", [() => gates.a.promise]);
    const b = agent("b", [() => gates.b.promise]);
    await using e = await engine({ agent: new ParallelAgent({ name: "top", subAgents: [a, b] }) });
    const run = e.say("hi");
    await settle();
    expect([a.llm.requests.length, b.llm.requests.length]).toEqual([1, 1]);
    gates.b.open("b is first");
    await settle();
    gates.a.open("a is second");
    expect(told(await run)).toEqual(["b: b is first", "a: a is second"]);
  });

  it("a child goes on only when its event was taken", async () => {
    const went: string[] = [];
    const two = (name: string): Custom =>
      new Custom(name, async function* (context, self) {
        yield self.say(context, "1");
        went.push(name);
        yield self.say(context, "2");
      });
    await using e = await engine({
      agent: new ParallelAgent({ name: "top", subAgents: [two("a"), two("b")] }),
    });
    const stream = e.stream("hi");
    expect(told([(await stream.next()).value as Event])).toEqual(["a: 1"]);
    await settle();
    expect(went).toEqual([]);
    expect(told([(await stream.next()).value as Event])).toEqual(["b: 1"]);
    await settle();
    expect(went).toEqual(["a"]);
    await stream.return(undefined);
  });

  it("waits with the sequence around it when one branch waits, after the others are done", async () => {
    const a = agent("a", [calls(["ask", {}, "c1"])], { tools: [ask] });
    const b = agent("b", [calls(["ping"]), "b done"], { tools: [ping] });
    const both = new ParallelAgent({ name: "both", subAgents: [a, b] });
    const top = new SequentialAgent({ name: "top", subAgents: [both, says("never")] });
    await using e = await engine({ agent: top });
    const events = await e.say("hi");
    expect(new Set(told(events))).toEqual(
      new Set(["a: ask()", "b: ping()", 'b: ping → {"result":"pong"}', "b: b done"]),
    );
  });

  it("an event that escalates stops the other branches", async () => {
    const leaves = new Custom("leaves", async function* (context, self) {
      await settle();
      yield self.say(context, "out", { escalate: true });
      yield self.say(context, "never");
    });
    const waits = agent("waits", [() => new Promise<string>(() => undefined)]);
    await using e = await engine({
      agent: new ParallelAgent({ name: "top", subAgents: [leaves, waits] }),
    });
    expect(told(await e.say("hi"))).toEqual(["leaves: out"]);
    expect(e.clock.pendingTimers).toBe(0);
  });

  it("does not wait for ever for a branch that ignores its signal", async () => {
    const deaf = new Custom("deaf", async function* (context, self) {
      await never();
      yield self.say(context, "never");
    });
    const leaves = new Custom("leaves", async function* (context, self) {
      yield self.say(context, "out", { escalate: true });
    });
    const both = new ParallelAgent({ name: "both", subAgents: [deaf, leaves] });
    const top = new SequentialAgent({ name: "top", subAgents: [both, says("after")] });
    await using e = await engine({ agent: top, abortGraceMs: 1_000 });
    const run = e.say("hi");
    await e.clock.advance(1_500);
    expect(told(await run)).toEqual(["leaves: out", "after: after"]);
    expect(e.logged.join()).toContain("1 branches of agent both have not stopped");
    expect(e.clock.pendingTimers).toBe(0);
  });

  it("a branch that speaks on after the signal is left at its next event, and cleans up", async () => {
    let tidied = false;
    const go = latch<void>();
    const talks = new Custom("talks", async function* (context, self) {
      try {
        yield self.say(context, "1");
        await go.promise;
        yield self.say(context, "2");
        yield self.say(context, "3");
      } finally {
        tidied = true;
      }
    });
    const leaves = new Custom("leaves", async function* (context, self) {
      yield self.say(context, "out", { escalate: true });
    });
    await using e = await engine({
      agent: new ParallelAgent({ name: "top", subAgents: [talks, leaves] }),
    });
    const run = e.say("hi");
    await settle();
    go.open();
    expect(told(await run)).toEqual(["talks: 1", "leaves: out", "talks: 2"]);
    expect(tidied).toBe(true);
  });

  it("two branches that write different keys: both survive, also shared ones", async () => {
    const write = (name: string): BaseAgent =>
      agent(name, [calls(["write"]), "ok"], {
        tools: [
          tool("write", (_args, { state }) => state.update({ [name]: 1, [`user:${name}`]: 2 })),
        ],
      });
    await using e = await engine({
      agent: new ParallelAgent({ name: "top", subAgents: [write("a"), write("b")] }),
    });
    await e.say("hi");
    expect((await e.session()).state).toEqual({ a: 1, b: 1, "user:a": 2, "user:b": 2 });
  });
});

describe("a parallel agent whose branches were told to stop", () => {
  it("fails when the store then refuses to note that a call of one waits", async () => {
    const recorded = latch();
    const refusal = latch();
    class Refusing extends InMemorySessionStore {
      override async append(
        command: AppendCommand,
      ): Promise<Awaited<ReturnType<InMemorySessionStore["append"]>>> {
        if (!command.data.includes('"toolRecord"')) return await super.append(command);
        recorded.open();
        await refusal.promise;
        throw new AdkError("PERMISSION_DENIED", "The store is read-only.");
      }
    }
    const go = latch();
    const leave = tool("leave", (_args, { actions }) => void (actions.escalate = true));
    const execute = (): Promise<void> => go.promise;
    const slow = new LongRunningFunctionTool({ name: "slow", description: "asks", execute });
    const stops = agent("stops", [calls(["leave"])], { tools: [leave] });
    const works = agent("works", [calls(["slow"])], { tools: [slow] });
    await using e = await engine({
      agent: new ParallelAgent({ name: "top", subAgents: [stops, works] }),
      sessionService: new BaseSessionService(new Refusing()),
      autoCreateSession: true,
      resumabilityConfig: { isResumable: true },
    });
    const stream = e.stream("hi");
    let shown = await stream.next();
    while (!shown.done && !shown.value.actions.escalate) shown = await stream.next();
    go.open();
    await recorded.promise;
    // The caller comes back: the branches are stopped, while a record of one is on its way.
    const rest = collect(stream);
    await settle();
    refusal.open();
    await expect(rest).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
  });
});

describe("a transfer", () => {
  it("chains on and back; the next turn is taken by the agent that spoke last", async () => {
    const b = agent("b", [transferTo("root")]);
    const a = agent("a", [transferTo("b"), "a speaks"]);
    const root = agent("root", [transferTo("a"), "root speaks", transferTo("a")], {
      subAgents: [a, b],
    });
    await using e = await engine({ agent: root });
    const said = async (text: string): Promise<string[]> =>
      told((await e.say(text)).filter(({ content }) => content?.parts?.[0]?.text));
    expect(await said("one")).toEqual(["root: root speaks"]);
    expect(await said("two")).toEqual(["a: a speaks"]);
    expect((await e.log()).at(-1)?.author).toBe("a");
    for (const one of [root, a, b]) one.llm.assertConsumed();
  });

  it("to a sequence runs the sequence", async () => {
    const steps = new SequentialAgent({ name: "steps", subAgents: [says("one"), says("two")] });
    const root = agent("root", [transferTo("steps"), "root again"], { subAgents: [steps] });
    await using e = await engine({ agent: root });
    expect(told(await e.say("hi")).slice(2)).toEqual(["one: one", "two: two"]);
    expect(told(await e.say("more"))).toEqual(["root: root again"]);
  });

  it("inside a branch stays on the branch", async () => {
    const helper = agent("helper", ["helping"]);
    const a = agent("a", [transferTo("helper")], { subAgents: [helper] });
    await using e = await engine({
      agent: new ParallelAgent({ name: "top", subAgents: [a, says("b")] }),
    });
    const events = await e.say("hi");
    expect(events.find(({ author }) => author === "helper")?.branch).toBe("top.a");
  });

  it("is made although afterAgent has the last word", async () => {
    const sub = agent("sub", ["I am sub"]);
    const root = agent("root", [transferTo("sub")], {
      subAgents: [sub],
      afterAgentCallback: () => ({ role: "model", parts: [{ text: "good bye" }] }),
    });
    await using e = await engine({ agent: root });
    expect(told(await e.say("hi")).slice(2)).toEqual(["root: good bye", "sub: I am sub"]);
  });

  it("that the model may not make is told to it; one that a callback makes fails the run", async () => {
    const sub = agent("sub", [transferTo("root"), "staying"], {
      disallowTransferToParent: true,
      disallowTransferToPeers: true,
    });
    const root = agent("root", [transferTo("nobody"), transferTo("sub")], { subAgents: [sub] });
    await using e = await engine({ agent: root });
    const events = told(await e.say("hi"));
    expect(events[1]).toMatch(/root: transfer_to_agent → {"error":/);
    expect(events[5]).toMatch(/sub: transfer_to_agent → {"error":/);
    expect(events.at(-1)).toBe("sub: staying");
    const rash = agent("rash", ["x"], {
      beforeModelCallback: ({ context }) => {
        context.actions.transferToAgent = "nobody";
        return undefined;
      },
    });
    await using f = await engine({ agent: rash });
    await expect(f.say("hi")).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      details: { agent: "rash", target: "nobody" },
    });
  });

  it("to an agent that fails before it says anything: that agent answers the next turn", async () => {
    const sub = agent("sub", [new Error("down"), "here I am"]);
    const root = agent("root", [transferTo("sub")], { subAgents: [sub] });
    await using e = await engine({ agent: root });
    await expect(e.say("hi")).rejects.toThrow("down");
    expect(told(await e.say("again"))).toEqual(["sub: here I am"]);
  });
});

describe("an LLM agent", () => {
  it("puts its final text under its output key, on the very event; not a thought, not an error", async () => {
    const root = agent(
      "root",
      [
        {
          content: {
            role: "model",
            parts: [{ text: "hm", thought: true }, { text: "a" }, { text: "b" }],
          },
        },
        { content: { role: "model", parts: [{ text: "cut" }] }, errorCode: "SAFETY" },
      ],
      { outputKey: "answer" },
    );
    await using e = await engine({ agent: root });
    const [event] = await e.say("hi");
    expect(event?.actions.stateDelta).toEqual({ answer: "ab" });
    const [error] = await e.say("again");
    expect(error?.actions.stateDelta).toEqual({});
    expect((await e.session()).state).toEqual({ answer: "ab" });
  });

  it("with an output schema: parsed and checked", async () => {
    const root = agent("root", ['{"n": 1}', '{"n": "one"}'], {
      outputKey: "answer",
      outputSchema: z.object({ n: z.number() }),
    });
    await using e = await engine({ agent: root });
    await e.say("hi");
    expect((await e.session()).state).toEqual({ answer: { n: 1 } });
    expect(root.llm.requests[0]?.config.responseMimeType).toBe("application/json");
    await expect(e.say("again")).rejects.toMatchObject({ code: "MODEL_FAILED" });
    expect((await e.session()).state).toEqual({ answer: { n: 1 } });
  });

  it("has its own model, the nearest above, or the default", async () => {
    const above = llm("from above");
    const below = new LlmAgent({ name: "below" });
    const own = new LlmAgent({ name: "own", model: llm("own") });
    const root = new LlmAgent({
      name: "root",
      model: above,
      subAgents: [new SequentialAgent({ name: "steps", subAgents: [below, own] })],
    });
    expect(root.canonicalModel).toBe(above);
    expect(below.canonicalModel).toBe(above);
    expect(own.canonicalModel).not.toBe(above);
    const before = LlmAgent.defaultModel;
    const standard = llm("standard");
    LlmAgent.defaultModel = standard;
    expect(new LlmAgent({ name: "alone" }).canonicalModel).toBe(standard);
    LlmAgent.defaultModel = before;
  });

  it("is cloned with its children, without its parent; found by name, depth first", () => {
    const leaf = agent("leaf", []);
    const middle = new LlmAgent({ name: "middle", subAgents: [leaf], instruction: "old" });
    const root = new LlmAgent({ name: "root", subAgents: [middle] });
    const copy = middle.clone({ instruction: "new" });
    expect(copy).toBeInstanceOf(LlmAgent);
    expect([copy.name, copy.instruction, middle.instruction]).toEqual(["middle", "new", "old"]);
    expect(copy.parentAgent).toBeUndefined();
    expect(copy.subAgents[0]).not.toBe(leaf);
    expect(copy.subAgents[0]?.parentAgent).toBe(copy);
    expect(root.findAgent("leaf")).toBe(leaf);
    expect(root.findAgent("root")).toBe(root);
    expect(root.findSubAgent("root")).toBeUndefined();
    expect(leaf.rootAgent).toBe(root);
    expect(() => new LlmAgent({ name: "other", subAgents: [middle] })).toThrow(/clone/);
  });

  it("stops when its model says nothing, with an event that says so", async () => {
    const root = agent("root", [{ content: { role: "model", parts: [] } }, "fine"]);
    await using e = await engine({ agent: root });
    expect(told(await e.say("hi"))).toEqual(["root: !MODEL_RETURNED_NO_CONTENT"]);
    expect(told(await e.say("again"))).toEqual(["root: fine"]);
  });

  it("makes the calls of each of two answers to one request", async () => {
    const root = agent("root", [[calls(["ping", { n: 1 }]), calls(["ping", { n: 2 }])], "done"], {
      tools: [ping],
    });
    await using e = await engine({ agent: root });
    expect(told(await e.say("hi"))).toEqual([
      'root: ping({"n":1})',
      'root: ping({"n":2})',
      'root: ping → {"result":"pong"}',
      'root: ping → {"result":"pong"}',
      "root: done",
    ]);
  });
});

describe("an agent of one's own", () => {
  it("may keep events of its sub-agents to itself, and speak between them", async () => {
    const inner = agent("inner", [calls(["ping"]), "secret"], { tools: [ping] });
    const outer = new Custom(
      "outer",
      async function* (context, self) {
        for await (const event of inner.runAsync(context))
          if (!event.content?.parts?.some(({ text }) => text === "secret")) yield event;
        yield self.say(context, "all is well");
      },
      [inner],
    );
    await using e = await engine({ agent: outer });
    expect(told(await e.say("hi"))).toEqual([
      "inner: ping()",
      'inner: ping → {"result":"pong"}',
      "outer: all is well",
    ]);
    expect(told(await e.log())).toHaveLength(4);
  });

  it("that swallows everything lets its sub-agent come to its end all the same", async () => {
    const inner = agent("inner", [calls(["ping"]), "done"], { tools: [ping] });
    const outer = new Custom(
      "outer",
      async function* (context, self) {
        let count = 0;
        for await (const _ of inner.runAsync(context)) count++;
        yield self.say(context, `${count} events`);
      },
      [inner],
    );
    await using e = await engine({ agent: outer });
    expect(told(await e.say("hi"))).toEqual(["outer: 3 events"]);
    inner.llm.assertConsumed();
  });

  it("sees the answer to a call in its run only", async () => {
    const root = agent("root", [calls(["ask", {}, "c1"]), "thanks"], { tools: [ask] });
    await using e = await engine({ agent: root });
    await e.say("hi");
    const events = await e.say(answer(["c1", "ask", { ok: true }]));
    expect(told(events)).toEqual(["root: thanks"]);
  });
});
