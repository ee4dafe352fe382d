import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  AdkError,
  AgentTool,
  type AnswerRequest,
  BasePlugin,
  BaseSessionService,
  type Content,
  decorateStore,
  type Event,
  FunctionTool,
  LongRunningFunctionTool,
  type PendingRequest,
  type Runner,
} from "../../src/index.ts";
import {
  agent,
  answer,
  calls,
  collect,
  contentWords,
  type Engine,
  engine,
  historyProblems,
  KEY,
  latch,
  settle,
  told,
  tool,
  user,
} from "./support.ts";

const RESUMABLE = { resumabilityConfig: { isResumable: true } } as const;
const MINUTE = 60_000;

const ask = new LongRunningFunctionTool({
  name: "ask",
  description: "Asks a person.",
  execute: () => undefined,
});
const decide = new LongRunningFunctionTool({
  name: "decide",
  description: "Asks a person to decide.",
  parameters: z.object({ amount: z.number() }),
  responseSchema: z.object({ decision: z.enum(["yes", "no"]), limit: z.number().optional() }),
  expiresInMs: MINUTE,
  execute: () => undefined,
});

function reply(
  callId: string,
  response: unknown,
  more: Partial<AnswerRequest> = {},
): AnswerRequest {
  return { userId: "u", sessionId: "s", callId, response, ...more };
}

async function inbox(runner: Runner): Promise<PendingRequest[]> {
  return (await runner.listPending({ userId: "u", sessionId: "s" })).requests;
}

/** Of what says anything: not the marks by which a resumable app goes on. */
function said(events: readonly Event[]): string[] {
  return told(events.filter(({ content }) => content !== undefined));
}

/** Somebody else stores the answer, without a run. */
async function answerAside({ sessions, session }: Engine): Promise<void> {
  const found = await session();
  const first = found.events[0] as Event;
  const content = answer(["c1", "ask", { a: 1 }]);
  await sessions.appendEvent({ session: found, event: { ...first, id: "aside", content } });
}

async function codeOf(stream: AsyncIterable<Event>): Promise<string> {
  try {
    await collect(stream);
    return "none";
  } catch (error) {
    return AdkError.isInstance(error) ? error.code : String(error);
  }
}

describe("listPending", () => {
  it("says what waits, since when, asked by whom, for what and until when", async () => {
    const root = agent("root", ["hello", calls(["decide", { amount: 7 }, "c1"])], {
      tools: [decide],
    });
    await using e = await engine({ agent: root, ...RESUMABLE });
    await e.say("hi");
    const [asked] = await e.say("refund me");
    const responseSchema = {
      type: "object",
      properties: {
        decision: { type: "string", enum: ["yes", "no"] },
        limit: { type: "number" },
      },
      required: ["decision"],
    };
    expect(await inbox(e.runner)).toEqual([
      {
        sessionId: "s",
        callId: "c1",
        name: "decide",
        kind: "call",
        agent: "root",
        since: 4,
        expiresAt: e.clock.now() + MINUTE,
        responseSchema,
        invocationId: asked?.invocationId,
        askedAt: e.clock.now(),
        args: { amount: 7 },
      },
    ]);
    expect((await e.runner.listPending({ userId: "u" })).requests).toEqual([
      {
        sessionId: "s",
        callId: "c1",
        name: "decide",
        kind: "call",
        agent: "root",
        since: 4,
        expiresAt: e.clock.now() + MINUTE,
        responseSchema,
      },
    ]);
    expect(asked?.pending).toEqual({ c1: { expiresAt: e.clock.now() + MINUTE, responseSchema } });
  });

  it("shows a confirmation with its hint, its payload and the call that it is about", async () => {
    const pay = new FunctionTool({
      name: "pay",
      description: "Pays.",
      execute: (_args, context) => {
        if (!context.toolConfirmation)
          context.requestConfirmation({ hint: "Pay?", payload: { limit: 5 } });
        context.actions.skipSummarization = !context.toolConfirmation;
        return { state: context.toolConfirmation?.confirmed ? "paid" : "asked" };
      },
    });
    const root = agent("root", [calls(["pay", { amount: 3 }, "c1"]), "done"], { tools: [pay] });
    await using e = await engine({ agent: root, ...RESUMABLE });
    await e.say("pay");
    const [request, ...others] = await inbox(e.runner);
    expect(others).toEqual([]);
    expect(request).toMatchObject({
      name: "adk_request_confirmation",
      kind: "confirmation",
      agent: "root",
      hint: "Pay?",
      payload: { limit: 5 },
      originalCall: { id: "c1", name: "pay", args: { amount: 3 } },
      responseSchema: { required: ["confirmed"] },
    });
    const [listed] = (await e.runner.listPending({ userId: "u" })).requests;
    expect(listed).toMatchObject({ callId: request?.callId, kind: "confirmation" });
    expect(listed).not.toHaveProperty("hint");
    const callId = request?.callId ?? "";
    expect(await codeOf(e.runner.answer(reply(callId, { confirmed: "yes" })))).toBe(
      "INVALID_ARGUMENT",
    );
    expect(said(await collect(e.runner.answer(reply(callId, { confirmed: true }))))).toEqual([
      'root: pay → {"state":"paid"}',
      "root: done",
    ]);
    expect(await inbox(e.runner)).toEqual([]);
  });

  it("pages through the sessions of a user, from their headers alone", async () => {
    const root = agent(
      "root",
      Array.from({ length: 3 }, (_, n) => calls(["ask", {}, `c${n}`])),
      {
        tools: [ask],
      },
    );
    await using e = await engine({ agent: root, ...RESUMABLE });
    for (const sessionId of ["a", "b", "c"]) {
      await e.sessions.createSession({ appName: "app", userId: "u", sessionId });
      await e.say("hi", { sessionId });
      await e.clock.advance(1);
    }
    await e.sessions.createSession({ appName: "app", userId: "other", sessionId: "o" });
    const found: string[] = [];
    let pageToken: string | undefined;
    let pages = 0;
    do {
      const page = await e.runner.listPending({ userId: "u", pageSize: 1, pageToken });
      found.push(...page.requests.map(({ sessionId, callId }) => `${sessionId} ${callId}`));
      pageToken = page.nextPageToken;
      pages++;
    } while (pageToken !== undefined);
    expect(found).toEqual(["c c2", "b c1", "a c0"]);
    expect(pages).toBeGreaterThanOrEqual(3);
    expect((await e.runner.listPending({ userId: "other" })).requests).toEqual([]);
    const reads = e.store.read;
    Object.defineProperty(e.store, "read", {
      value: () => Promise.reject(new Error("no events are read")),
    });
    expect((await e.runner.listPending({ userId: "u" })).requests).toHaveLength(3);
    Object.defineProperty(e.store, "read", { value: reads });
  });

  it("leaves out what was answered and what has expired", async () => {
    const root = agent("root", [calls(["ask", {}, "c1"], ["decide", { amount: 1 }, "c2"])], {
      tools: [ask, decide],
    });
    await using e = await engine({ agent: root, ...RESUMABLE });
    await e.say("hi");
    expect((await inbox(e.runner)).map(({ callId }) => callId)).toEqual(["c1", "c2"]);
    await e.clock.advance(MINUTE);
    expect((await inbox(e.runner)).map(({ callId }) => callId)).toEqual(["c1"]);
    const { requests } = await e.runner.listPending({ userId: "u" });
    expect(requests.map(({ callId }) => callId)).toEqual(["c1"]);
  });

  it("refuses a session that is not there", async () => {
    await using e = await engine({ agent: agent("root", []) });
    await expect(e.runner.listPending({ userId: "u", sessionId: "x" })).rejects.toMatchObject({
      code: "SESSION_NOT_FOUND",
    });
  });
});

describe("answer", () => {
  it.each([
    ["resumable", RESUMABLE],
    ["not resumable", {}],
  ])("goes on with the agent that asked, in an app that is %s", async (_name, options) => {
    const root = agent("root", [calls(["decide", { amount: 7 }, "c1"]), "thank you"], {
      tools: [decide],
    });
    await using e = await engine({ agent: root, ...options });
    const [asked] = await e.say("hi");
    const events = await collect(
      e.runner.answer(reply("c1", { decision: "yes" }, { yieldUserMessage: true })),
    );
    expect(said(events)).toEqual(['user: decide → {"decision":"yes"}', "root: thank you"]);
    expect(new Set(events.map(({ invocationId }) => invocationId))).toEqual(
      new Set([asked?.invocationId]),
    );
    expect(await inbox(e.runner)).toEqual([]);
    expect(await e.isBusy()).toBe(false);
  });

  it("is checked against the schema, with the path; nothing is stored", async () => {
    const root = agent("root", [calls(["decide", { amount: 7 }, "c1"]), "thank you"], {
      tools: [decide],
    });
    await using e = await engine({ agent: root, ...RESUMABLE });
    await e.say("hi");
    const before = await e.log();
    const refused = collect(e.runner.answer(reply("c1", { decision: "yes", limit: "all" })));
    await expect(refused).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("limit: must be a number, got a string"),
      details: { callId: "c1", paths: ["limit"] },
    });
    expect(await codeOf(e.runner.answer(reply("c1", "yes")))).toBe("INVALID_ARGUMENT");
    expect(await e.log()).toEqual(before);
    expect(await e.isBusy()).toBe(false);
    expect(await codeOf(e.runner.answer(reply("c1", { decision: "no" })))).toBe("none");
  });

  it("is refused when a plugin makes something else of it; nothing is stored, and the call waits on", async () => {
    let replacement: Content | undefined;
    class Replaces extends BasePlugin {
      override async onUserMessageCallback(): Promise<Content | undefined> {
        return replacement;
      }
    }
    const root = agent("root", [calls(["ask", {}, "c1"], ["ask", {}, "c2"]), "thank you"], {
      tools: [ask],
    });
    await using e = await engine({ agent: root, plugins: [new Replaces("it")], ...RESUMABLE });
    await e.say("hi");
    const before = await e.log();
    for (const other of [user("I have answered."), answer(["c2", "ask", {}])]) {
      replacement = other;
      await expect(collect(e.runner.answer(reply("c1", {})))).rejects.toMatchObject({
        code: "PLUGIN_FAILED",
        message: expect.stringContaining("onUserMessageCallback"),
      });
      expect(await e.log()).toEqual(before);
      expect((await inbox(e.runner)).map(({ callId }) => callId)).toEqual(["c1", "c2"]);
      expect(await e.isBusy()).toBe(false);
    }
    replacement = answer(["c1", "ask", { checked: true }]);
    await collect(e.runner.answer(reply("c1", {})));
    expect((await inbox(e.runner)).map(({ callId }) => callId)).toEqual(["c2"]);
    expect((await e.log()).at(before.length)?.content).toEqual(replacement);
  });

  it("wraps what is no object", async () => {
    const rate = new LongRunningFunctionTool({
      name: "rate",
      description: "Asks for a rating.",
      responseSchema: z.number(),
      execute: () => undefined,
    });
    const root = agent("root", [calls(["rate", {}, "c1"]), "thank you"], { tools: [rate] });
    await using e = await engine({ agent: root, ...RESUMABLE });
    await e.say("hi");
    await collect(e.runner.answer(reply("c1", 5)));
    expect(said(await e.log())).toContain('user: rate → {"result":5}');
  });

  it("tells apart what was answered, rewound, expired and never asked", async () => {
    const ping = tool("ping", () => "pong");
    const root = agent(
      "root",
      [
        calls(["ask", {}, "c1"], ["ping", {}, "c2"], ["decide", { amount: 1 }, "c3"]),
        "ok",
        calls(["ask", {}, "c4"]),
        "the end",
      ],
      { tools: [ask, ping, decide] },
    );
    await using e = await engine({ agent: root });
    await e.say("hi");
    const [asked] = await e.say("more");
    await e.sessions.appendEvent({
      session: await e.session(),
      event: {
        id: "rewind",
        invocationId: "e-rewind",
        author: "user",
        timestamp: 0,
        actions: {
          stateDelta: {},
          artifactDelta: {},
          requestedAuthConfigs: {},
          requestedToolConfirmations: {},
          rewindBeforeInvocationId: asked?.invocationId ?? "",
        },
      },
    });
    await e.clock.advance(MINUTE);
    const length = (await e.log()).length;
    const codes = async (...ids: string[]): Promise<string[]> =>
      await Promise.all(ids.map((id) => codeOf(e.runner.answer(reply(id, { decision: "yes" })))));
    expect(await codes("c2")).toEqual(["CALL_NOT_FOUND"]);
    expect(await codes("c3")).toEqual(["CALL_EXPIRED"]);
    expect(await codes("c4")).toEqual(["CALL_REWOUND"]);
    expect(await codes("c5")).toEqual(["CALL_NOT_FOUND"]);
    expect(await e.log()).toHaveLength(length);
    expect(await codes("c1")).toEqual(["none"]);
    expect(await codes("c1")).toEqual(["CALL_ALREADY_ANSWERED"]);
  });

  it("may follow a report of the tool, which is no answer", async () => {
    const ticket = new LongRunningFunctionTool({
      name: "ticket",
      description: "Opens a ticket.",
      execute: () => ({ ticket: 7 }),
    });
    const root = agent("root", [calls(["ticket", {}, "c1"]), "wait", "done"], { tools: [ticket] });
    await using e = await engine({ agent: root, ...RESUMABLE });
    await e.say("hi");
    expect(await inbox(e.runner)).toHaveLength(1);
    expect(await codeOf(e.runner.answer(reply("c1", { ok: true })))).toBe("none");
    expect(await codeOf(e.runner.answer(reply("c1", { ok: true })))).toBe("CALL_ALREADY_ANSWERED");
    // A late correction is still taken the other way.
    expect(said(await e.log()).at(-1)).toBe("root: done");
  });

  it("reaches a call inside agents that are used as tools", async () => {
    const inner = agent("inner", [calls(["decide", { amount: 1 }, "deep"]), "inner is done"], {
      tools: [decide],
    });
    const middle = agent("middle", [calls(["inner", { request: "x" }, "m1"]), "middle is done"], {
      tools: [new AgentTool({ agent: inner })],
    });
    const root = agent("root", [calls(["middle", { request: "x" }, "o1"]), "all done"], {
      tools: [new AgentTool({ agent: middle })],
    });
    await using e = await engine({ agent: root, ...RESUMABLE });
    const events = await e.say("hi");
    expect(await inbox(e.runner)).toMatchObject([
      {
        callId: "deep",
        name: "decide",
        agent: "inner",
        via: "o1",
        since: 1,
        args: { amount: 1 },
        invocationId: events[0]?.invocationId,
        expiresAt: e.clock.now() + MINUTE,
      },
    ]);
    const { requests } = await e.runner.listPending({ userId: "u" });
    expect(requests).toMatchObject([{ callId: "deep", agent: "inner", via: "o1" }]);
    expect(await codeOf(e.runner.answer(reply("deep", { decision: "maybe" })))).toBe(
      "INVALID_ARGUMENT",
    );
    const answered = await collect(e.another().answer(reply("deep", { decision: "no" })));
    expect(said(answered)).toEqual([
      'root: middle → {"result":"middle is done"}',
      "root: all done",
    ]);
    expect(await codeOf(e.runner.answer(reply("deep", { decision: "no" })))).toBe(
      "CALL_ALREADY_ANSWERED",
    );
  });

  it("of an aborted invocation counts for nothing, also inside an agent tool", async () => {
    const inner = agent("inner", [calls(["ask", {}, "deep"])], { tools: [ask] });
    const hanging = latch();
    const wait = tool("wait", () => hanging.promise);
    const root = agent("root", [calls(["inner", { request: "x" }, "o1"], ["wait", {}, "w1"])], {
      tools: [new AgentTool({ agent: inner }), wait],
    });
    await using e = await engine({ agent: root, ...RESUMABLE });
    const abort = new AbortController();
    const events = collect(e.stream("hi", { abortSignal: abort.signal }));
    await settle();
    expect(await inbox(e.runner)).toHaveLength(1);
    abort.abort();
    hanging.open();
    await events;
    expect(await inbox(e.runner)).toEqual([]);
    expect((await e.runner.listPending({ userId: "u" })).requests).toEqual([]);
    expect(await codeOf(e.runner.answer(reply("deep", {})))).toBe("CALL_ALREADY_ANSWERED");
  });

  it("does not create a session, and wants one that is there", async () => {
    await using e = await engine({ agent: agent("root", []), autoCreateSession: true });
    expect(await codeOf(e.runner.answer(reply("c1", {}, { sessionId: "x" })))).toBe(
      "SESSION_NOT_FOUND",
    );
    expect(
      await e.sessions.getSession({ appName: "app", userId: "u", sessionId: "x" }),
    ).toBeUndefined();
  });
});

describe("answers to one call at the same moment", () => {
  it("of twenty, in two processes, one goes on; nineteen are refused at once", async () => {
    const thinking = latch<string>();
    let bodies = 0;
    const refund = tool("refund", () => ({ refunds: ++bodies }));
    const root = agent(
      "root",
      [calls(["ask", {}, "c1"]), calls(["refund", {}, "r1"]), () => thinking.promise],
      { tools: [ask, refund] },
    );
    await using e = await engine({ agent: root, ...RESUMABLE });
    await e.say("hi");
    const other = e.another();
    const ended: string[] = [];
    const twenty = Array.from({ length: 20 }, async (_, n) => {
      const runner = n % 2 === 0 ? e.runner : other;
      const code = await codeOf(runner.answer(reply("c1", { by: n })));
      ended.push(code);
      return code;
    });
    await settle();
    await settle();
    // The one still runs, and time stands still.
    expect(ended).toEqual(Array.from({ length: 19 }, () => "CALL_ALREADY_ANSWERED"));
    thinking.open("done");
    const codes = await Promise.all(twenty);
    expect(codes.filter((code) => code === "none")).toHaveLength(1);
    expect(bodies).toBe(1);
    const answers = (await e.log()).filter(
      ({ author, content }) => author === "user" && content?.parts?.[0]?.functionResponse,
    );
    expect(answers).toHaveLength(1);
    expect(await e.isBusy()).toBe(false);
  });

  it("to two confirmations, by two people: each counts once", async () => {
    const paid: string[] = [];
    const pay = new FunctionTool({
      name: "pay",
      description: "Pays.",
      parameters: z.object({ to: z.string() }),
      requireConfirmation: true,
      execute: ({ to }) => void paid.push(to),
    });
    const root = agent(
      "root",
      [calls(["pay", { to: "ann" }, "c1"], ["pay", { to: "bob" }, "c2"]), "done", "done"],
      { tools: [pay] },
    );
    await using e = await engine({ agent: root, ...RESUMABLE });
    await e.say("pay both");
    const requests = await inbox(e.runner);
    expect(requests.map(({ originalCall }) => originalCall?.id)).toEqual(["c1", "c2"]);
    const other = e.another();
    const four = requests.flatMap(({ callId }) =>
      [e.runner, other].map((runner) => codeOf(runner.answer(reply(callId, { confirmed: true })))),
    );
    await settle();
    await e.clock.advance(1_000);
    await settle();
    await e.clock.advance(1_000);
    expect((await Promise.all(four)).toSorted()).toEqual([
      "CALL_ALREADY_ANSWERED",
      "CALL_ALREADY_ANSWERED",
      "none",
      "none",
    ]);
    expect(paid.toSorted()).toEqual(["ann", "bob"]);
  });
});

describe("an answer to a session that is busy", () => {
  async function busy() {
    const thinking = latch<string>();
    const root = agent("root", [calls(["ask", {}, "c1"]), () => thinking.promise, "thank you"], {
      tools: [ask],
    });
    const e = await engine({ agent: root });
    await e.say("hi");
    const running = e.say("something else");
    await settle();
    return { e, thinking, running };
  }

  it("waits for its turn", async () => {
    const { e, thinking, running } = await busy();
    await using _closing = e;
    const answering = collect(e.another().answer(reply("c1", {})));
    await settle();
    thinking.open("yes?");
    await running;
    await settle();
    await e.clock.advance(1_000);
    expect(told(await answering)).toEqual(["root: thank you"]);
  });

  it("is refused when it has waited long enough", async () => {
    const { e, thinking, running } = await busy();
    await using _closing = e;
    expect(await codeOf(e.runner.answer(reply("c1", {}, { waitMs: 0 })))).toBe("SESSION_BUSY");
    let code: string | undefined;
    void codeOf(e.runner.answer(reply("c1", {}))).then((found) => (code = found));
    await settle();
    for (let second = 0; second < 29; second++) {
      await e.clock.advance(1_000);
      await settle();
    }
    expect(code).toBeUndefined();
    await e.clock.advance(1_000);
    await settle();
    expect(code).toBe("SESSION_BUSY");
    thinking.open("yes?");
    await running;
    expect(await inbox(e.runner)).toHaveLength(1);
  });

  it("is left by an abort, a break and a close, and writes nothing", async () => {
    const { e, thinking, running } = await busy();
    await using _closing = e;
    const abort = new AbortController();
    const aborted = codeOf(e.runner.answer(reply("c1", {}, { abortSignal: abort.signal })));
    const stream = e.runner.answer(reply("c1", {}));
    const broken = stream.next();
    const other = e.another();
    const closed = codeOf(other.answer(reply("c1", {})));
    await settle();
    abort.abort();
    expect(await aborted).toBe("ABORTED");
    await stream.return(undefined);
    expect(await broken).toEqual({ done: true, value: undefined });
    await other.close();
    expect(await closed).toBe("CLOSED");
    thinking.open("yes?");
    await running;
    await settle();
    await e.clock.advance(1_000);
    await settle();
    expect(await inbox(e.runner)).toHaveLength(1);
    expect(await e.isBusy()).toBe(false);
  });

  it("is left by an abort that comes with the lease: nothing is stored, and the lease is given back", async () => {
    const root = agent("root", [calls(["ask", {}, "c1"]), "thank you"], { tools: [ask] });
    await using e = await engine({ agent: root });
    await e.say("hi");
    const before = await e.log();
    const abort = new AbortController();
    const store = decorateStore(e.store, {
      async open(command, signal) {
        const outcome = await e.store.open!(command, signal);
        abort.abort("enough");
        return outcome;
      },
    });
    const sessionService = new BaseSessionService(store, { clock: e.clock });
    const answering = e
      .another({ sessionService })
      .answer(reply("c1", {}, { abortSignal: abort.signal }));
    await expect(collect(answering)).rejects.toMatchObject({
      code: "ABORTED",
      cause: "enough",
      details: { committed: false },
    });
    expect(await e.log()).toEqual(before);
    expect(await e.isBusy()).toBe(false);
    expect(told(await collect(e.runner.answer(reply("c1", {}))))).toEqual(["root: thank you"]);
  });

  it("follows the log by asking where the store gives no hints", async () => {
    const root = agent("root", [calls(["ask", {}, "c1"])], { tools: [ask] });
    await using e = await engine({ agent: root });
    await e.say("hi");
    const { watch: _none, ...silent } = decorateStore(e.store, {});
    const sessionService = new BaseSessionService(silent, { clock: e.clock });
    const held = await e.sessions.openSession({ ...KEY, owner: "o", ttlMs: 60_000 });
    let code: string | undefined;
    void codeOf(e.another({ sessionService }).answer(reply("c1", {}))).then((it) => (code = it));
    await settle();
    await answerAside(e);
    await e.clock.advance(400);
    expect(code).toBeUndefined();
    await e.clock.advance(100);
    expect(code).toBe("CALL_ALREADY_ANSWERED");
    await held.lease.release();
  });

  it("gives back a lease that was granted when it had given up", async () => {
    const root = agent("root", [calls(["ask", {}, "c1"])], { tools: [ask] });
    await using e = await engine({ agent: root });
    await e.say("hi");
    const held = await e.sessions.openSession({ ...KEY, owner: "o", ttlMs: 60_000 });
    const late = latch();
    let asked = 0;
    const store = decorateStore(e.store, {
      async open(command, signal) {
        const outcome = await e.store.open!(command, signal);
        if (++asked > 2) await late.promise;
        return outcome;
      },
    });
    const sessionService = new BaseSessionService(store, { clock: e.clock });
    const refused = codeOf(e.another({ sessionService }).answer(reply("c1", {})));
    await settle();
    await held.lease.release();
    await e.clock.advance(200);
    expect([asked, await e.isBusy()]).toEqual([3, true]);
    await answerAside(e);
    expect(await refused).toBe("CALL_ALREADY_ANSWERED");
    late.open();
    await settle();
    expect(await e.isBusy()).toBe(false);
  });

  it("is refused at once where there is nothing to answer", async () => {
    const { e, thinking, running } = await busy();
    await using _closing = e;
    expect(await codeOf(e.runner.answer(reply("c9", {})))).toBe("CALL_NOT_FOUND");
    await answerAside(e);
    expect(await codeOf(e.runner.answer(reply("c1", {})))).toBe("CALL_ALREADY_ANSWERED");
    thinking.open("yes?");
    await running;
  });
});

describe("a call that has expired", () => {
  it("reads at the next run as a call that nobody answered", async () => {
    const root = agent("root", [calls(["decide", { amount: 7 }, "c1"]), "hm", "too late", "yes"], {
      tools: [decide],
    });
    await using e = await engine({ agent: root, ...RESUMABLE });
    await e.say("refund me");
    await e.say("well?");
    expect(contentWords(root.llm.requests[1]?.contents ?? [])[2]).toContain('"status":"pending"');
    await e.clock.advance(MINUTE);
    await e.say("well?");
    const contents = root.llm.requests[2]?.contents ?? [];
    expect(historyProblems(contents)).toEqual([]);
    expect(contentWords(contents)[2]).toBe(
      'user: decide → {"status":"expired","message":"Nobody answered in time."}',
    );
    await e.say("well?");
    expect(contentWords(root.llm.requests[3]?.contents ?? []).slice(0, contents.length)).toEqual(
      contentWords(contents),
    );
  });

  it.each([false, true])(
    "takes no answer by runAsync either (resumable: %s)",
    async (isResumable) => {
      const root = agent("root", [calls(["decide", { amount: 7 }, "c1"]), "hm", "yes", "again"], {
        tools: [decide],
      });
      await using e = await engine({ agent: root, resumabilityConfig: { isResumable } });
      await e.say("refund me");
      const late = answer(["c1", "decide", { decision: "yes" }]);
      await e.clock.advance(MINUTE);
      const before = await e.log();
      expect(
        await codeOf(e.runner.runAsync({ userId: "u", sessionId: "s", newMessage: late })),
      ).toBe("CALL_EXPIRED");
      expect(await e.log()).toEqual(before);
    },
  );

  it("takes an answer again that came in time", async () => {
    const root = agent("root", [calls(["decide", { amount: 7 }, "c1"]), "yes", "again"], {
      tools: [decide],
    });
    await using e = await engine({ agent: root, ...RESUMABLE });
    const [asked] = await e.say("refund me");
    const { invocationId } = asked as Event;
    const inTime = answer(["c1", "decide", { decision: "yes" }]);
    expect(said(await e.say(inTime, { invocationId }))).toEqual(["root: yes"]);
    await e.clock.advance(MINUTE);
    const before = await e.log();
    expect(await e.say(inTime, { invocationId })).toEqual([]);
    expect(await e.log()).toEqual(before);
  });

  it("lets the invocation that waits go on, resumed by its id", async () => {
    const root = agent("root", [calls(["decide", { amount: 7 }, "c1"]), "nobody answered"], {
      tools: [decide],
    });
    await using e = await engine({ agent: root, ...RESUMABLE });
    const [asked] = await e.say("refund me");
    const request = { userId: "u", sessionId: "s", invocationId: asked?.invocationId };
    expect(await e.another().run(request)).toEqual([]);
    await e.clock.advance(MINUTE);
    expect(said(await e.another().run(request))).toEqual(["root: nobody answered"]);
  });

  it("takes the place of what its tool has reported, but not of an answer", async () => {
    const ticket = new LongRunningFunctionTool({
      name: "ticket",
      description: "Opens a ticket.",
      expiresInMs: MINUTE,
      execute: () => ({ ticket: 7 }),
    });
    const turns = [
      calls(["ticket", {}, "c1"], ["ticket", {}, "c2"]),
      "wait",
      "one is there",
      "still",
      "over",
    ];
    const root = agent("root", turns, { tools: [ticket] });
    await using e = await engine({ agent: root });
    await e.say("hi");
    await collect(e.runner.answer(reply("c1", { ok: true })));
    await e.say("and?");
    await e.clock.advance(MINUTE);
    await e.say("well?");
    const words = contentWords(root.llm.requests[4]?.contents ?? []);
    expect(words[2]).toBe(
      'user: ticket → {"ok":true} ticket → {"status":"expired","message":"Nobody answered in time."}',
    );
  });

  it("of an agent tool lets the agent that waits go on", async () => {
    const inner = agent("inner", [calls(["decide", { amount: 1 }, "deep"]), "nobody is there"], {
      tools: [decide],
    });
    const root = agent("root", [calls(["inner", { request: "x" }, "o1"]), "all done"], {
      tools: [new AgentTool({ agent: inner })],
    });
    await using e = await engine({ agent: root, ...RESUMABLE });
    const [asked] = await e.say("hi");
    await e.clock.advance(MINUTE);
    expect(await codeOf(e.runner.answer(reply("deep", { decision: "yes" })))).toBe("CALL_EXPIRED");
    const request = { userId: "u", sessionId: "s", invocationId: asked?.invocationId };
    expect(said(await e.another().run(request))).toEqual([
      'root: inner → {"result":"nobody is there"}',
      "root: all done",
    ]);
  });
});

it("the crash behind a stored answer: the call is answered, and the invocation goes on by its id", async () => {
  const root = agent("root", [calls(["ask", {}, "c1"]), "thank you"], { tools: [ask] });
  await using e = await engine({ agent: root, ...RESUMABLE });
  await e.say("hi");
  const stream = e.runner.answer(reply("c1", {}, { yieldUserMessage: true }));
  const { value } = await stream.next();
  await e.runner.close();
  const next = e.another();
  expect(await codeOf(next.answer(reply("c1", {})))).toBe("CALL_ALREADY_ANSWERED");
  const { invocationId } = value as Event;
  const events = await next.run({ userId: "u", sessionId: "s", invocationId });
  expect(said(events)).toEqual(["root: thank you"]);
});
