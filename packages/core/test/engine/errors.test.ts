import { describe, expect, it } from "vitest";
import {
  AdkError,
  BaseAgent,
  BasePlugin,
  createEvent,
  type Event,
  type InvocationContext,
  type LlmResponse,
  LongRunningFunctionTool,
  LoopAgent,
  ParallelAgent,
  SequentialAgent,
} from "../../src/index.ts";
import {
  agent,
  calls,
  contentWords,
  engine,
  fired,
  historyProblems,
  latch,
  never,
  settle,
  told,
  tool,
} from "./support.ts";

class Ends extends BasePlugin {
  readonly seen: string[] = [];
  override async onAgentErrorCallback({
    agent: one,
    error,
  }: {
    agent: BaseAgent;
    error: Error;
  }): Promise<void> {
    this.seen.push(`onAgentError ${one.name}: ${error.message}`);
  }
  override async onEventCallback({ event }: { event: Event }): Promise<undefined> {
    if (event.errorCode !== undefined) this.seen.push(`onEvent ${told([event])[0]}`);
  }
  override async onRunErrorCallback({ error }: { error: Error }): Promise<void> {
    this.seen.push(`onRunError ${error.message}`);
  }
  override async afterRunCallback(): Promise<void> {
    this.seen.push("afterRun");
  }
}

/** The error of a run and what the log says. */
async function failed(run: Promise<Event[]>): Promise<AdkError> {
  const error = await run.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Error);
  return error as AdkError;
}

describe("a failed run", () => {
  it("of a model: hooks inside out, the error event, then the error itself with its cause", async () => {
    const cause = new Error("503");
    const child = agent("child", [cause]);
    const top = new SequentialAgent({ name: "top", subAgents: [child, agent("next", [])] });
    const ends = new Ends("ends");
    await using e = await engine({ agent: top, plugins: [ends] });
    const error = await failed(e.say("hi"));
    expect(error).toMatchObject({ code: "MODEL_FAILED", cause });
    expect(ends.seen).toEqual([
      `onAgentError child: ${error.message}`,
      `onAgentError top: ${error.message}`,
      "onEvent child: !MODEL_FAILED",
      `onRunError ${error.message}`,
    ]);
    const [, event] = await e.log();
    expect(event).toMatchObject({
      author: "child",
      errorCode: "MODEL_FAILED",
      errorMessage: error.message,
    });
    expect(event?.content).toBeUndefined();
    expect((await e.sessions.listInterrupted({ appName: "app" })).sessions).toEqual([]);
  });

  it("keeps an AdkError of a model as it is", async () => {
    const mine = new AdkError("UNAVAILABLE", "Try later.", { retryable: true });
    await using e = await engine({ agent: agent("root", [mine]) });
    expect(await failed(e.say("hi"))).toMatchObject({ code: "UNAVAILABLE", retryable: true });
    expect(told(await e.log())).toEqual(["user: hi", "root: !UNAVAILABLE"]);
  });

  it("in mid-stream: after the pieces; the next turn does not see it", async () => {
    const broken: (LlmResponse | Error)[] = [
      { content: { role: "model", parts: [{ text: "he" }] }, partial: true },
      new Error("cut"),
    ];
    const root = agent("root", [broken, "hello"]);
    await using e = await engine({ agent: root });
    const seen: string[] = [];
    const run = (async () => {
      for await (const event of e.stream("hi", { runConfig: { streamingMode: "sse" } }))
        seen.push(...told([event]));
    })();
    await expect(run).rejects.toMatchObject({ code: "MODEL_FAILED" });
    expect(seen).toEqual(["root: ~he", "root: !MODEL_FAILED"]);
    await e.say("again");
    expect(contentWords(root.llm.requests[1]?.contents ?? [])).toEqual(["user: hi", "user: again"]);
  });

  it("of a model that is silent for too long: it is told to stop", async () => {
    const signals: (AbortSignal | undefined)[] = [];
    const root = agent(
      "root",
      [
        async (_request, signal) => {
          signals.push(signal);
          return await never();
        },
      ],
      { modelTimeoutMs: 500 },
    );
    await using e = await engine({ agent: root });
    const run = failed(e.say("hi"));
    await settle();
    expect(signals[0]?.aborted).toBe(false);
    await e.clock.advance(500);
    expect(await run).toMatchObject({ code: "MODEL_FAILED", retryable: true });
    expect(signals[0]?.aborted).toBe(true);
    expect(e.clock.pendingTimers).toBe(0);
  });

  it("so is an error of a tool's own that speaks of a plugin", async () => {
    const error = new AdkError("INVALID_ARGUMENT", "There is no plugin yoast.", {
      details: { plugin: "yoast" },
    });
    await using e = await engine({
      agent: agent("root", [calls(["look"]), "done"], {
        tools: [
          tool("look", () => {
            throw error;
          }),
        ],
      }),
    });
    const events = await e.say("go");
    expect(told(events).slice(1)).toEqual([
      'root: look → {"error":"There is no plugin yoast."}',
      "root: done",
    ]);
  });

  it("what a tool throws is told to the model, and the run goes on", async () => {
    const broken = tool("broken", () => {
      throw new Error("out of paper");
    });
    const root = agent("root", [calls(["broken"], ["made_up"]), "I see"], { tools: [broken] });
    await using e = await engine({ agent: root });
    const events = await e.say("hi");
    expect(told(events).slice(0, 1)).toEqual(["root: broken() made_up()"]);
    expect(told(events)[1]).toMatch(
      /broken → {"error":"out of paper"} made_up → {"error":"There is no tool made_up/,
    );
    expect(told(events)[2]).toBe("root: I see");
  });

  it("TOOL_FAILED ends the run; what finished siblings did is kept before the error event, the others are stopped", async () => {
    const go = latch<void>();
    const fatal = tool("fatal", async () => {
      await go.promise;
      throw new AdkError("TOOL_FAILED", "The account is closed.");
    });
    const quick = tool("quick", (_args, context) => {
      context.state.set("quick", 1);
      return "ok";
    });
    const stopped: string[] = [];
    const slow = tool("slow", async (_args, context) => {
      await fired(context.abortSignal);
      stopped.push("slow");
    });
    const root = agent("root", [calls(["fatal"], ["slow"], ["quick"]), "recovered"], {
      tools: [fatal, quick, slow],
    });
    const ends = new Ends("ends");
    await using e = await engine({ agent: root, plugins: [ends] });
    const run = failed(e.say("hi"));
    await settle();
    go.open();
    expect(await run).toMatchObject({ code: "TOOL_FAILED" });
    expect(stopped).toEqual(["slow"]);
    expect(told(await e.log())).toEqual([
      "user: hi",
      "root: fatal() slow() quick()",
      'root: quick → {"result":"ok"}',
      "root: !TOOL_FAILED",
    ]);
    expect((await e.session()).state).toEqual({ quick: 1 });
    await e.say("again");
    expect(historyProblems(root.llm.requests[1]?.contents ?? [])).toEqual([]);
  });

  it("a call that was not started when another ended the run is not made", async () => {
    let charged = 0;
    const fatal = tool("fatal", () => {
      throw new AdkError("TOOL_FAILED", "no");
    });
    const charge = tool("charge", () => ++charged);
    const asked: string[] = [];
    const both = calls(["fatal"], ["charge"]);
    const root = agent("root", [both, both], {
      tools: [fatal, charge],
      beforeToolCallback: ({ tool: { name } }) => {
        asked.push(name);
        return undefined;
      },
    });
    await using e = await engine({ agent: root });
    for (const maxConcurrentTools of [8, 1])
      expect(await failed(e.say("hi", { runConfig: { maxConcurrentTools } }))).toMatchObject({
        code: "TOOL_FAILED",
      });
    expect(charged).toBe(0);
    expect(asked).toEqual(["fatal", "fatal"]);
  });

  it.each([
    ["beforeAgentCallback", 0],
    ["afterAgentCallback", 1],
    ["beforeModelCallback", 0],
    ["afterModelCallback", 0],
  ] as const)("an error of %s passes unchanged", async (callback, stored) => {
    const mine = new RangeError("mine");
    const root = agent("root", ["hello"], {
      [callback]: () => {
        throw mine;
      },
    });
    const ends = new Ends("ends");
    await using e = await engine({ agent: root, plugins: [ends] });
    expect(await failed(e.say("hi"))).toBe(mine);
    expect(told(await e.log())).toEqual([
      "user: hi",
      ...["root: hello"].slice(0, stored),
      "root: !RangeError",
    ]);
    expect(ends.seen).toEqual([
      "onAgentError root: mine",
      "onEvent root: !RangeError",
      "onRunError mine",
    ]);
  });

  it.each(["beforeToolCallback", "afterToolCallback", "onToolErrorCallback"] as const)(
    "an error of %s passes unchanged; it is not told to the model",
    async (callback) => {
      const mine = new RangeError("mine");
      const broken = tool("broken", () => {
        throw new Error("no");
      });
      const root = agent("root", [calls(["broken"], ["fine"]), "x"], {
        tools: [broken, tool("fine", () => "ok")],
        [callback]: ({ tool: { name } }: { tool: { name: string } }) => {
          if (name === "broken") throw mine;
        },
      });
      await using e = await engine({ agent: root });
      expect(await failed(e.say("hi"))).toBe(mine);
      expect(told(await e.log()).at(-1)).toBe("root: !RangeError");
    },
  );

  it("of a custom agent, thrown as no Error: the event says so and the caller gets it as it is", async () => {
    class Odd extends BaseAgent {
      // oxlint-disable-next-line require-yield
      protected async *runAsyncImpl(): AsyncGenerator<Event, void, undefined> {
        // oxlint-disable-next-line typescript/only-throw-error
        throw "just words";
      }
    }
    await using e = await engine({ agent: new Odd({ name: "odd" }) });
    await expect(e.say("hi")).rejects.toBe("just words");
    expect((await e.log())[1]).toMatchObject({ author: "odd", errorMessage: "just words" });
  });

  it("a template variable that is missing: before any call, naming agent and key", async () => {
    const root = agent("root", [], { instruction: "Greet {name}." });
    await using e = await engine({ agent: root });
    expect(await failed(e.say("hi"))).toMatchObject({
      code: "FAILED_PRECONDITION",
      details: { agent: "root", name: "name" },
    });
    expect(told(await e.log())).toEqual(["user: hi", "root: !FAILED_PRECONDITION"]);
  });

  it("the limit of model calls: of all agents together", async () => {
    const ping = tool("ping", () => "pong");
    const a = agent("a", [calls(["ping"]), "a"], { tools: [ping] });
    const b = agent("b", ["never"]);
    const top = new SequentialAgent({ name: "top", subAgents: [a, b] });
    await using e = await engine({ agent: top });
    const error = await failed(e.say("hi", { runConfig: { maxLlmCalls: 2 } }));
    expect(error).toMatchObject({ code: "LLM_CALLS_LIMIT_EXCEEDED", details: { limit: 2 } });
    expect(told(await e.log()).slice(-2)).toEqual(["a: a", "b: !LLM_CALLS_LIMIT_EXCEEDED"]);
    expect(b.llm.requests).toHaveLength(0);
  });

  it("in one branch stops the others; the error event is the branch's own", async () => {
    const stopped: string[] = [];
    const wait = tool("wait", async (_args, context) => {
      await fired(context.abortSignal);
      stopped.push("b");
    });
    const ping = tool("ping", () => "pong");
    const go = latch<string>();
    const fails = async (): Promise<string> => {
      await go.promise;
      throw new Error("down");
    };
    const a = agent("a", [calls(["ping"]), fails], { tools: [ping] });
    const b = agent("b", [calls(["wait"], ["ping"]), "never"], { tools: [wait, ping] });
    const top = new ParallelAgent({ name: "top", subAgents: [a, b] });
    const ends = new Ends("ends");
    await using e = await engine({ agent: top, plugins: [ends] });
    const run = failed(e.say("hi"));
    await settle();
    go.open("");
    expect(await run).toMatchObject({ code: "MODEL_FAILED" });
    expect(stopped).toEqual(["b"]);
    const log = await e.log();
    expect(log.at(-1)).toMatchObject({ author: "a", branch: "top.a", errorCode: "MODEL_FAILED" });
    expect(told(log)).toContain('b: ping → {"result":"pong"}');
    expect(
      ends.seen.filter((line) => line.startsWith("onAgentError")).map((line) => line.split(":")[0]),
    ).toEqual(["onAgentError a", "onAgentError top"]);
  });

  it("in two branches at once: one error event, by the branch of the error that the caller gets", async () => {
    const go = latch<string>();
    const fails = (name: string): BaseAgent =>
      agent(name, [
        async () => {
          await go.promise;
          throw new Error(`${name} is down`);
        },
      ]);
    const top = new ParallelAgent({ name: "top", subAgents: [fails("a"), fails("b")] });
    await using e = await engine({ agent: top });
    const run = failed(e.say("hi"));
    await settle();
    go.open("");
    const error = await run;
    const [, event, ...rest] = await e.log();
    expect(rest).toEqual([]);
    expect(error.message).toContain(`${event?.author} is down`);
    expect(event?.branch).toBe(`top.${event?.author}`);
  });

  it("what a stopped branch throws because it was stopped is no failure", async () => {
    class Fetching extends BaseAgent {
      // oxlint-disable-next-line require-yield
      protected async *runAsyncImpl(
        context: InvocationContext,
      ): AsyncGenerator<Event, void, undefined> {
        await fired(context.abortSignal);
        throw new DOMException("The operation was aborted.", "AbortError");
      }
    }
    class Leaves extends BaseAgent {
      protected async *runAsyncImpl(
        context: InvocationContext,
      ): AsyncGenerator<Event, void, undefined> {
        yield createEvent({
          author: this.name,
          invocationId: context.invocationId,
          branch: context.branch,
          actions: { escalate: true },
        });
      }
    }
    const both = new ParallelAgent({
      name: "both",
      subAgents: [new Fetching({ name: "fetching" }), new Leaves({ name: "leaves" })],
    });
    const top = new LoopAgent({ name: "top", subAgents: [both] });
    await using e = await engine({ agent: top });
    expect(told(await e.say("hi"))).toEqual(["leaves: "]);
  });

  it("an unanswered call of a failed run does not break the next request", async () => {
    const ask = new LongRunningFunctionTool({
      name: "ask",
      description: "asks",
      execute: () => null,
    });
    const fatal = tool("fatal", () => {
      throw new AdkError("TOOL_FAILED", "no");
    });
    const root = agent("root", [calls(["ask", {}, "c1"], ["fatal", {}, "c2"]), "fine"], {
      tools: [ask, fatal],
    });
    await using e = await engine({ agent: root });
    await failed(e.say("hi"));
    await e.say("again");
    const contents = root.llm.requests[1]?.contents ?? [];
    expect(historyProblems(contents)).toEqual([]);
    expect(contentWords(contents)[2]).toMatch(
      /ask → {"status":"pending".*fatal → {"error":"The call was interrupted/,
    );
  });

  it("of afterRun: no error event, the error reaches the caller", async () => {
    class Fails extends BasePlugin {
      override async afterRunCallback(): Promise<void> {
        throw new Error("no");
      }
    }
    const ends = new Ends("ends");
    await using e = await engine({
      agent: agent("root", ["hello"]),
      plugins: [new Fails("fails"), ends],
    });
    expect(await failed(e.say("hi"))).toMatchObject({
      code: "PLUGIN_FAILED",
      details: { plugin: "fails", hook: "afterRunCallback" },
    });
    expect(told(await e.log())).toEqual(["user: hi", "root: hello"]);
    expect(ends.seen).toHaveLength(1);
    expect(ends.seen[0]).toMatch(/^onRunError Plugin fails failed in afterRunCallback: no/);
  });

  it("of onEvent on the error event: it is neither stored nor yielded, the first error reaches the caller", async () => {
    class Fails extends BasePlugin {
      override async onEventCallback(): Promise<undefined> {
        throw new Error("no");
      }
    }
    await using e = await engine({
      agent: agent("root", [new Error("down")]),
      plugins: [new Fails("fails")],
    });
    expect(await failed(e.say("hi"))).toMatchObject({ code: "MODEL_FAILED" });
    expect(told(await e.log())).toEqual(["user: hi"]);
    expect(e.logged.join()).toContain("could not leave its error event");
  });

  it("of the store: no error event where it cannot be stored, the session is usable afterwards", async () => {
    const root = agent("root", [calls(["ping"]), "x", "hello"], {
      tools: [tool("ping", () => "pong")],
    });
    await using e = await engine({ agent: root });
    const stream = e.stream("hi");
    await stream.next();
    e.faults.refuse("append", 100);
    const run = stream.next().catch((error: unknown) => error);
    await e.clock.advance(60_000);
    expect(await run).toMatchObject({ code: "UNAVAILABLE" });
    e.faults.heal();
    await e.clock.advance(15_000);
    expect(await e.isBusy()).toBe(false);
    expect(told(await e.log())).toEqual(["user: hi", "root: ping()"]);
    expect(told(await e.say("again"))).toEqual(["root: x"]);
  });
});
