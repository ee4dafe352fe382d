import assert from "node:assert/strict";
import {
  AdkError,
  type AdkErrorCode,
  App,
  BaseLlm,
  BaseSessionService,
  type Content,
  type Context,
  createEvent,
  type Event,
  FunctionTool,
  InMemoryArtifactService,
  InMemorySessionStore,
  LlmAgent,
  type LlmRequest,
  type LlmResponse,
  LongRunningFunctionTool,
  type Part,
  Runner,
  SequentialAgent,
  type Session,
} from "../../src/index.ts";
import { liveEvents } from "../../src/log/rewind.ts";
import { VirtualClock } from "../../src/testing/index.ts";
import { contentWords, naiveContents, NaiveSession, startOf } from "./naive-session.ts";
import { Random } from "./random.ts";

const APP = "app";
const USER = "u";
const KEYS = ["a", "b", "c", "user:a", "app:a", "temp:a"];
const FILES = ["f", "g", "user:f"];

/** What a tool does to state and files. */
interface Effects {
  readonly set: Readonly<Record<string, unknown>>;
  readonly removed: readonly string[];
  readonly files: Readonly<Record<string, string>>;
}

/** Names of the tools that a model calls at once. */
type Step = readonly ("work" | "ask")[];

interface Branch {
  readonly id: string;
  readonly naive: NaiveSession;
  /** Positions at which nothing was under way. */
  readonly rests: Set<number>;
  /** Cut from another one in the middle of something: what is made up for that is not foretold. */
  readonly isRagged: boolean;
}

class PlannedLlm extends BaseLlm {
  readonly #answer: () => Content;

  constructor(name: string, answer: () => Content) {
    super({ model: name });
    this.#answer = answer;
  }

  override async *generateContentAsync(): AsyncGenerator<LlmResponse, void, undefined> {
    yield { content: this.#answer() };
  }
}

/** Sessions that grow, go back and branch at random, beside naive ones that tell what must be there. */
export class Tree implements AsyncDisposable {
  readonly #random: Random;
  readonly #artifacts: InMemoryArtifactService;
  readonly #services: BaseSessionService[] = [];
  readonly #runners: Runner[] = [];
  readonly #agents: readonly string[];
  readonly #branches: Branch[] = [];
  readonly #shared: Record<string, unknown> = {};
  readonly #usersFiles: Record<string, string> = {};
  readonly #effects: Map<string, Effects> = new Map();
  #current: Branch | undefined;
  #plans: Record<string, Step[]> = {};
  #asked: string[] = [];
  #requests: { lastSequence: number; contents: string[] }[] = [];
  #count = 0;
  /** What was done, for whoever looks for the cause. */
  readonly done: string[] = [];
  readonly tally: Record<string, number>;

  constructor(seed: number, tally: Record<string, number>) {
    this.#random = new Random(seed);
    this.tally = tally;
    this.#agents = this.#random.chance(0.7) ? ["root"] : ["one", "two"];
    const clock = new VirtualClock();
    const store = new InMemorySessionStore({ clock });
    this.#artifacts = new InMemoryArtifactService({ clock });
    const newId = (): string => `id-${++this.#count}`;
    // Two processes.
    for (let index = 0; index < 2; index++) {
      const sessionService = new BaseSessionService(store, { clock, newId });
      const app = new App({
        name: APP,
        rootAgent: this.#rootAgent(),
        resumabilityConfig: { isResumable: true },
      });
      this.#services.push(sessionService);
      this.#runners.push(
        new Runner({ app, sessionService, artifactService: this.#artifacts, clock, newId }),
      );
    }
  }

  async grow(): Promise<void> {
    await this.#plant();
    const size = this.#random.between(4, 18);
    for (let index = 0; index < size; index++) await this.#step();
    for (const branch of this.#branches) await this.#check(branch);
    await this.#checkPendingOfAll();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const service of this.#services) await service[Symbol.asyncDispose]();
  }

  #rootAgent(): LlmAgent | SequentialAgent {
    const agents = this.#agents.map(
      (name) =>
        new LlmAgent({
          name,
          model: new PlannedLlm(name, () => this.#answer(name)),
          tools: [this.#work(), ask],
          beforeModelCallback: ({ context, request }) => this.#note(context, request),
        }),
    );
    return agents.length === 1
      ? (agents[0] as LlmAgent)
      : new SequentialAgent({ name: "root", subAgents: agents });
  }

  #work(): FunctionTool {
    return new FunctionTool({
      name: "work",
      description: "Works.",
      execute: async (_args: unknown, context?: Context) => {
        const id = context?.functionCallId ?? "";
        const { set, removed, files } = this.#effects.get(id) as Effects;
        for (const key of removed) context?.state.delete(key);
        for (const [key, value] of Object.entries(set)) context?.state.set(key, value);
        for (const [name, text] of Object.entries(files)) {
          const version = (await context?.saveArtifact(name, { text })) as number;
          if (name.startsWith("user:")) this.#usersFiles[name] = text;
          else this.#current?.naive.saved(name, version, text);
        }
        return { worked: id };
      },
    }) as FunctionTool;
  }

  #answer(agent: string): Content {
    this.#asked.push(agent);
    const step = this.#plans[agent]?.shift() ?? [];
    if (step.length === 0) return { role: "model", parts: [{ text: this.#name("says") }] };
    const parts = step.map((name): Part => {
      const id = this.#name("call");
      if (name === "work") this.#effects.set(id, this.#someEffects());
      return { functionCall: { id, name, args: {} } };
    });
    return { role: "model", parts };
  }

  #note({ invocationContext }: Context, { contents }: LlmRequest): undefined {
    this.#requests.push({
      lastSequence: invocationContext.session.lastSequence,
      contents: contents.map(contentWords),
    });
  }

  async #plant(): Promise<void> {
    const state = Object.fromEntries(
      KEYS.filter(() => this.#random.chance(0.3)).map((key) => [key, this.#someValue()]),
    );
    const own: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(state)) {
      if (key.startsWith("app:") || key.startsWith("user:")) this.#shared[key] = value;
      else if (!key.startsWith("temp:")) own[key] = value;
    }
    await this.#service().createSession({ appName: APP, userId: USER, sessionId: "s0", state });
    const naive = new NaiveSession(this.#shared, own);
    this.#branches.push({ id: "s0", naive, rests: new Set([0]), isRagged: false });
  }

  async #step(): Promise<void> {
    if (this.#current === undefined || this.#random.chance(0.3))
      this.#current = this.#random.pick(this.#branches);
    const branch = this.#current;
    const [name, act] = this.#random.weighted<[string, (branch: Branch) => Promise<void>]>([
      [5, ["turn", (one) => this.#turn(one)]],
      [5, ["answer", (one) => this.#answerCalls(one)]],
      [2, ["append", (one) => this.#append(one)]],
      [3, ["rewind", (one) => this.#rewind(one)]],
      [2, ["fork", (one) => this.#fork(one)]],
      [2, ["refused", (one) => this.#refused(one)]],
      [1, ["reopen", (one) => this.#reopen(one)]],
      [1, ["resume", (one) => this.#resume(one)]],
    ]);
    this.done.push(`${name} in ${branch.id}`);
    await act(branch);
    await this.#check(branch);
    if (!branch.isRagged) branch.rests.add(branch.naive.moments.length - 1);
  }

  async #turn(branch: Branch, invocationId?: string): Promise<void> {
    const stateDelta = this.#random.chance(0.3) ? this.#someEffects().set : undefined;
    const newMessage = { role: "user", parts: [{ text: this.#name("asks") }] };
    await this.#run(branch, newMessage, this.#agents, { stateDelta, invocationId });
  }

  /** An id that was taken back is unknown, and can be given again. */
  async #reopen(branch: Branch): Promise<void> {
    const id = this.#random.pickMaybe(await this.#deadInvocations(branch, "e-"));
    if (id === undefined) return;
    this.#tell("reopened");
    await this.#turn(branch, id);
  }

  async #answerCalls(branch: Branch): Promise<void> {
    const { pending, live } = branch.naive.now;
    const callId = this.#random.pickMaybe(Object.keys(pending));
    if (callId === undefined) return await this.#turn(branch);
    const asking = live.find((event) => isCalling(event, callId)) as Event;
    const all = Object.keys(pending).filter((id) => isCalling(asking, id));
    const callIds = this.#random.chance(0.5) ? all : [callId];
    this.#tell("answered");
    const goesOn = callIds.length === all.length;
    const behind = this.#agents.slice(this.#agents.indexOf(asking.author));
    // With its id, the same answer again would be a retry; not when the first one was taken back.
    const invocationId = this.#random.chance(0.5) ? asking.invocationId : undefined;
    await this.#run(branch, answers(callIds), goesOn ? behind : [], { invocationId });
  }

  /** What has ended, or waits, has nothing to take up. */
  async #resume(branch: Branch): Promise<void> {
    const ids = branch.naive.now.live.map((event) => event.invocationId);
    const invocationId = this.#random.pickMaybe(ids.filter((id) => id.startsWith("e-")));
    if (invocationId === undefined || branch.isRagged) return await this.#turn(branch);
    this.#tell("resumed");
    const request = { userId: USER, sessionId: branch.id, invocationId };
    assert.deepEqual(await this.#random.pick(this.#runners).run(request), []);
  }

  async #run(
    branch: Branch,
    newMessage: Content,
    agents: readonly string[],
    more: {
      stateDelta?: Record<string, unknown> | undefined;
      invocationId?: string | undefined;
    } = {},
  ): Promise<void> {
    const expected: string[] = [];
    let isPaused = false;
    for (const agent of this.#agents) {
      const steps = this.#somePlan();
      this.#plans[agent] = [...steps];
      if (!agents.includes(agent)) continue;
      for (const step of [...steps, []]) {
        if (isPaused) break;
        expected.push(agent);
        isPaused = step.includes("ask");
      }
    }
    this.#asked = [];
    this.#requests = [];
    const request = { userId: USER, sessionId: branch.id, newMessage, ...more };
    await this.#random.pick(this.#runners).run(request);
    await this.#follow(branch);
    if (!branch.isRagged) assert.deepEqual(this.#asked, expected, "agents that were asked");
    this.#tell("run");
    if (this.#agents.length > 1) return;
    for (const { lastSequence, contents } of this.#requests) {
      const { live } = branch.naive.moments[lastSequence] as { live: Event[] };
      assert.deepEqual(contents, naiveContents(live), "contents");
    }
  }

  async #append(branch: Branch): Promise<void> {
    const { set, removed } = this.#someEffects();
    const service = this.#service();
    const event = createEvent({
      id: this.#name("event"),
      invocationId: this.#name("side"),
      author: "user",
      ...(this.#random.chance(0.5)
        ? { content: { role: "user", parts: [{ text: this.#name("notes") }] } }
        : {}),
      ...(removed.length > 0 ? { stateRemoved: [...removed] } : {}),
      actions: { stateDelta: { ...set } },
    });
    await service.appendEvent({ session: await this.#load(branch.id, service), event });
    await this.#follow(branch);
  }

  async #rewind(branch: Branch): Promise<void> {
    const { naive } = branch;
    const ids = [...new Set(naive.now.live.map((event) => event.invocationId))];
    const rewindBeforeInvocationId = this.#random.pickMaybe(
      this.#random.chance(0.7) ? ids.slice(-3) : ids,
    );
    if (rewindBeforeInvocationId === undefined) return await this.#turn(branch);
    const runner = this.#random.pick(this.#runners);
    await runner.rewindAsync({ userId: USER, sessionId: branch.id, rewindBeforeInvocationId });
    const { events } = await this.#load(branch.id);
    const [event, ...others] = events.slice(naive.moments.length - 1);
    assert.equal(others.length, 0);
    assert(event);
    assert.equal(event.author, "user");
    assert.match(event.invocationId, /^e-/);
    assert.equal(event.content, undefined);
    assert.equal(event.actions.rewindBeforeInvocationId, rewindBeforeInvocationId);
    const { artifactDelta, stateDelta } = event.actions;
    const isShared = (key: string): boolean => /^(?:app|user|temp):/.test(key);
    assert(![...Object.keys(stateDelta), ...(event.stateRemoved ?? [])].some(isShared));
    const before = naive.now;
    const restored = naive.rewind(rewindBeforeInvocationId, artifactDelta);
    this.#tell("rewound");
    if (restored.length > 0) this.#tell("restored artifacts");
    if (!Object.keys(naive.now.pending).every((id) => Object.hasOwn(before.pending, id)))
      this.#tell("answers taken back");
    assert.deepEqual(Object.keys(artifactDelta).toSorted(), restored, "restored artifacts");
  }

  async #fork(branch: Branch): Promise<void> {
    const { naive } = branch;
    const { events } = await this.#load(branch.id);
    let where: { atSequence: number } | { beforeInvocationId: string };
    let at: number;
    const id = this.#random.pickMaybe([...new Set(naive.now.live.map((one) => one.invocationId))]);
    if (id !== undefined && this.#random.chance(0.4)) {
      where = { beforeInvocationId: id };
      at = startOf(naive.now.live, id) - 1;
    } else {
      const atRest = this.#random.chance(0.6);
      at = atRest ? this.#random.pick([...branch.rests]) : this.#random.between(0, events.length);
      where = { atSequence: at };
    }
    const given = this.#random.chance(0.5) ? { newSessionId: this.#name("s") } : {};
    const runner = this.#random.pick(this.#runners);
    const key = { userId: USER, sessionId: branch.id };
    const session = await runner.forkSession({ ...key, ...where, ...given });
    assert.deepEqual(session.forkedFrom, { sessionId: branch.id, sequence: at });
    assert.equal(session.id, given.newSessionId ?? session.id);
    const rests = new Set([...branch.rests].filter((rest) => rest <= at));
    const fork: Branch = {
      id: session.id,
      naive: naive.fork(at),
      rests,
      isRagged: !rests.has(at),
    };
    this.#branches.push(fork);
    this.#tell(fork.isRagged ? "forked in the middle" : "forked");
    this.#checkSession(fork, session);
    await this.#check(fork);
  }

  /** What was taken back is not there any more. */
  async #refused(branch: Branch): Promise<void> {
    const runner = this.#random.pick(this.#runners);
    const key = { userId: USER, sessionId: branch.id };
    const dead = this.#random.pickMaybe(await this.#deadInvocations(branch));
    if (dead !== undefined) {
      const rewound = runner.rewindAsync({ ...key, rewindBeforeInvocationId: dead });
      await refusedWith(rewound, "INVOCATION_NOT_FOUND");
      this.#tell("refused rewind");
    }
    const { events } = await this.#load(branch.id);
    const isLive = (event: Event): boolean =>
      branch.naive.now.live.some(({ id }) => id === event.id);
    const calls = events
      .filter((event) => !isLive(event))
      .flatMap(({ longRunningToolIds = [] }) => longRunningToolIds);
    const callId = this.#random.pickMaybe(calls);
    if (callId === undefined) return;
    await refusedWith(runner.run({ ...key, newMessage: answers([callId]) }), "CALL_REWOUND");
    this.#tell("refused answer");
  }

  async #deadInvocations(branch: Branch, prefix: string = ""): Promise<string[]> {
    const { events } = await this.#load(branch.id);
    const live = new Set(branch.naive.now.live.map(({ invocationId }) => invocationId));
    const dead = events
      .filter(({ actions }) => !actions.rewindBeforeInvocationId)
      .map(({ invocationId }) => invocationId);
    return [...new Set(dead)].filter((id) => !live.has(id) && id.startsWith(prefix));
  }

  /** The naive session sees what was stored. */
  async #follow({ id, naive }: Branch): Promise<void> {
    const { events } = await this.#load(id);
    for (const event of events.slice(naive.moments.length - 1)) naive.add(event);
  }

  async #check(branch: Branch): Promise<void> {
    this.#checkSession(branch, await this.#load(branch.id));
    const { files } = branch.naive.now;
    for (const filename of FILES) {
      const part = await this.#artifacts.loadArtifact({
        appName: APP,
        userId: USER,
        sessionId: branch.id,
        filename,
      });
      const expected = filename.startsWith("user:") ? this.#usersFiles[filename] : files[filename];
      assert.equal(part?.text, expected, `${filename} in ${branch.id}`);
    }
  }

  #checkSession({ id, naive }: Branch, session: Session): void {
    assert.equal(session.lastSequence, naive.moments.length - 1, `length of ${id}`);
    assert.deepEqual(session.state, naive.state, `state of ${id}`);
    const { events } = session;
    const live = naive.now.live.map((event) => event.id);
    assert.deepEqual(idsOf(liveEvents(events)), live, `live events of ${id}`);
    const asInPython = events.map((event): Event => ({ ...event, rewoundFrom: undefined }));
    assert.deepEqual(idsOf(liveEvents(asInPython)), live, `live events of ${id} without positions`);
    const part = events.slice(this.#random.between(0, events.length));
    const partIds = new Set(idsOf(part));
    const livePart = live.filter((one) => partIds.has(one));
    assert.deepEqual(idsOf(liveEvents(part)), livePart, `live events of a part of ${id}`);
    assert.deepEqual(session.pendingCalls, naive.now.pending, `what waits in ${id}`);
  }

  /** From the headers alone. */
  async #checkPendingOfAll(): Promise<void> {
    const { requests } = await this.#random.pick(this.#runners).listPending({ userId: USER });
    // What was appended from the side is in the header with the next append under a lease; nothing here answers from the side.
    const expected = this.#branches.flatMap(({ id, naive }) =>
      Object.keys(naive.now.pending).map((callId) => `${id} ${callId}`),
    );
    assert.deepEqual(
      requests.map(({ sessionId, callId }) => `${sessionId} ${callId}`).toSorted(),
      expected.toSorted(),
      "what waits anywhere",
    );
  }

  async #load(sessionId: string, service: BaseSessionService = this.#service()): Promise<Session> {
    const session = await service.getSession({ appName: APP, userId: USER, sessionId });
    assert(session);
    return session;
  }

  #tell(what: string): void {
    this.tally[what] = (this.tally[what] ?? 0) + 1;
  }

  #service(): BaseSessionService {
    return this.#random.pick(this.#services);
  }

  #name(word: string): string {
    return `${word}-${++this.#count}`;
  }

  #somePlan(): Step[] {
    const steps: Step[] = [];
    while (this.#random.chance(0.5)) {
      const step = this.#random.weighted<Step>([
        [5, ["work"]],
        [1, ["work", "work"]],
        [3, ["ask"]],
        [2, ["work", "ask"]],
        [1, ["ask", "ask"]],
      ]);
      steps.push(step);
      if (step.includes("ask")) break;
    }
    return steps;
  }

  #someEffects(): Effects {
    const some = (): string[] => KEYS.filter(() => this.#random.chance(0.3));
    const set = Object.fromEntries(some().map((key) => [key, this.#someValue()]));
    const removed = some().filter((key) => !Object.hasOwn(set, key));
    const files = Object.fromEntries(
      FILES.filter(() => this.#random.chance(0.35)).map((name) => [name, this.#name("text")]),
    );
    return { set, removed, files };
  }

  #someValue(): unknown {
    return this.#random.pick([
      null,
      0,
      false,
      "",
      this.#random.between(1, 3),
      { n: [1, { m: 2 }] },
    ]);
  }
}

const ask = new LongRunningFunctionTool({
  name: "ask",
  description: "Asks a person.",
  execute: () => undefined,
});

function answers(callIds: readonly string[]): Content {
  const parts = callIds.map((id): Part => ({
    functionResponse: { id, name: "ask", response: { said: "yes" } },
  }));
  return { role: "user", parts };
}

function idsOf(events: readonly Event[]): string[] {
  return events.map(({ id }) => id);
}

function isCalling({ content }: Event, callId: string): boolean {
  return (content?.parts ?? []).some(({ functionCall }) => functionCall?.id === callId);
}

async function refusedWith(promise: Promise<unknown>, code: AdkErrorCode): Promise<void> {
  await assert.rejects(promise, (error) => AdkError.isInstance(error, code));
}
