import { describe, expect, it } from "vitest";
import {
  App,
  BaseEventsSummarizer,
  type BasePlugin,
  BasePlugin as Plugin,
  type BaseAgent,
  createEvent,
  type Event,
  type EventsCompactionConfig,
  type InvocationContext,
  LlmEventSummarizer,
  type LlmResponse,
  LongRunningFunctionTool,
  type NextModelCall,
  ParallelAgent,
  stringifyContent,
  type SummarizeEventsRequest,
  type WrappedModelCall,
} from "../../src/index.ts";
import {
  agent,
  answer,
  calls,
  contentWords,
  type Engine,
  engine,
  historyProblems,
  KEY,
  latch,
  llm,
  never,
  settle,
  told,
  tool,
  transferTo,
} from "./support.ts";

/** Sums up as "sum of" and the first and the last words. */
class Sums extends BaseEventsSummarizer {
  readonly given: (readonly Event[])[] = [];
  readonly signals: (AbortSignal | undefined)[] = [];
  #answer: (() => Promise<unknown>) | undefined;

  constructor(answerWith?: () => Promise<unknown>) {
    super();
    this.#answer = answerWith;
  }

  override async maybeSummarizeEvents(request: SummarizeEventsRequest): Promise<Event | undefined> {
    const { events, abortSignal } = request;
    this.given.push(events);
    this.signals.push(abortSignal);
    await this.#answer?.();
    return summary(`sum of ${words(events[0])}…${words(events.at(-1))}`);
  }
}

function summary(text: string): Event {
  return createEvent({
    actions: {
      compaction: {
        startTimestamp: 0,
        endTimestamp: 0,
        compactedContent: { role: "model", parts: [{ text }] },
      },
    },
    usageMetadata: { totalTokenCount: 7 },
  });
}

function words(event: Event | undefined): string {
  return event ? stringifyContent(event) : "?";
}

function compacting(
  rootAgent: BaseAgent,
  config: Partial<EventsCompactionConfig>,
  options: { resumable?: boolean; plugins?: BasePlugin[] } = {},
): Promise<Engine> {
  const { resumable = false, plugins = [] } = options;
  return engine({
    app: new App({
      name: KEY.appName,
      rootAgent,
      plugins,
      resumabilityConfig: { isResumable: resumable },
      eventsCompactionConfig: config,
    }),
  });
}

const WINDOW = { compactionInterval: 2, overlapSize: 1 };

function answers(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `a${index + 1}`);
}

function usage(text: string, promptTokenCount: number): object {
  return {
    content: { role: "model", parts: [{ text }] },
    usageMetadata: { promptTokenCount, totalTokenCount: promptTokenCount },
  };
}

/** What the next run would load. */
async function loaded({ sessions }: Engine): Promise<{ from: number; kept: number[] }> {
  const { session, kept, lease } = await sessions.openSession({
    ...KEY,
    owner: "test",
    ttlMs: 1_000,
  });
  await lease.release();
  return { from: session.firstSequence, kept: kept.map(({ sequence = 0 }) => sequence) };
}

describe("compaction by a sliding window", () => {
  it("sums up after every second invocation, with one from before", async () => {
    const root = agent("root", answers(5));
    const summarizer = new Sums();
    const seen: string[] = [];
    class Watch extends Plugin {
      override async onEventCallback({ event }: { event: Event }): Promise<undefined> {
        seen.push(event.id);
      }
    }
    await using run = await compacting(
      root,
      { ...WINDOW, summarizer },
      {
        plugins: [new Watch("watch")],
      },
    );
    const yielded: Event[] = [];
    for (const question of ["q1", "q2", "q3", "q4", "q5"])
      yielded.push(...(await run.say(question)));

    expect(summarizer.given.map((events) => events.map(words))).toEqual([
      ["q1", "a1", "q2", "a2"],
      ["q2", "a2", "q3", "a3", "q4", "a4"],
    ]);
    const log = await run.log();
    const summaries = log.filter((event) => event.actions.compaction);
    expect(summaries).toMatchObject([
      {
        author: "user",
        id: "compaction-1-4",
        compactedSequences: { from: 1, to: 4 },
        usageMetadata: { totalTokenCount: 7 },
        actions: {
          compaction: {
            startTimestamp: log[0]?.timestamp,
            endTimestamp: log[3]?.timestamp,
            compactedContent: { role: "model", parts: [{ text: "sum of q1…a2" }] },
          },
        },
      },
      { compactedSequences: { from: 3, to: 9 } },
    ]);
    for (const event of summaries) {
      expect(event.invocationId).not.toMatch(/^e-/);
      expect(event.content).toBeUndefined();
      expect(yielded.map(({ id }) => id)).not.toContain(event.id);
      expect(seen).not.toContain(event.id);
    }
    expect(root.llm.requests.map(({ contents }) => contentWords(contents))).toEqual([
      ["user: q1"],
      ["user: q1", "model: a1", "user: q2"],
      ["model: sum of q1…a2", "user: q3"],
      ["model: sum of q1…a2", "user: q3", "model: a3", "user: q4"],
      ["model: sum of q1…a2", "model: sum of q2…a4", "user: q5"],
    ]);
  });

  it("opens with the overlap and what comes after, and keeps the summaries from before", async () => {
    await using run = await compacting(agent("root", answers(9)), {
      ...WINDOW,
      summarizer: new Sums(),
    });
    const windows: object[] = [];
    for (let turn = 1; turn <= 8; turn++) {
      await run.say(`q${turn}`);
      windows.push(await loaded(run));
    }
    expect(windows).toEqual([
      { from: 1, kept: [] },
      { from: 3, kept: [2] },
      { from: 3, kept: [2] },
      { from: 8, kept: [5, 7] },
      { from: 8, kept: [5, 7] },
      { from: 13, kept: [5, 10, 12] },
      { from: 13, kept: [5, 10, 12] },
      { from: 18, kept: [5, 10, 15, 17] },
    ]);
  });

  it("goes on from the window alone in another process", async () => {
    const root = agent("root", answers(7));
    await using run = await compacting(root, { ...WINDOW, summarizer: new Sums() });
    for (let turn = 1; turn <= 6; turn++) await run.say(`q${turn}`);
    const other = run.another();
    await other.run({
      userId: KEY.userId,
      sessionId: KEY.sessionId,
      newMessage: { role: "user", parts: [{ text: "q7" }] },
    });
    expect(contentWords(root.llm.requests.at(-1)?.contents ?? [])).toEqual([
      "model: sum of q1…a2",
      "model: sum of q2…a4",
      "model: sum of q4…a6",
      "user: q7",
    ]);
  });

  it("lets plugins stand around the model that sums up, and keeps the metadata they give its answer", async () => {
    class Around extends Plugin {
      readonly asked: string[] = [];
      override async *aroundModelCall(
        call: WrappedModelCall,
        next: NextModelCall,
      ): AsyncGenerator<LlmResponse> {
        this.asked.push(call.model.model);
        for await (const response of next({ ...call.llmRequest, config: { maxOutputTokens: 5 } }))
          yield { ...response, customMetadata: { by: "around" } };
      }
    }
    const around = new Around("around");
    const summing = llm("sum");
    const root = agent("root", ["a1", "a2"]);
    const summarizer = new LlmEventSummarizer({ llm: summing });
    await using run = await compacting(root, { ...WINDOW, summarizer }, { plugins: [around] });
    for (const question of ["q1", "q2"]) await run.say(question);
    expect(around.asked).toEqual(["model-of-root", "model-of-root", "scripted"]);
    expect(summing.requests[0]?.config).toEqual({ maxOutputTokens: 5 });
    const stored = (await run.log()).find((event) => event.actions.compaction);
    expect(stored?.customMetadata).toEqual({ by: "around" });
  });

  it("asks the root's model where no summarizer is given", async () => {
    const root = agent("root", [
      "a1",
      "a2",
      (request) => {
        expect(contentWords(request.contents)[0]).toContain("user: q1\nroot: a1\nuser: q2");
        return "in short";
      },
      "a3",
    ]);
    await using run = await compacting(root, WINDOW);
    for (const question of ["q1", "q2", "q3"]) await run.say(question);
    expect(contentWords(root.llm.requests.at(-1)?.contents ?? [])).toEqual([
      "model: in short",
      "user: q3",
    ]);
  });
});

describe("compaction by a token threshold", () => {
  it("sums up after the run; the next summary takes the place of the last one", async () => {
    const summarizer = new Sums();
    const root = agent("root", [
      usage("a1", 10),
      usage("a2", 100),
      usage("a3", 10),
      usage("a4 and some more words", 200),
      usage("a5", 10),
    ] as never);
    await using run = await compacting(root, {
      tokenThreshold: 100,
      eventRetentionSize: 1,
      summarizer,
    });
    for (const question of ["q1", "q2", "q3", "q4", "q5"]) await run.say(question);
    expect(summarizer.given.map((events) => events.map(words))).toEqual([
      ["q1", "a1", "q2"],
      ["sum of q1…q2", "a2", "q3", "a3", "q4"],
    ]);
    expect(summarizer.given[1]?.[0]?.author).toBe("model");
    const log = await run.log();
    expect(log.flatMap((event) => event.compactedSequences ?? [])).toEqual([
      { from: 1, to: 3 },
      { from: 1, to: 8 },
    ]);
    expect(contentWords(root.llm.requests.at(-1)?.contents ?? [])).toEqual([
      "model: sum of sum of q1…q2…q4",
      "model: a4 and some more words",
      "user: q5",
    ]);
    expect(await loaded(run)).toEqual({ from: 9, kept: [7] });
  });

  it("sums up between two model calls of a run, and parts no call from its response", async () => {
    const summarizer = new Sums();
    const turns = Array.from({ length: 4 }, (_, index) => ({
      ...calls(["look", { page: index }, `c${index}`]),
      usageMetadata: { promptTokenCount: 10 + index * 100 },
    }));
    const root = agent("root", [...turns, "done"] as never, {
      tools: [tool("look", ({ page }) => ({ text: `page ${String(page)}`.repeat(20) }))],
    });
    await using run = await compacting(root, {
      tokenThreshold: 150,
      eventRetentionSize: 1,
      summarizer,
    });
    await run.say("read it");
    for (const { contents } of root.llm.requests) expect(historyProblems(contents)).toEqual([]);
    // Behind the third call and its response the prompt had become too large.
    expect(contentWords(root.llm.requests[3]?.contents ?? [])[0]).toBe("model: sum of read it…");
    expect(root.llm.requests[3]?.contents).toHaveLength(3);
    expect(told(await run.log()).at(-1)).toBe("root: done");
  });

  it("guesses the size where the model counts nothing", async () => {
    const summarizer = new Sums();
    const root = agent("root", ["x".repeat(300), "y".repeat(300), "z"]);
    await using run = await compacting(root, {
      tokenThreshold: 100,
      eventRetentionSize: 2,
      summarizer,
    });
    await run.say("q1");
    expect(summarizer.given).toHaveLength(0);
    await run.say("q2");
    expect(summarizer.given.map((events) => events.length)).toEqual([2]);
  });

  it("does not pay for a summary that would take away less than it adds", async () => {
    const summarizer = new Sums();
    const long = "a long answer ".repeat(30);
    const root = agent("root", [usage(long, 500), usage("b", 500), usage("c", 500)] as never);
    await using run = await compacting(root, {
      tokenThreshold: 100,
      eventRetentionSize: 0,
      summarizer: new LlmEventSummarizer({
        llm: llm("a summary of words ".repeat(20), "never asked for"),
      }),
    });
    for (const question of ["q1", "q2", "q3"]) await run.say(question);
    const log = await run.log();
    expect(log.filter((event) => event.actions.compaction)).toHaveLength(1);
    expect(summarizer.given).toHaveLength(0);
  });
});

describe("agents that run side by side", () => {
  it("sum up once, and nothing of what the other one does", async () => {
    const summarizer = new Sums();
    const child = (name: string): BaseAgent =>
      agent(
        name,
        [
          "hello",
          { ...calls(["look", {}, `c-${name}`]), usageMetadata: { promptTokenCount: 500 } },
          "done",
        ] as never,
        { tools: [tool("look", () => ({ text: "x" }))] },
      );
    const [left, right] = [child("left"), child("right")];
    const root = new ParallelAgent({ name: "root", subAgents: [left, right] });
    await using run = await compacting(root, {
      tokenThreshold: 400,
      eventRetentionSize: 1,
      summarizer,
    });
    await run.say("q1");
    expect(summarizer.given).toHaveLength(0);
    await run.say("q2");
    // Before the branches of this turn: the first turn and its question.
    expect(summarizer.given[0]?.map(words)).toEqual(["q1", "hello", "hello", "q2"]);
    const covered = (await run.log()).flatMap((event) => event.compactedSequences ?? []);
    expect(covered[0]).toEqual({ from: 1, to: 4 });
    for (const one of [left, right] as ReturnType<typeof agent>[])
      for (const { contents } of one.llm.requests) expect(historyProblems(contents)).toEqual([]);
  });

  it("wait for the one that sums up, and ask their models with its summary", async () => {
    const gate = latch();
    const summarizer = new Sums(() => gate.promise);
    const child = (name: string): ReturnType<typeof agent> =>
      agent(
        name,
        [
          "hello",
          { ...calls(["look", {}, `c-${name}`]), usageMetadata: { promptTokenCount: 500 } },
          "done",
        ] as never,
        { tools: [tool("look", () => ({ text: "x" }))] },
      );
    const children = [child("left"), child("middle"), child("right")];
    await using run = await compacting(new ParallelAgent({ name: "root", subAgents: children }), {
      tokenThreshold: 400,
      eventRetentionSize: 1,
      summarizer,
    });
    await run.say("q1");
    const second = run.say("q2");
    await settle();
    expect(summarizer.given).toHaveLength(1);
    expect(children.map((one) => one.llm.requests.length)).toEqual([2, 2, 2]);
    gate.open();
    await second;
    for (const one of children) {
      const [first] = contentWords(one.llm.requests[2]?.contents ?? []);
      expect(first).toBe("model: sum of q1…q2");
    }
  });
});

describe("a run that is taken up again", () => {
  it("goes on behind a summary of its own beginning", async () => {
    const summarizer = new Sums();
    const made: (string | undefined)[] = [];
    const turns = [0, 1, 2].map((page) => ({
      ...calls(["look", { page }, `c${page}`]),
      usageMetadata: { promptTokenCount: 500 },
    }));
    const root = agent("root", [...turns, "done"] as never, {
      tools: [
        tool("look", (_args, { functionCallId }) => {
          made.push(functionCallId);
          return { text: "a page ".repeat(20) };
        }),
      ],
    });
    await using run = await compacting(
      root,
      { tokenThreshold: 100, eventRetentionSize: 1, summarizer },
      { resumable: true },
    );
    const stream = run.stream("read it");
    const { value: first } = await stream.next();
    for (let more = 0; more < 3; more++) await stream.next();
    await stream.return();
    expect(summarizer.given.length).toBeGreaterThan(0);
    expect((await loaded(run)).from).toBeGreaterThan(1);

    const rest = await run.another().run({
      userId: KEY.userId,
      sessionId: KEY.sessionId,
      invocationId: first?.invocationId,
    });
    expect(made).toEqual(["c0", "c1", "c2"]);
    expect(told(rest).at(-2)).toBe("root: done");
    for (const { contents } of root.llm.requests) expect(historyProblems(contents)).toEqual([]);
  });
});

describe("what is not summed up", () => {
  const ask = (): LongRunningFunctionTool =>
    new LongRunningFunctionTool({
      name: "ask",
      description: "asks somebody",
      execute: () => ({ status: "asked" }),
    });

  it.each([true, false])(
    "a call that waits, and what follows it (resumable: %s)",
    async (resumable) => {
      const summarizer = new Sums();
      const root = agent("root", ["a1", calls(["ask", {}, "w"]), ...answers(9)], {
        tools: [ask()],
      });
      await using run = await compacting(
        root,
        { compactionInterval: 1, overlapSize: 0, summarizer },
        { resumable },
      );
      for (let turn = 1; turn <= 5; turn++) await run.say(`q${turn}`);
      const covered = (await run.log()).flatMap((event) => event.compactedSequences ?? []);
      // The message before the call may go.
      expect(covered.every(({ to }) => to < 6)).toBe(true);
      expect((await run.session()).pendingCalls).toHaveProperty("w");

      await run.say(answer(["w", "ask", { said: "yes" }]));
      await run.say("q6");
      expect(
        (await run.log()).flatMap((event) => event.compactedSequences ?? []).length,
      ).toBeGreaterThan(covered.length);
      await run.say("q7");
      for (const { contents } of root.llm.requests) expect(historyProblems(contents)).toEqual([]);
    },
  );

  it("nothing of a run that failed or was aborted", async () => {
    const summarizer = new Sums();
    const root = agent("root", [new Error("down"), () => never()]);
    await using run = await compacting(root, {
      compactionInterval: 1,
      overlapSize: 0,
      summarizer,
    });
    await expect(run.say("q1")).rejects.toThrow("down");
    const controller = new AbortController();
    const aborted = run.say("q2", { abortSignal: controller.signal });
    await settle();
    controller.abort();
    await run.clock.advance(10_000);
    await aborted;
    expect(summarizer.given).toEqual([]);
  });
});

describe("a run in a session that was summed up", () => {
  it("picks the agent that spoke last, though its words are not loaded", async () => {
    const clerk = agent("clerk", answers(5));
    const root = agent("root", [transferTo("clerk")], { subAgents: [clerk] });
    await using run = await compacting(root, {
      tokenThreshold: 1,
      eventRetentionSize: 0,
      summarizer: new Sums(),
    });
    await run.say("q1");
    const { from, kept } = await loaded(run);
    const log = await run.log();
    expect(from).toBe(log.length);
    expect(kept.map((sequence) => log[sequence - 1]?.author)).toEqual(["clerk"]);
    expect(told(await run.say("q2"))).toEqual(["clerk: a2"]);
    expect(contentWords(clerk.llm.requests.at(-1)?.contents ?? []).at(-1)).toBe("user: q2");
  });

  it("answers a call from before the window again: what belongs to it is read first", async () => {
    const ask = new LongRunningFunctionTool({
      name: "ask",
      description: "asks somebody",
      execute: () => undefined,
    });
    const root = agent("root", [calls(["ask", {}, "w"]), ...answers(9)], { tools: [ask] });
    await using run = await compacting(root, {
      compactionInterval: 1,
      overlapSize: 0,
      summarizer: new Sums(),
    });
    await run.say("q1");
    await run.say(answer(["w", "ask", { said: "yes" }]));
    for (let turn = 2; turn <= 4; turn++) await run.say(`q${turn}`);
    expect((await loaded(run)).from).toBeGreaterThan(10);

    await run.say(answer(["w", "ask", { said: "no" }]));
    const contents = root.llm.requests.at(-1)?.contents ?? [];
    expect(historyProblems(contents)).toEqual([]);
    expect(contentWords(contents).slice(-2)).toEqual(["model: ask()", 'user: ask → {"said":"no"}']);
    expect(contentWords(contents)[0]).toMatch(/^model: sum of/);
    await expect(run.say(answer(["nowhere", "ask", {}]))).rejects.toMatchObject({
      code: "CALL_NOT_FOUND",
    });
  });

  it("looks for what is nowhere near in pages, and keeps nothing of what it did not need", async () => {
    const ask = new LongRunningFunctionTool({
      name: "ask",
      description: "asks somebody",
      execute: () => undefined,
    });
    const root = agent("root", [calls(["ask", {}, "w"]), ...answers(9)], { tools: [ask] });
    await using run = await compacting(root, {
      tokenThreshold: 100,
      eventRetentionSize: 2,
      summarizer: new Sums(),
    });
    const [call] = await run.say("q1");
    await run.say(answer(["w", "ask", { said: "yes" }]));
    const session = await run.session();
    for (let turn = 0; turn < 3_000; turn++) {
      const content = { role: "model", parts: [{ text: `words ${turn}` }] };
      const event = createEvent({ author: "root", invocationId: `e-${turn}`, content });
      await run.sessions.appendEvent({ session, event });
    }
    await run.say("q2");
    const before = await loaded(run);
    expect(before.from).toBeGreaterThan(3_000);
    const seen: number[] = [];
    class Watch extends Plugin {
      override beforeRunCallback({
        invocationContext: { session: inside },
      }: {
        invocationContext: InvocationContext;
      }): Promise<undefined> {
        seen.push(inside.firstSequence, inside.events[0]?.sequence ?? 0);
        return Promise.resolve(undefined);
      }
    }
    const app = new App({
      name: KEY.appName,
      rootAgent: root.clone() as BaseAgent,
      plugins: [new Watch("watch")],
    });
    const other = run.another({ app });
    const key = { userId: KEY.userId, sessionId: KEY.sessionId };
    const newMessage = { role: "user", parts: [{ text: "q3" }] };
    await other.run({ ...key, newMessage, invocationId: "e-new" });
    expect(seen).toEqual([before.from, before.from]);
    const late = answer(["w", "ask", { said: "no" }]);
    const [last] = await other.run({ ...key, newMessage: late });
    expect(last?.invocationId).toBe(call?.invocationId);
    expect(seen.slice(2)).toEqual([1, 1]);
    expect(await loaded(run)).toEqual(before);
  });

  it("finds an invocation from before the window: it has ended, and nothing is done again", async () => {
    const root = agent("root", answers(9));
    await using run = await compacting(
      root,
      { compactionInterval: 1, overlapSize: 0, summarizer: new Sums() },
      { resumable: true },
    );
    const [first] = await run.say("q1");
    for (let turn = 2; turn <= 4; turn++) await run.say(`q${turn}`);
    const { length } = await run.log();
    expect(await run.say("q1", { invocationId: first?.invocationId })).toEqual([]);
    expect(await run.log()).toHaveLength(length);
    expect(told(await run.say("new", { invocationId: "e-new" }))[0]).toBe("root: a5");
  });

  it("answers a call that was kept, at the agent that was picked then", async () => {
    const ask = new LongRunningFunctionTool({
      name: "ask",
      description: "asks somebody",
      execute: () => undefined,
    });
    const clerk = agent("clerk", ["a1", calls(["ask", {}, "w"]), "answered", "back"], {
      tools: [ask],
    });
    const root = agent("root", [transferTo("clerk")], { subAgents: [clerk] });
    await using run = await compacting(
      root,
      { compactionInterval: 1, overlapSize: 0, summarizer: new Sums() },
      { resumable: true },
    );
    await run.say("q1");
    await run.say("q2");
    const session = await run.session();
    const call = session.events.find(({ longRunningToolIds }) => longRunningToolIds?.length);
    // As another writer of the header may have left it: nothing of the paused invocation is in the window.
    const opened = await run.sessions.openSession({ ...KEY, owner: "test", ttlMs: 1_000 });
    await opened.lease.release({
      header: { windowFrom: session.lastSequence + 1, kept: [...opened.kept, call as Event] },
    });
    expect(told(await run.say(answer(["w", "ask", { said: "yes" }])))[0]).toBe("clerk: answered");
  });

  it("builds contents from what is new, but for the first time after a summary", async () => {
    const { ContentsCache } = await import("../../src/flows/contents/cache.ts");
    const root = agent("root", answers(8));
    await using run = await compacting(root, {
      compactionInterval: 3,
      overlapSize: 1,
      summarizer: new Sums(),
    });
    const rebuilt: number[] = [];
    const { delete: original } = ContentsCache.prototype;
    let turn = 0;
    ContentsCache.prototype.delete = function (...args) {
      rebuilt.push(turn);
      original.apply(this, args);
    };
    try {
      for (turn = 1; turn <= 8; turn++) await run.say(`q${turn}`);
    } finally {
      ContentsCache.prototype.delete = original;
    }
    // A single message is not worth keeping: the second turn builds too.
    expect(rebuilt).toEqual([1, 2, 4, 7]);
  });
});

describe("a summarizer", () => {
  it("that fails is logged; the run succeeds and nothing is stored", async () => {
    const root = agent("root", answers(3));
    const summarizer = new Sums(() => Promise.reject(new Error("no")));
    await using run = await compacting(root, { ...WINDOW, summarizer });
    for (const question of ["q1", "q2", "q3"]) await run.say(question);
    expect(told(await run.log())).toHaveLength(6);
    expect(run.logged.filter((line) => line.includes("could not be summed up"))).toHaveLength(2);
    expect(contentWords(root.llm.requests.at(-1)?.contents ?? [])).toHaveLength(5);
  });

  it("may leave things as they are, and must say what stands for the events", async () => {
    class Odd extends BaseEventsSummarizer {
      #count = 0;
      override maybeSummarizeEvents(): Promise<Event | undefined> {
        return Promise.resolve(this.#count++ === 0 ? undefined : createEvent({ author: "user" }));
      }
    }
    const config = { compactionInterval: 1, overlapSize: 0, summarizer: new Odd() };
    await using run = await compacting(agent("root", answers(2)), config);
    await run.say("q1");
    expect(run.logged).toEqual([]);
    await run.say("q2");
    expect(run.logged).toHaveLength(1);
    expect(await run.log()).toHaveLength(4);
  });

  it("that is slow is not waited for for ever by a caller who leaves", async () => {
    const summarizer = new Sums(never);
    await using run = await compacting(agent("root", answers(1)), {
      compactionInterval: 1,
      overlapSize: 0,
      summarizer,
    });
    const stream = run.stream("q1");
    await stream.next();
    const last = stream.next();
    await settle();
    const left = stream.return();
    await run.clock.advance(5_000);
    await left;
    await last;
    expect(summarizer.signals[0]?.aborted).toBe(true);
    expect(await run.isBusy()).toBe(false);
    expect(run.logged).toEqual([]);
    expect(run.clock.pendingTimers).toBe(0);
  });

  it("is given up at once when the caller's signal fires; the run has ended by then", async () => {
    const summarizer = new Sums(never);
    const config = { compactionInterval: 1, overlapSize: 0, summarizer };
    await using run = await compacting(agent("root", answers(1)), config);
    const controller = new AbortController();
    const running = run.say("q1", { abortSignal: controller.signal });
    await settle();
    controller.abort();
    expect(told(await running)).toEqual(["root: a1"]);
    expect(run.logged).toEqual([]);
    expect(run.clock.pendingTimers).toBe(0);
  });

  it("is stopped when the run is, during the run", async () => {
    const summarizer = new Sums(never);
    const root = agent(
      "root",
      [{ ...calls(["look", {}, "c"]), usageMetadata: { promptTokenCount: 100 } }, "done"] as never,
      { tools: [tool("look", () => ({ text: "x" }))] },
    );
    await using run = await compacting(root, {
      tokenThreshold: 50,
      eventRetentionSize: 1,
      summarizer,
    });
    const controller = new AbortController();
    const running = run.say("q1", { abortSignal: controller.signal });
    await settle();
    expect(summarizer.given).toHaveLength(1);
    controller.abort();
    await settle();
    expect(told(await running).at(-1)).toContain("!INVOCATION_ABORTED");
    expect(run.clock.pendingTimers).toBe(0);
  });
});

describe("compaction in the background", () => {
  const background = { compactionInterval: 1, overlapSize: 0, inBackground: true };

  it("never makes a run wait, and stores its summary beside the runs", async () => {
    const gate = latch();
    const summarizer = new Sums(() => gate.promise);
    const root = agent("root", answers(4));
    await using run = await compacting(root, { ...background, summarizer });
    await run.say("q1");
    expect(await run.isBusy()).toBe(false);
    await run.say("q2");
    expect(summarizer.given).toHaveLength(1);
    gate.open();
    await settle();
    expect((await run.log()).at(-1)).toMatchObject({
      sequence: 5,
      compactedSequences: { from: 1, to: 2 },
    });
    // The header follows with the next run.
    expect(await loaded(run)).toEqual({ from: 1, kept: [] });
    await run.say("q3");
    expect(contentWords(root.llm.requests.at(-1)?.contents ?? [])).toEqual([
      "model: sum of q1…a1",
      "user: q2",
      "model: a2",
      "user: q3",
    ]);
    expect((await loaded(run)).from).toBe(3);
  });

  it("during a run too", async () => {
    const gate = latch();
    const summarizer = new Sums(() => gate.promise);
    const root = agent(
      "root",
      [{ ...calls(["look", {}, "c"]), usageMetadata: { promptTokenCount: 100 } }, "done"] as never,
      { tools: [tool("look", () => ({ text: "x" }))] },
    );
    await using run = await compacting(root, {
      tokenThreshold: 50,
      eventRetentionSize: 1,
      summarizer,
      inBackground: true,
    });
    expect(told(await run.say("q1")).at(-1)).toBe("root: done");
    expect(summarizer.given).toHaveLength(1);
    gate.open();
    await settle();
    expect((await run.log()).at(-1)?.compactedSequences).toEqual({ from: 1, to: 1 });
  });

  it("stores one of two summaries of the same events", async () => {
    const gate = latch();
    let count = 0;
    class Numbered extends BaseEventsSummarizer {
      override async maybeSummarizeEvents(): Promise<Event> {
        const text = `summary ${++count}`;
        await gate.promise;
        return summary(text);
      }
    }
    const app = (): App =>
      new App({
        name: KEY.appName,
        rootAgent: agent("root", answers(2)),
        resumabilityConfig: { isResumable: true },
        eventsCompactionConfig: { ...background, summarizer: new Numbered() },
      });
    await using run = await engine({ app: app() });
    const [first] = await run.say("q1");
    // There is nothing left to do in it, but the compaction is made up: nobody has stored one.
    const again = await run.another({ app: app() }).run({
      userId: KEY.userId,
      sessionId: KEY.sessionId,
      invocationId: first?.invocationId,
    });
    gate.open();
    await settle();
    expect([count, again]).toEqual([2, []]);
    const summaries = (await run.log()).filter((event) => event.actions.compaction);
    expect(summaries.map(({ compactedSequences }) => compactedSequences)).toEqual([
      { from: 1, to: 3 },
    ]);
    expect(run.logged).toEqual([]);
  });

  it("is dropped when its events were rewound before it is stored", async () => {
    const gate = latch();
    const summarizer = new Sums(() => gate.promise);
    const root = agent("root", answers(4));
    await using run = await compacting(root, { ...background, compactionInterval: 2, summarizer });
    await run.say("q1");
    const [second] = await run.say("q2");
    await run.runner.rewindAsync({
      userId: KEY.userId,
      sessionId: KEY.sessionId,
      rewindBeforeInvocationId: second?.invocationId ?? "",
    });
    gate.open();
    await settle();
    expect((await run.log()).at(-1)?.actions.rewindBeforeInvocationId).toBeDefined();
    await run.say("q3");
    expect(contentWords(root.llm.requests.at(-1)?.contents ?? [])).toEqual([
      "user: q1",
      "model: a1",
      "user: q3",
    ]);
  });

  it("is waited for a while by close, then given up", async () => {
    const summarizer = new Sums(never);
    await using run = await compacting(agent("root", answers(1)), { ...background, summarizer });
    await run.say("q1");
    const closed = run.runner.close();
    await run.clock.advance(5_000);
    await closed;
    expect(summarizer.signals[0]?.aborted).toBe(true);
    expect(run.clock.pendingTimers).toBe(0);
    expect(await run.log()).toHaveLength(2);
  });

  it("asks nobody any more after close, whoever still runs", async () => {
    let asked = 0;
    class Declines extends BaseEventsSummarizer {
      override async maybeSummarizeEvents(): Promise<undefined> {
        asked++;
      }
    }
    let context: InvocationContext | undefined;
    const root = agent("root", [usage("a1", 100)] as never, {
      beforeAgentCallback: ({ invocationContext }) => void (context = invocationContext),
    });
    await using run = await compacting(root, {
      tokenThreshold: 50,
      eventRetentionSize: 0,
      summarizer: new Declines(),
      inBackground: true,
    });
    await run.say("q1");
    await settle();
    const beforeModelCall = async (): Promise<number> => {
      asked = 0;
      if (context) await context.invocation.compact?.(context);
      await settle();
      return asked;
    };
    expect(await beforeModelCall()).toBe(1);
    await run.runner.close();
    expect(await beforeModelCall()).toBe(0);
  });

  it("does not survive the session", async () => {
    const gate = latch();
    const summarizer = new Sums(() => gate.promise);
    await using run = await compacting(agent("root", answers(1)), { ...background, summarizer });
    await run.say("q1");
    await run.sessions.deleteSession(KEY);
    gate.open();
    await settle();
    expect(run.logged).toEqual([]);
  });
});

describe("after a rewind", () => {
  it("what a summary stood for is read again", async () => {
    const root = agent("root", answers(6));
    await using run = await compacting(root, { ...WINDOW, summarizer: new Sums() });
    await run.say("q1");
    const [second] = await run.say("q2");
    await run.say("q3");
    await run.runner.rewindAsync({
      userId: KEY.userId,
      sessionId: KEY.sessionId,
      rewindBeforeInvocationId: second?.invocationId ?? "",
    });
    await run.say("q4");
    expect(contentWords(root.llm.requests.at(-1)?.contents ?? [])).toEqual([
      "user: q1",
      "model: a1",
      "user: q4",
    ]);
    // That made two invocations again.
    await run.say("q5");
    expect(contentWords(root.llm.requests.at(-1)?.contents ?? [])).toEqual([
      "model: sum of q1…a4",
      "user: q5",
    ]);
  });
});

describe("a long session", () => {
  it("of 50,000 events opens with a small window", { timeout: 60_000 }, async () => {
    const root = agent("root", [usage("a", 1_000_000), usage("b", 10), usage("c", 10)] as never);
    await using run = await compacting(root, {
      tokenThreshold: 1_000,
      eventRetentionSize: 20,
      summarizer: new Sums(),
    });
    const session = await run.session();
    for (let turn = 0; turn < 25_000; turn++)
      for (const author of ["user", "root"])
        await run.sessions.appendEvent({
          session,
          event: createEvent({
            author,
            invocationId: `e-${turn}`,
            content: { role: author === "user" ? "user" : "model", parts: [{ text: `w${turn}` }] },
          }),
        });
    await run.say("q1");
    expect(await loaded(run)).toEqual({ from: 49_982, kept: [49_980] });
    await run.say("q2");
    expect(root.llm.requests[1]?.contents).toHaveLength(21);
  });
});
