import { describe, expect, it } from "vitest";
import {
  BaseAgent,
  BaseLlmRequestProcessor,
  BasePlugin,
  createEvent,
  type Event,
  type InvocationContext,
  LoopAgent,
  ParallelAgent,
  SequentialAgent,
} from "../../src/index.ts";
import { agent, calls, engine, fired, latch, never, settle, told, tool } from "./support.ts";

class Ends extends BasePlugin {
  readonly seen: string[] = [];
  override async afterRunCallback(): Promise<void> {
    this.seen.push("afterRun");
  }
  override async onRunErrorCallback(): Promise<void> {
    this.seen.push("onRunError");
  }
}

/** Says two things and cleans up. */
class Tidy extends BaseAgent {
  tidied = false;
  protected async *runAsyncImpl(
    context: InvocationContext,
  ): AsyncGenerator<Event, void, undefined> {
    const say = (text: string): Event =>
      createEvent({
        author: this.name,
        invocationId: context.invocationId,
        branch: context.branch,
        content: { role: "model", parts: [{ text }] },
      });
    try {
      yield say("one");
      yield say("two");
    } finally {
      await Promise.resolve();
      this.tidied = true;
    }
  }
}

describe("a caller that leaves early", () => {
  it("by break: the run ends, afterRun is called, nothing is sealed, nothing more is done", async () => {
    let ran = false;
    const ping = tool("ping", () => {
      ran = true;
    });
    const root = agent("root", [calls(["ping"]), "never"], { tools: [ping] });
    const ends = new Ends("ends");
    await using e = await engine({ agent: root, plugins: [ends] });
    for await (const event of e.stream("hi")) {
      expect(told([event])).toEqual(["root: ping()"]);
      break;
    }
    expect(ends.seen).toEqual(["afterRun"]);
    expect(ran).toBe(false);
    expect(told(await e.log())).toEqual(["user: hi", "root: ping()"]);
    expect((await e.sessions.listInterrupted({ appName: "app" })).sessions).toEqual([]);
    expect(e.clock.pendingTimers).toBe(0);
  });

  it("by return() while next() is pending: a hanging tool does not hold it up for longer than the grace", async () => {
    const signals: AbortSignal[] = [];
    const late = latch<void>();
    let refusal: unknown;
    const hang = tool("hang", async (_args, context) => {
      signals.push(context.abortSignal);
      await late.promise;
      try {
        context.state.set("late", true);
      } catch (error) {
        refusal = error;
      }
      return "late";
    });
    const root = agent("root", [calls(["hang"]), "never"], { tools: [hang] });
    const ends = new Ends("ends");
    await using e = await engine({ agent: root, plugins: [ends], abortGraceMs: 2_000 });
    const stream = e.stream("hi");
    await stream.next();
    const pending = stream.next();
    await settle();
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    const left = stream.return(undefined);
    expect(await pending).toEqual({ done: true, value: undefined });
    await settle();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(await e.isBusy()).toBe(true); // still given its grace
    await e.clock.advance(2_000);
    expect(await left).toEqual({ done: true, value: undefined });
    expect(ends.seen).toEqual(["afterRun"]);
    expect(e.logged.join()).toContain(
      "Tool hang has not stopped 2000 ms after its call was cancelled",
    );
    late.open();
    await settle();
    expect(refusal).toMatchObject({ code: "FAILED_PRECONDITION" });
    expect(told(await e.log())).toEqual(["user: hi", "root: hang()"]);
    expect((await e.session()).state).toEqual({});
    expect(await e.isBusy()).toBe(false);
    expect(e.clock.pendingTimers).toBe(0);
  });

  it("does not wait for the grace when the work stops at once", async () => {
    const wait = tool("wait", async (_args, context) => {
      await fired(context.abortSignal);
    });
    const root = agent("root", [calls(["wait"]), "never"], { tools: [wait] });
    await using e = await engine({ agent: root });
    const stream = e.stream("hi");
    await stream.next();
    const pending = stream.next();
    await settle();
    await stream.return(undefined); // no time passes
    expect(await pending).toEqual({ done: true, value: undefined });
    expect(e.logged).toEqual([]);
  });

  it("keeps what a finished sibling has done", async () => {
    const wait = tool("wait", (_args, context) => fired(context.abortSignal));
    const quick = tool("quick", (_args, context) => {
      context.state.set("quick", 1);
      return "done";
    });
    const root = agent("root", [calls(["wait"], ["quick"]), "never"], { tools: [wait, quick] });
    await using e = await engine({ agent: root });
    const stream = e.stream("hi");
    await stream.next();
    void stream.next();
    await settle();
    await stream.return(undefined);
    expect(told(await e.log())).toEqual([
      "user: hi",
      "root: wait() quick()",
      'root: quick → {"result":"done"}',
    ]);
    expect((await e.session()).state).toEqual({ quick: 1 });
  });

  it.each([
    ["itself", (tidy: BaseAgent) => tidy],
    ["in a sequence", (tidy: BaseAgent) => new SequentialAgent({ name: "top", subAgents: [tidy] })],
    ["in a loop", (tidy: BaseAgent) => new LoopAgent({ name: "top", subAgents: [tidy] })],
    ["in a branch", (tidy: BaseAgent) => new ParallelAgent({ name: "top", subAgents: [tidy] })],
  ])("runs the finalizers of a custom agent: %s", async (_where, around) => {
    const tidy = new Tidy({ name: "tidy" });
    await using e = await engine({ agent: around(tidy) });
    for await (const _ of e.stream("hi")) break;
    expect(tidy.tidied).toBe(true);
    expect(told(await e.log())).toEqual(["user: hi", "tidy: one"]);
  });

  it("runs the finalizers of a custom request processor", async () => {
    let tidied = false;
    class Noting extends BaseLlmRequestProcessor {
      override async *runAsync(context: InvocationContext): AsyncGenerator<Event, void, undefined> {
        try {
          yield createEvent({
            author: "root",
            invocationId: context.invocationId,
            actions: { stateDelta: { noted: true } },
          });
        } finally {
          tidied = true;
        }
      }
    }
    const root = agent("root", ["never"], { requestProcessors: [new Noting()] });
    await using e = await engine({ agent: root });
    for await (const _ of e.stream("hi")) break;
    expect(tidied).toBe(true);
  });

  it("ends the model's stream", async () => {
    const ended = latch<void>();
    const root = agent("root", [
      async (_request, signal) => {
        if (signal) void fired(signal).then(() => ended.open());
        return await never();
      },
    ]);
    await using e = await engine({ agent: root });
    const stream = e.stream("hi");
    const pending = stream.next();
    await settle();
    await stream.return(undefined);
    await ended.promise;
    expect(await pending).toEqual({ done: true, value: undefined });
    expect(told(await e.log())).toEqual(["user: hi"]);
  });

  it("before the first next(): nothing happens at all", async () => {
    await using e = await engine({ agent: agent("root", []) });
    const stream = e.stream("hi");
    await stream.return(undefined);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(await e.log()).toEqual([]);
  });

  it("does not keep the session when an agent of one's own ignores its signal", async () => {
    class Deaf extends BaseAgent {
      // oxlint-disable-next-line require-yield
      protected async *runAsyncImpl(): AsyncGenerator<Event, void, undefined> {
        await never();
      }
    }
    const ends = new Ends("ends");
    await using e = await engine({
      agent: new Deaf({ name: "deaf" }),
      plugins: [ends],
      abortGraceMs: 1_000,
    });
    const stream = e.stream("hi");
    void stream.next();
    await settle();
    const left = stream.return(undefined);
    await e.clock.advance(2_000);
    await left;
    expect(ends.seen).toEqual(["afterRun"]);
    expect(await e.isBusy()).toBe(false);
    expect(e.logged.join()).toContain("deaf");
  });

  it("while the session is still being opened: nothing is stored, no hook is called, no lease is left", async () => {
    const ends = new Ends("ends");
    await using e = await engine({ agent: agent("root", []), plugins: [ends] });
    for (const delayMs of [10_000, 0]) {
      if (delayMs > 0) e.faults.delay("any", delayMs);
      const stream = e.stream("hi");
      const pending = stream.next();
      await stream.return(undefined); // no time passes
      expect(await pending).toEqual({ done: true, value: undefined });
      await e.clock.advance(delayMs);
      expect(await e.isBusy()).toBe(false);
      expect(await e.log()).toEqual([]);
      expect(ends.seen).toEqual([]);
      expect(e.clock.pendingTimers).toBe(0);
    }
  });

  it("by throw(): the error comes back after the run has ended", async () => {
    await using e = await engine({ agent: agent("root", [calls(["no"]), "x"]) });
    const stream = e.stream("hi");
    await stream.next();
    await expect(stream.throw(new Error("mine"))).rejects.toThrow("mine");
    expect(await e.isBusy()).toBe(false);
  });
});
