import { describe, expect, it } from "vitest";
import {
  type Content,
  createEvent,
  type Event,
  LongRunningFunctionTool,
  type RunnerForkSessionRequest,
  type Session,
} from "../../src/index.ts";
import {
  agent,
  answer,
  calls,
  contentWords,
  type Engine,
  engine,
  KEY,
  told,
  tool,
  user,
} from "./support.ts";

const RESUMABLE = { resumabilityConfig: { isResumable: true } } as const;

const ask = new LongRunningFunctionTool({
  name: "ask",
  description: "Asks a person.",
  execute: () => undefined,
});

function said(events: readonly Event[]): string[] {
  return told(events.filter(({ content }) => content !== undefined));
}

function fork(e: Engine, where: Partial<RunnerForkSessionRequest>): Promise<Session> {
  return e.runner.forkSession({ userId: "u", sessionId: "s", newSessionId: "f", ...where });
}

function sayIn(e: Engine, sessionId: string, message: Content): Promise<Event[]> {
  return e.runner.run({ userId: "u", sessionId, newMessage: message });
}

async function invocations(e: Engine): Promise<string[]> {
  return [...new Set((await e.log()).map(({ invocationId }) => invocationId))];
}

describe("forkSession", () => {
  it("opens another future before an invocation, with the state of that time", async () => {
    const root = agent("root", ["a1", "a2", "b2", "a3"]);
    await using e = await engine({ agent: root, state: { n: 0, "user:u": 0 } });
    await e.say("q1", { stateDelta: { n: 1 } });
    await e.say("q2", { stateDelta: { n: 2, m: 2, "user:u": 2 } });
    const [, second] = await invocations(e);
    const forked = await fork(e, {
      beforeInvocationId: second,
      title: "another",
      labels: { kind: "fork" },
    });
    expect(forked).toMatchObject({
      id: "f",
      title: "another",
      labels: { kind: "fork" },
      forkedFrom: { sessionId: "s", sequence: 2 },
      lastSequence: 2,
    });
    expect(forked.state).toEqual({ n: 1, "user:u": 2 });
    expect(forked.events).toEqual((await e.log()).slice(0, 2));
    await sayIn(e, "f", user("other q2"));
    expect(contentWords(root.llm.requests.at(-1)?.contents ?? [])).toEqual([
      "user: q1",
      "model: a1",
      "user: other q2",
    ]);
    await e.say("q3");
    expect(contentWords(root.llm.requests.at(-1)?.contents ?? [])).toEqual([
      "user: q1",
      "model: a1",
      "user: q2",
      "model: a2",
      "user: q3",
    ]);
  });

  it("copies title and labels unless they are given, and makes up an id", async () => {
    await using e = await engine({ agent: agent("root", ["a1"]) });
    await e.sessions.updateSession({ ...KEY, title: "mine", labels: { kind: "chat" } });
    const forked = await fork(e, { atSequence: 0, newSessionId: undefined });
    expect(forked).toMatchObject({ title: "mine", labels: { kind: "chat" }, events: [] });
    expect(forked.id).not.toBe("s");
    expect(forked.id).not.toBe("");
  });

  it("takes along the artifacts that the log names up to there, and no later ones", async () => {
    let count = 0;
    const save = tool("save", async (_, context) => {
      await context.saveArtifact("f", { text: `f ${count}` });
      await context.saveArtifact("user:u", { text: `u ${count}` });
      if (count++ === 1) await context.saveArtifact("g", { text: "g 1" });
      return {};
    });
    const turn = [calls(["save"]), "saved"];
    const root = agent("root", [...turn, ...turn, ...turn], { tools: [save] });
    await using e = await engine({ agent: root });
    await e.say("q1");
    await e.say("q2");
    const [, second] = await invocations(e);
    await fork(e, { beforeInvocationId: second });
    const inFork = { ...KEY, sessionId: "f" };
    expect(await e.artifacts.loadArtifact({ ...inFork, filename: "f" })).toEqual({ text: "f 0" });
    expect(await e.artifacts.listArtifactKeys(inFork)).toEqual(["f", "user:u"]);
    await sayIn(e, "f", user("other q2"));
    expect(await e.artifacts.listVersions({ ...inFork, filename: "f" })).toEqual([0, 1]);
    expect(await e.artifacts.loadArtifact({ ...inFork, filename: "f" })).toEqual({ text: "f 2" });
    expect(await e.artifacts.loadArtifact({ ...KEY, filename: "f" })).toEqual({ text: "f 1" });
  });

  it("of a session that waits can be answered by itself", async () => {
    const root = agent("root", [calls(["ask", {}, "c1"]), "in the fork", "in the session"], {
      tools: [ask],
    });
    await using e = await engine({ agent: root, ...RESUMABLE });
    await e.say("q1");
    const { lastSequence } = await e.session();
    expect(Object.keys((await fork(e, { atSequence: lastSequence })).pendingCalls)).toEqual(["c1"]);
    const { requests } = await e.runner.listPending({ userId: "u" });
    expect(requests.map(({ sessionId, callId }) => `${sessionId} ${callId}`).toSorted()).toEqual([
      "f c1",
      "s c1",
    ]);
    const given = answer(["c1", "ask", { ok: true }]);
    expect(said(await sayIn(e, "f", given))).toEqual(["root: in the fork"]);
    expect(Object.keys((await e.session()).pendingCalls)).toEqual(["c1"]);
    expect(said(await e.say(given))).toEqual(["root: in the session"]);
    expect((await e.session()).pendingCalls).toEqual({});
  });

  it("goes back behind a rewind: what was taken back has a future there", async () => {
    const root = agent("root", ["a1", "a2", "b3"]);
    await using e = await engine({ agent: root });
    await e.say("q1");
    await e.say("q2", { stateDelta: { n: 2 } });
    const [, second = ""] = await invocations(e);
    await e.runner.rewindAsync({ userId: "u", sessionId: "s", rewindBeforeInvocationId: second });
    expect((await fork(e, { beforeInvocationId: second, newSessionId: "g" })).lastSequence).toBe(2);
    expect((await fork(e, { atSequence: 4 })).state).toEqual({ n: 2 });
    await sayIn(e, "f", user("q3"));
    expect(contentWords(root.llm.requests.at(-1)?.contents ?? [])).toEqual([
      "user: q1",
      "model: a1",
      "user: q2",
      "model: a2",
      "user: q3",
    ]);
    expect((await e.session()).state).toEqual({});
  });

  it("of a fork can be rewound to before the fork", async () => {
    const root = agent("root", ["a1", "a2"]);
    await using e = await engine({ agent: root, state: { n: 0 } });
    await e.say("q1", { stateDelta: { n: 1 } });
    const [first = ""] = await invocations(e);
    await fork(e, { atSequence: 2 });
    await e.runner.rewindAsync({ userId: "u", sessionId: "f", rewindBeforeInvocationId: first });
    const forked = await e.sessions.getSession({ ...KEY, sessionId: "f" });
    expect(forked?.state).toEqual({ n: 0 });
    expect((await e.session()).state).toEqual({ n: 1 });
  });

  it("refuses what is not there and what is there already, before it copies anything", async () => {
    const save = tool("save", async (_, context) => {
      await context.saveArtifact("f", { text: "x" });
      return {};
    });
    const root = agent("root", [calls(["save"]), "saved"], { tools: [save] });
    await using e = await engine({ agent: root });
    await e.say("q1");
    await e.sessions.createSession({ ...KEY, sessionId: "taken" });
    const refusals: [Partial<RunnerForkSessionRequest>, string][] = [
      [{ beforeInvocationId: "e-unknown" }, "INVOCATION_NOT_FOUND"],
      [{ atSequence: 99 }, "INVALID_ARGUMENT"],
      [{ atSequence: 4, newSessionId: "taken" }, "SESSION_ALREADY_EXISTS"],
      [{ atSequence: 4, newSessionId: "s" }, "SESSION_ALREADY_EXISTS"],
      [{ atSequence: 4, sessionId: "nowhere" }, "SESSION_NOT_FOUND"],
      [{}, "INVALID_ARGUMENT"],
      [{ atSequence: 1, beforeInvocationId: "e-1" }, "INVALID_ARGUMENT"],
    ];
    for (const [where, code] of refusals)
      await expect(fork(e, where), JSON.stringify(where)).rejects.toMatchObject({ code });
    for (const sessionId of ["f", "taken"])
      expect(await e.artifacts.listArtifactKeys({ ...KEY, sessionId })).toEqual([]);
    const without = e.another({ artifactService: undefined });
    const key = { userId: "u", sessionId: "s", newSessionId: "f" };
    await expect(without.forkSession({ ...key, atSequence: 4 })).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
    });
    // Nothing of the artifacts is needed there.
    expect((await without.forkSession({ ...key, atSequence: 1 })).lastSequence).toBe(1);
  });

  it("leaves nothing in a session that somebody else created in the meantime", async () => {
    const save = tool("save", async (_, context) => {
      for (const name of [context.sessionId, "both"])
        await context.saveArtifact(name, { text: context.sessionId });
      return {};
    });
    const turn = [calls(["save"]), "saved"];
    const root = agent("root", [...turn, ...turn, ...turn], { tools: [save] });
    await using e = await engine({ agent: root });
    await e.say("q1");
    await e.sessions.createSession({ ...KEY, sessionId: "s2" });
    await sayIn(e, "s2", user("q1"));
    const forks = (
      ends: readonly [sessionId: string, atSequence: number][],
      newSessionId: string,
    ) =>
      Promise.allSettled(
        ends.map(([sessionId, atSequence]) => fork(e, { sessionId, atSequence, newSessionId })),
      );
    const artifactsOf = async (sessionId: string): Promise<string[]> =>
      await e.artifacts.listArtifactKeys({ ...KEY, sessionId });
    const race = await forks(
      [
        ["s", 1],
        ["s2", 4],
      ],
      "x",
    );
    expect(race.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect(await artifactsOf("x")).toEqual([]);
    // Two that fork the same: what the one that comes too late has copied belongs to the other.
    const same = await forks(
      [
        ["s", 4],
        ["s", 4],
      ],
      "y",
    );
    expect(same.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    expect(await artifactsOf("y")).toEqual(["both", "s"]);
    expect(e.logged).toEqual([]);
  });

  it("keeps what belongs to the session that somebody else created, and says what is too many", async () => {
    let saved = 0;
    const save = tool("save", async (_, context) => {
      await context.saveArtifact("f", { text: `f ${saved++}` });
      return {};
    });
    const turn = [calls(["save"]), "saved"];
    const root = agent("root", [...turn, ...turn], { tools: [save] });
    await using e = await engine({ agent: root });
    await e.say("q1");
    await e.say("q2");
    const copy = e.artifacts.copySessionArtifacts.bind(e.artifacts);
    e.artifacts.copySessionArtifacts = async (request) => {
      e.artifacts.copySessionArtifacts = copy;
      await fork(e, { atSequence: 4 });
      await copy(request);
    };
    await expect(fork(e, { atSequence: 8 })).rejects.toMatchObject({
      code: "SESSION_ALREADY_EXISTS",
    });
    const inFork = { ...KEY, sessionId: "f", filename: "f" };
    expect(await e.artifacts.loadArtifact({ ...inFork, version: 0 })).toEqual({ text: "f 0" });
    expect(e.logged).toEqual([expect.stringContaining("of artifacts of its own: f")]);
  });

  it("can be made while the session is running", async () => {
    const root = agent("root", [
      "a1",
      () => (forked = fork(e, { atSequence: 2 })).then(() => "a2"),
    ]);
    let forked: Promise<Session> | undefined;
    await using e = await engine({ agent: root });
    await e.say("q1");
    await e.say("q2");
    expect((await forked)?.lastSequence).toBe(2);
  });

  it("in the middle of an invocation can be taken up there", async () => {
    const root = agent("root", ["a1", "b1"]);
    await using e = await engine({ agent: root, ...RESUMABLE });
    await e.say("q1");
    await fork(e, { atSequence: 1 });
    const [invocationId] = await invocations(e);
    const events = await e.runner.run({ userId: "u", sessionId: "f", invocationId });
    expect(said(events)).toEqual(["root: b1"]);
    await e.sessions.appendEvent({
      session: await e.session(),
      event: createEvent({ author: "user", invocationId: "note" }),
    });
    expect((await e.sessions.getSession({ ...KEY, sessionId: "f" }))?.lastSequence).toBe(3);
  });
});
