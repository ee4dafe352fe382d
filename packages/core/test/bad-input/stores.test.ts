// oxlint-disable vitest/expect-expect -- refused() and expectRunError() assert
import { describe, expect, it } from "vitest";
import {
  AdkError,
  BaseSessionService,
  InMemorySessionStore,
  LlmAgent,
  type LlmResponse,
} from "../../src/index.ts";
import {
  type FaultCommand,
  faultStore,
  ScriptedLlm,
  StoreFaults,
} from "../../src/testing/index.ts";
import { expectUsable, runOf } from "./failing-run.ts";
import { failure, refused } from "./refused.ts";
import { HI, KEY, pong, World } from "./world.ts";

const FOR_EVER = 1_000;

/** A world whose store fails when it is told to; nothing is tried twice. */
async function faulty(): Promise<{ world: World; faults: StoreFaults }> {
  const faults = new StoreFaults();
  const store = faultStore(new InMemorySessionStore(), { faults });
  return { world: await World.create(new BaseSessionService(store, { maxTries: 1 })), faults };
}

/** Refuses appends after the next `count`. */
function refuseAppendsAfter(faults: StoreFaults, count: number): void {
  if (count > 0) faults.delay("append", 0, count);
  faults.refuse("append", FOR_EVER);
}

describe("a store that rejects every call", () => {
  it("fails every method of the service with UNAVAILABLE, and nothing was written", async () => {
    const { world, faults } = await faulty();
    const session = await world.session();
    const { sessions } = world;
    const { appName, userId } = KEY;
    const calls: Record<string, () => Promise<unknown>> = {
      createSession: () => sessions.createSession({ ...KEY, sessionId: "s2" }),
      getOrCreateSession: () => sessions.getOrCreateSession({ ...KEY, sessionId: "s2" }),
      getSession: () => sessions.getSession(KEY),
      updateSession: () => sessions.updateSession({ ...KEY, title: "x" }),
      listSessions: () => sessions.listSessions({ appName, userId }),
      listEvents: () => sessions.listEvents(KEY),
      listInterrupted: () => sessions.listInterrupted({ appName, userId }),
      deleteSession: () => sessions.deleteSession(KEY),
      deleteUser: () => sessions.deleteUser({ appName, userId }),
      appendEvent: () =>
        sessions.appendEvent({ session, event: { ...session.events[0]!, id: "n" } }),
      getUserState: () => sessions.getUserState(KEY),
      getAppState: () => sessions.getAppState(KEY),
      openSession: () => sessions.openSession({ ...KEY, owner: "me", ttlMs: 1_000 }),
      acquireLease: () => sessions.acquireLease({ ...KEY, owner: "me", ttlMs: 1_000 }),
      requestCancel: () => sessions.requestCancel({ ...KEY, invocationId: "e" }),
      forkSession: () => sessions.forkSession({ ...KEY, atSequence: 1 }),
      subscribe: () => sessions.subscribe(KEY).next(),
    };
    for (const [method, call] of Object.entries(calls)) {
      faults.refuse("any", FOR_EVER);
      const error = await failure(call);
      faults.heal();
      expect(error, method).toMatchObject({
        code: "UNAVAILABLE",
        retryable: true,
        details: { committed: false },
      });
      await world.expectUntouched();
    }
    await expectUsable(world);
  });

  it("fails a run before anything happens, and the runner is usable afterwards", async () => {
    const { world, faults } = await faulty();
    faults.refuse("any", FOR_EVER);
    const model = new ScriptedLlm({ turns: ["pong"] });
    await using runner = world.runnerOf(new LlmAgent({ name: "root", model }));
    const { userId, sessionId } = KEY;
    const run = (): Promise<unknown> => runner.run({ userId, sessionId, newMessage: HI });
    await refused(run, "UNAVAILABLE", "Repeat it", true);
    expect(model.requests).toEqual([]);
    faults.heal();
    await world.expectUntouched();
    await world.ping(runner);
    await expectUsable(world);
  });

  it("fails a run that would make its session", async () => {
    const { world, faults } = await faulty();
    faults.refuse("any", FOR_EVER);
    const runner = world.runnerOf(pong(), { autoCreateSession: true });
    const { userId } = KEY;
    const run = (): Promise<unknown> => runner.run({ userId, sessionId: "new", newMessage: HI });
    await refused(run, "UNAVAILABLE", "Repeat it", true);
    faults.heal();
    await world.expectUntouched();
  });
});

describe("a store that rejects appends", () => {
  it("of the user's message: nothing is stored, the model is not asked, hooks are told", async () => {
    const { world, faults } = await faulty();
    refuseAppendsAfter(faults, 0);
    const run = await runOf(world, pong());
    expect(run.error).toMatchObject({ code: "UNAVAILABLE" });
    expect(run.yielded).toEqual([]);
    expect(run.seen).toEqual(["onRunError"]);
    faults.heal();
    await world.expectUntouched();
    await expectUsable(world);
  });

  it("after the user's message: it stays, and no error event can", async () => {
    const { world, faults } = await faulty();
    refuseAppendsAfter(faults, 1);
    const run = await runOf(world, pong());
    expect(run.error).toMatchObject({ code: "UNAVAILABLE" });
    expect(run.stored.map(({ author }) => author)).toEqual(["user"]);
    expect(run.yielded).toEqual([]);
    expect(run.seen).toEqual(["onRunError"]);
    faults.heal();
    await expectUsable(world);
  });

  it("of a tool's response: the call stays without one, and the next request has neither", async () => {
    const { world, faults } = await faulty();
    refuseAppendsAfter(faults, 2);
    const call: LlmResponse = { content: { parts: [{ functionCall: { name: "nobody" } }] } };
    const model = new ScriptedLlm({ turns: [call, "unheard", "pong"] });
    const run = await runOf(world, new LlmAgent({ name: "root", model }));
    expect(run.error).toMatchObject({ code: "UNAVAILABLE" });
    expect(run.stored).toHaveLength(2);
    expect(model.requests).toHaveLength(1);
    faults.heal();
    const again = new ScriptedLlm({ turns: ["pong"] });
    await world.ping(world.runnerOf(new LlmAgent({ name: "root", model: again })));
    expect(JSON.stringify(again.requests[0]?.contents)).not.toContain("functionCall");
    await expectUsable(world);
  });

  it("and whose error no hook, callback or tool swallows", async () => {
    const { world, faults } = await faulty();
    refuseAppendsAfter(faults, 1);
    const run = await runOf(
      world,
      new LlmAgent({
        name: "root",
        model: new ScriptedLlm({ turns: ["pong"] }),
        onModelErrorCallback: () => ({ content: { parts: [{ text: "never mind" }] } }),
      }),
    );
    expect(run.error).toMatchObject({ code: "UNAVAILABLE" });
    faults.heal();
    await expectUsable(world);
  });
});

describe("a store that loses its replies", () => {
  it.each<FaultCommand>(["append", "lease", "open", "read"])(
    "to %s: nothing is stored twice, and the session is usable",
    async (command) => {
      const faults = new StoreFaults();
      const store = faultStore(new InMemorySessionStore(), { faults });
      const world = await World.create(new BaseSessionService(store));
      faults.loseReply(command);
      const run = await runOf(world, pong());
      expect(run.error === undefined || AdkError.isInstance(run.error, "SESSION_BUSY")).toBe(true);
      faults.heal();
      const ids = (await world.events()).map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      await expectUsable(world);
    },
  );
});
