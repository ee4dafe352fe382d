import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  AgentTool,
  App,
  BaseEventsSummarizer,
  BaseSessionService,
  createEvent,
  decorateStore,
  type Event,
  FunctionTool,
  type LlmResponse,
  LongRunningFunctionTool,
  LoopAgent,
  type Runner,
  SequentialAgent,
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
  settle,
  told,
  tool,
  transferTo,
  user,
} from "./support.ts";

const RESUMABLE = { resumabilityConfig: { isResumable: true } } as const;

const ask = new LongRunningFunctionTool({
  name: "ask",
  description: "Asks a person.",
  execute: () => undefined,
});

/** Of what says anything. */
function said(events: readonly Event[]): string[] {
  return told(events.filter(({ content }) => content !== undefined));
}

/** Rewinds to before the invocation of the message `text`. */
async function rewindTo(e: Engine, text: string, runner: Runner = e.runner): Promise<Event> {
  const rewindBeforeInvocationId = await invocationOf(e, text);
  await runner.rewindAsync({ userId: "u", sessionId: "s", rewindBeforeInvocationId });
  return (await e.log()).at(-1) as Event;
}

async function invocationOf(e: Engine, text: string): Promise<string> {
  const event = (await e.log()).findLast(({ content }) => content?.parts?.[0]?.text === text);
  if (!event) throw new Error(`Nobody said ${text}.`);
  return event.invocationId;
}

async function loaded(e: Engine, filename: string): Promise<unknown> {
  return await e.artifacts.loadArtifact({ ...KEY, filename });
}

describe("rewindAsync", () => {
  it("appends one event that brings the session's own state back, and the state it was created with", async () => {
    const set = tool("set", (_, { state }) => {
      state.set("given", 2);
      state.set("new", 1);
      state.delete("nothing");
      state.set("user:u", 2);
      state.set("app:a", 2);
      state.set("temp:t", 2);
      return {};
    });
    const root = agent("root", ["a1", calls(["set"]), "a2", "a3"], { tools: [set] });
    const state = { given: 1, nothing: null, kept: [1], "user:u": 1 };
    await using e = await engine({ agent: root, state });
    await e.say("q1");
    await e.say("q2");
    const before = await e.log();
    const event = await rewindTo(e, "q2");
    expect(event).toMatchObject({
      author: "user",
      sequence: before.length + 1,
      rewoundFrom: 3,
      stateRemoved: ["new"],
      actions: {
        rewindBeforeInvocationId: before.at(-1)?.invocationId,
        stateDelta: { given: 1, nothing: null },
        artifactDelta: {},
      },
    });
    expect(event.invocationId).toMatch(/^e-/);
    expect(event.content).toBeUndefined();
    const after = await e.session();
    expect(after.state).toEqual({ given: 1, nothing: null, kept: [1], "user:u": 2, "app:a": 2 });
    expect(after.events.slice(0, -1)).toEqual(before);
    expect(await e.isBusy()).toBe(false);
    await e.say("q3");
    expect(contentWords(root.llm.requests.at(-1)?.contents ?? [])).toEqual([
      "user: q1",
      "model: a1",
      "user: q3",
    ]);
  });

  it("can be rewound further, also to the time before the first message", async () => {
    const root = agent("root", ["a1", "a2", "a3", "a4"]);
    await using e = await engine({ agent: root, state: { n: 0 } });
    await e.say("q1", { stateDelta: { n: 1 } });
    await e.say("q2", { stateDelta: { n: 2 } });
    await e.say("q3", { stateDelta: { n: 3, m: 3 } });
    await rewindTo(e, "q2");
    expect((await e.session()).state).toEqual({ n: 1 });
    await rewindTo(e, "q1");
    expect((await e.session()).state).toEqual({ n: 0 });
    await e.say("q4");
    expect(contentWords(root.llm.requests.at(-1)?.contents ?? [])).toEqual(["user: q4"]);
    expect(await e.log()).toHaveLength(10);
  });

  it("restores artifacts as new versions, with the versions that the service gave", async () => {
    const save = new FunctionTool({
      name: "save",
      description: "Saves a file.",
      parameters: z.object({ name: z.string(), text: z.string() }),
      execute: async ({ name, text }, context) => {
        await context?.saveArtifact(name, { text }, { by: text });
        return {};
      },
    });
    const saves = (...files: [name: string, text: string][]): LlmResponse =>
      calls(
        ...files.map(([name, text]): [string, Record<string, unknown>] => ["save", { name, text }]),
      );
    const root = agent(
      "root",
      [
        saves(["old", "old 0"], ["same", "same 0"]),
        "a1",
        saves(["old", "old 1"], ["new", "new 0"], ["user:u", "user 0"]),
        "a2",
      ],
      { tools: [save] },
    );
    await using e = await engine({ agent: root });
    await e.say("q1");
    await e.say("q2");
    // Versions that no event names: the next one is no matter of counting.
    await e.artifacts.saveArtifact({ ...KEY, filename: "old", artifact: { text: "from outside" } });
    const event = await rewindTo(e, "q2");
    expect(event.actions.artifactDelta).toEqual({ old: 3, new: 1 });
    expect(await loaded(e, "old")).toEqual({ text: "old 0" });
    expect(await loaded(e, "new")).toBeUndefined();
    expect(await loaded(e, "same")).toEqual({ text: "same 0" });
    expect(await loaded(e, "user:u")).toEqual({ text: "user 0" });
    const restored = await e.artifacts.getArtifactVersion({ ...KEY, filename: "old" });
    expect(restored).toMatchObject({ version: 3, customMetadata: { by: "old 0" } });
    const removed = await e.artifacts.getArtifactVersion({ ...KEY, filename: "new" });
    expect(removed).toMatchObject({ size: 0, mimeType: "application/octet-stream" });
    expect(await e.artifacts.listVersions({ ...KEY, filename: "same" })).toEqual([0]);
    // And back again, over what was restored.
    await rewindTo(e, "q1");
    expect(await loaded(e, "old")).toBeUndefined();
  });

  it("says that it cannot restore artifacts without the service that keeps them, and writes nothing", async () => {
    const save = tool("save", async (_, context) => {
      await context.saveArtifact("f", { text: "x" });
      return {};
    });
    const root = agent("root", [calls(["save"]), "a1"], { tools: [save] });
    await using e = await engine({ agent: root });
    await e.say("q1");
    const length = (await e.log()).length;
    await expect(
      rewindTo(e, "q1", e.another({ artifactService: undefined })),
    ).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    expect(await e.log()).toHaveLength(length);
    expect(await e.isBusy()).toBe(false);
  });

  it("refuses an invocation that is unknown or was rewound, and says which", async () => {
    await using e = await engine({ agent: agent("root", ["a1", "a2"]) });
    await e.say("q1");
    const id = await invocationOf(e, "q1");
    const request = { userId: "u", sessionId: "s", rewindBeforeInvocationId: "e-unknown" };
    await expect(e.runner.rewindAsync(request)).rejects.toMatchObject({
      code: "INVOCATION_NOT_FOUND",
      message: expect.stringContaining("no invocation e-unknown"),
    });
    const rewinding = await rewindTo(e, "q1");
    for (const rewindBeforeInvocationId of [id, rewinding.invocationId])
      await expect(
        e.runner.rewindAsync({ ...request, rewindBeforeInvocationId }),
      ).rejects.toMatchObject({
        code: "INVOCATION_NOT_FOUND",
        message: expect.stringContaining("was rewound already"),
      });
    expect(await e.log()).toHaveLength(3);
    expect(await e.isBusy()).toBe(false);
  });

  it("does not come between: it is refused while a run is under way", async () => {
    const answered = latch<string>();
    const root = agent("root", ["a1", () => answered.promise]);
    await using e = await engine({ agent: root });
    await e.say("q1");
    const running = e.say("q2");
    await settle();
    await expect(rewindTo(e, "q1")).rejects.toMatchObject({ code: "SESSION_BUSY" });
    answered.open("a2");
    await running;
    await rewindTo(e, "q1");
  });

  it("restores what somebody changes from the side in the meantime", async () => {
    await using e = await engine({ agent: agent("root", ["a1", "a2"]), state: { n: 0 } });
    await e.say("q1");
    let isLate = true;
    const slow = new BaseSessionService(
      decorateStore(e.store, {
        append: async (command) => {
          if (isLate) {
            isLate = false;
            const session = await e.session();
            const actions = { stateDelta: { n: 5, late: 1 } };
            await e.sessions.appendEvent({
              session,
              event: createEvent({ author: "user", invocationId: "side", actions }),
            });
          }
          return await e.store.append(command);
        },
      }),
      { clock: e.clock },
    );
    await rewindTo(e, "q1", e.another({ sessionService: slow }));
    expect((await e.session()).state).toEqual({ n: 0 });
    expect(await e.log()).toHaveLength(4);
  });

  it("is not done twice when the reply is lost", async () => {
    await using e = await engine({ agent: agent("root", ["a1"]), state: { n: 0 } });
    await e.say("q1", { stateDelta: { n: 1 } });
    e.faults.loseReply("append");
    const rewinding = rewindTo(e, "q1");
    await e.clock.advance(10_000);
    await rewinding;
    expect(await e.log()).toHaveLength(3);
    expect((await e.session()).state).toEqual({ n: 0 });
  });

  it("needs a runner that is open and a signal that has not fired; close waits for it", async () => {
    await using e = await engine({ agent: agent("root", ["a1", "a2"]) });
    await e.say("q1");
    const rewindBeforeInvocationId = await invocationOf(e, "q1");
    const request = { userId: "u", sessionId: "s", rewindBeforeInvocationId };
    const signal = AbortSignal.abort();
    await expect(e.runner.rewindAsync({ ...request, signal })).rejects.toMatchObject({
      code: "ABORTED",
    });
    const rewinding = e.runner.rewindAsync(request);
    await e.runner.close();
    expect((await e.log()).at(-1)?.actions.rewindBeforeInvocationId).toBe(rewindBeforeInvocationId);
    await rewinding;
    await expect(e.runner.rewindAsync(request)).rejects.toMatchObject({ code: "CLOSED" });
  });
});

describe("what follows from a rewind", () => {
  it("calls that were taken back wait no more and cannot be answered", async () => {
    const root = agent("root", ["a1", calls(["ask", {}, "c1"]), "a3"], { tools: [ask] });
    await using e = await engine({ agent: root, ...RESUMABLE });
    await e.say("q1");
    await e.say("q2");
    expect(Object.keys((await e.session()).pendingCalls)).toEqual(["c1"]);
    await rewindTo(e, "q2");
    expect((await e.session()).pendingCalls).toEqual({});
    expect((await e.runner.listPending({ userId: "u" })).requests).toEqual([]);
    const length = (await e.log()).length;
    await expect(e.say(answer(["c1", "ask", { ok: true }]))).rejects.toMatchObject({
      code: "CALL_REWOUND",
      details: { callIds: ["c1"] },
    });
    await expect(e.say(answer(["c2", "ask", { ok: true }]))).rejects.toMatchObject({
      code: "CALL_NOT_FOUND",
    });
    expect(await e.log()).toHaveLength(length);
    expect(said(await e.say("q3"))).toEqual(["root: a3"]);
  });

  it("a call whose answer was taken back waits again, and its second answer runs on", async () => {
    const root = agent("root", [calls(["ask", {}, "c1"]), "other", "first", "second"], {
      tools: [ask],
    });
    await using e = await engine({ agent: root, ...RESUMABLE });
    await e.say("q1");
    await e.say("q2");
    const { invocationId } = (await e.log())[0] as Event;
    const given = answer(["c1", "ask", { ok: 1 }]);
    expect(said(await e.say(given, { invocationId }))).toEqual(["root: first"]);
    await rewindTo(e, "q2");
    const { requests } = await e.runner.listPending({ userId: "u", sessionId: "s" });
    expect(requests).toMatchObject([{ callId: "c1", agent: "root", since: 1 }]);
    // The same answer under the same id would be a retry, if the first one still counted.
    expect(said(await e.another().run({ ...E, newMessage: given, invocationId }))).toEqual([
      "root: second",
    ]);
    const { contents = [] } = root.llm.requests.at(-1) ?? {};
    expect(contentWords(contents)).toEqual(["user: q1", "model: ask()", 'user: ask → {"ok":1}']);
  });

  it("an invocation that was taken back is unknown: its id opens a new one", async () => {
    const root = agent("root", ["a1", "a2"]);
    await using e = await engine({ agent: root, ...RESUMABLE });
    await e.say("q1", { invocationId: "mine" });
    await rewindTo(e, "q1");
    await expect(e.runner.run({ ...E, invocationId: "mine" })).rejects.toMatchObject({
      code: "INVOCATION_NOT_FOUND",
    });
    expect(said(await e.say("q1", { invocationId: "mine" }))).toEqual(["root: a2"]);
    expect(contentWords(root.llm.requests.at(-1)?.contents ?? [])).toEqual(["user: q1"]);
    // It has ended, as the events that count say.
    expect(await e.runner.run({ ...E, invocationId: "mine" })).toEqual([]);
    await e.runner.rewindAsync({ ...E, rewindBeforeInvocationId: "mine" });
    expect((await e.log()).at(-1)?.actions.rewindBeforeInvocationId).toBe("mine");
  });

  it("the agent that had been handed over to has the word no more", async () => {
    const helper = agent("helper", ["h1", "h2"]);
    const root = agent("root", ["a1", transferTo("helper"), "a3"], { subAgents: [helper] });
    await using e = await engine({ agent: root });
    await e.say("q1");
    await e.say("q2");
    expect(said(await e.say("q3"))).toEqual(["helper: h2"]);
    await rewindTo(e, "q2");
    expect(said(await e.say("q4"))).toEqual(["root: a3"]);
  });

  it("composed agents stand where they stood", async () => {
    const one = agent("one", ["one 1", "one 2", "one 2"]);
    const two = agent("two", ["two 1", calls(["ask", {}, "c1"]), "two 2", "two 2 again"], {
      tools: [ask],
    });
    const loop = new LoopAgent({ name: "loop", subAgents: [one, two], maxIterations: 2 });
    const other = agent("last", ["last 1", "last 2", "last 3"]);
    const root = new SequentialAgent({ name: "root", subAgents: [loop, other] });
    await using e = await engine({ agent: root, ...RESUMABLE });
    expect(said(await e.say("q1"))).toEqual([
      "one: one 1",
      "two: two 1",
      "one: one 2",
      "two: ask()",
    ]);
    const { invocationId } = (await e.log())[0] as Event;
    await e.sessions.appendEvent({
      session: await e.session(),
      event: createEvent({ author: "user", invocationId: "note", content: user("note") }),
    });
    const given = answer(["c1", "ask", { ok: 1 }]);
    expect(said(await e.say(given))).toEqual(["two: two 2", "last: last 1"]);
    expect(await e.runner.run({ ...E, invocationId })).toEqual([]);
    await rewindTo(e, "note");
    expect(await e.runner.run({ ...E, invocationId })).toEqual([]);
    expect(said(await e.say(given))).toEqual(["two: two 2 again", "last: last 2"]);
    expect(await e.runner.run({ ...E, invocationId })).toEqual([]);
  });

  it("an approval that was taken back can be refused", async () => {
    let paid = 0;
    const pay = new FunctionTool({
      name: "pay",
      description: "Pays.",
      requireConfirmation: true,
      execute: () => ({ paid: ++paid }),
    });
    const root = agent("root", [calls(["pay", {}, "c1"]), "note", "paid", "not paid"], {
      tools: [pay],
    });
    await using e = await engine({ agent: root, ...RESUMABLE });
    await e.say("q1");
    const [callId] = Object.keys((await e.session()).pendingCalls) as [string];
    await e.say("q2");
    await e.say(answer([callId, "adk_request_confirmation", { confirmed: true }]));
    expect(paid).toBe(1);
    await rewindTo(e, "q2");
    expect(Object.keys((await e.session()).pendingCalls)).toEqual([callId]);
    const refused = await e.say(answer([callId, "adk_request_confirmation", { confirmed: false }]));
    expect(said(refused).at(-1)).toBe("root: not paid");
    expect(paid).toBe(1);
  });

  it("an agent tool goes on from the records that count", async () => {
    const inner = agent("inner", [calls(["ask", {}, "c2"]), "inner 1", "inner 2"], {
      tools: [ask],
    });
    const root = agent(
      "root",
      [calls(["inner", { request: "go" }, "c1"]), "a2", "first", "second"],
      {
        tools: [new AgentTool({ agent: inner })],
      },
    );
    await using e = await engine({ agent: root, ...RESUMABLE });
    await e.say("q1");
    await e.say("q2");
    const given = answer(["c2", "ask", { ok: 1 }]);
    expect(said(await e.say(given)).at(-1)).toBe("root: first");
    await rewindTo(e, "q2");
    expect((await e.session()).pendingCalls).toMatchObject({ c2: { via: "c1" } });
    expect(said(await e.say(given))).toEqual([
      'root: inner → {"result":"inner 2"}',
      "root: second",
    ]);
    expect(contentWords(inner.llm.requests.at(-1)?.contents ?? [])).toEqual([
      "user: go",
      "model: ask()",
      'user: ask → {"ok":1}',
    ]);
  });

  it("an abort that was taken back has aborted nothing", async () => {
    const root = agent("root", [calls(["ask", {}, "c1"]), "a2", () => stop.signalled(), "done"], {
      tools: [ask],
    });
    const stop = aborting();
    await using e = await engine({ agent: root, ...RESUMABLE });
    await e.say("q1");
    await e.say("q2");
    const { invocationId } = (await e.log())[0] as Event;
    const given = answer(["c1", "ask", { ok: 1 }]);
    const aborted = e.say(given, { abortSignal: stop.signal });
    await settle();
    stop.abort();
    expect((await aborted).at(-1)?.errorCode).toBe("INVOCATION_ABORTED");
    expect(await e.runner.run({ ...E, invocationId })).toEqual([]);
    await rewindTo(e, "q2");
    expect(said(await e.say(given))).toEqual(["root: done"]);
    expect((await e.session()).pendingCalls).toEqual({});
  });

  it("an invocation that was left before an abort that was taken back goes on", async () => {
    const root = agent("root", [calls(["work"]), "a2", "done"], {
      tools: [tool("work", () => ({}))],
    });
    await using e = await engine({ agent: root, ...RESUMABLE });
    for await (const _ of e.stream("q1")) break;
    await e.say("q2");
    const { invocationId } = (await e.log())[0] as Event;
    const abortSignal = AbortSignal.abort();
    await e.runner.run({ ...E, invocationId, abortSignal });
    expect((await e.log()).at(-1)?.errorCode).toBe("INVOCATION_ABORTED");
    expect(await e.runner.run({ ...E, invocationId })).toEqual([]);
    await rewindTo(e, "q2");
    expect(said(await e.runner.run({ ...E, invocationId }))).toEqual([
      "root: work → ",
      "root: done",
    ]);
  });

  it("a crashed invocation that was taken back is not open any more; one that began before stays open", async () => {
    const never = latch();
    const root = agent("root", ["a1", async () => (await never.promise, "late")]);
    await using e = await engine({ agent: root, ...RESUMABLE });
    await e.say("q1");
    const crashed = e.say("q2").catch((error: unknown) => error);
    await settle();
    const lister = async (): Promise<string[]> =>
      (await e.sessions.listInterrupted({ appName: "app" })).sessions.map(
        (one) => one.invocationId,
      );
    const opened = await invocationOf(e, "q2");
    // The crash: nobody renews the lease.
    await e.sessions.appendEvent({
      session: await e.session(),
      event: createEvent({ author: "user", invocationId: "note", content: user("note") }),
    });
    e.faults.refuse("lease", 1_000);
    await e.clock.advance(60_000);
    e.faults.heal();
    expect(await crashed).toMatchObject({ code: "SESSION_FENCED" });
    expect(await lister()).toEqual([opened]);
    await rewindTo(e, "note");
    expect(await lister()).toEqual([opened]);
    await rewindTo(e, "q2");
    expect(await lister()).toEqual([]);
    never.open();
  });

  it("a crashed invocation whose rewind has crashed too is not open any more once somebody looks for it", async () => {
    const never = latch();
    const root = agent("root", ["a1", async () => (await never.promise, "late")]);
    await using e = await engine({ agent: root, ...RESUMABLE });
    await e.say("q1");
    const crashed = e.say("q2").catch((error: unknown) => error);
    await settle();
    const invocationId = await invocationOf(e, "q2");
    const lister = async (): Promise<string[]> =>
      (await e.sessions.listInterrupted({ appName: "app" })).sessions.map(
        (one) => one.invocationId,
      );
    e.faults.refuse("lease", 1_000);
    await e.clock.advance(60_000);
    expect(await crashed).toMatchObject({ code: "SESSION_FENCED" });
    // The rewind ends behind its event: the lease is not given back.
    const rewound = rewindTo(e, "q2");
    await settle();
    await e.clock.advance(60_000);
    await rewound;
    e.faults.heal();
    expect(await lister()).toEqual([invocationId]);
    await expect(e.runner.run({ ...E, invocationId })).rejects.toMatchObject({
      code: "INVOCATION_NOT_FOUND",
    });
    expect(await lister()).toEqual([]);
    never.open();
  });

  it("shows nothing of it, however the history is narrowed", async () => {
    const root = agent("root", ["a1", "a2", "a3", "a4"]);
    await using e = await engine({ agent: root });
    for (const text of ["q1", "q2", "q3"]) await e.say(text);
    await rewindTo(e, "q2");
    await e.say("q4", { runConfig: { getSessionConfig: { numRecentEvents: 3 } } });
    expect(contentWords(root.llm.requests.at(-1)?.contents ?? [])).toEqual([
      "user: q1",
      "model: a1",
      "user: q4",
    ]);
  });

  it("an agent that reads its turn only finds the call of its late answer", async () => {
    const root = agent("root", [calls(["ask", {}, "c1"]), "a2", "done"], {
      tools: [ask],
      includeContents: "none",
    });
    await using e = await engine({ agent: root, ...RESUMABLE });
    await e.say("q1");
    await e.say("q2");
    await rewindTo(e, "q2");
    await e.say(answer(["c1", "ask", { ok: 1 }]));
    const { contents = [] } = root.llm.requests.at(-1) ?? {};
    expect(contentWords(contents)).toEqual(["user: q1", "model: ask()", 'user: ask → {"ok":1}']);
    expect(historyProblems(contents)).toEqual([]);
  });

  it("takes summaries back too: what they stood for is read again", async () => {
    const turns = ["a1", "a2", "a3", "a4", "a5", "a6"];
    const root = agent("root", turns);
    const summarizer = new CountingSummarizer();
    const app = new App({
      name: "app",
      rootAgent: root,
      eventsCompactionConfig: {
        compactionInterval: 2,
        overlapSize: 0,
        summarizer,
      },
    });
    await using e = await engine({ app });
    for (const text of ["q1", "q2", "q3", "q4"]) await e.say(text);
    expect(summarizer.count).toBe(2);
    await rewindTo(e, "q4");
    await e.say("q5");
    expect(contentWords(root.llm.requests.at(-1)?.contents ?? [])).toEqual([
      "model: summary 1",
      "user: q3",
      "model: a3",
      "user: q5",
    ]);
    await rewindTo(e, "q2");
    await e.say("q6");
    expect(contentWords(root.llm.requests.at(-1)?.contents ?? [])).toEqual([
      "user: q1",
      "model: a1",
      "user: q6",
    ]);
  });
});

const E = { userId: "u", sessionId: "s" } as const;

/** A model call that ends when it is aborted. */
function aborting(): { signal: AbortSignal; abort(): void; signalled(): Promise<string> } {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    abort: () => controller.abort(),
    signalled: () => new Promise(() => undefined),
  };
}

class CountingSummarizer extends BaseEventsSummarizer {
  count = 0;

  override async maybeSummarizeEvents(): Promise<Event> {
    const compactedContent = { role: "model", parts: [{ text: `summary ${++this.count}` }] };
    return createEvent({
      actions: { compaction: { startTimestamp: 0, endTimestamp: 0, compactedContent } },
    });
  }
}
