import { describe, expect, it } from "vitest";
import {
  AdkError,
  BaseSessionService,
  createEvent,
  decorateStore,
  type Event,
} from "../../src/index.ts";
import { VirtualClock } from "../../src/testing/index.ts";
import {
  agent,
  calls,
  engine,
  fired,
  KEY,
  latch,
  never,
  settle,
  told,
  tool,
  user,
} from "./support.ts";

const HOLD = { ...KEY, owner: "other", ttlMs: 10_000 };

describe("the lease of a run", () => {
  it("is held while the run is under way; a second run on the session is told how long", async () => {
    await using e = await engine({ agent: agent("root", ["one", "two"]) });
    const stream = e.stream("hi");
    const first = await stream.next();
    expect(told([first.value as never])).toEqual(["root: one"]);
    expect(await e.isBusy()).toBe(true);
    const refused = await e
      .another()
      .run({ userId: "u", sessionId: "s", newMessage: { parts: [{ text: "me too" }] } })
      .catch((error: unknown) => error);
    expect(AdkError.isInstance(refused, "SESSION_BUSY")).toBe(true);
    expect((refused as AdkError).details["expiresInMs"]).toBe(15_000);
    await stream.next();
    expect(await e.isBusy()).toBe(false);
    expect(told(await e.log())).toEqual(["user: hi", "root: one"]);
  });

  it("is given back after a break, an error, an abort and the runner's end", async () => {
    const failing = agent("root", [new Error("down"), "fine"]);
    await using e = await engine({ agent: failing });
    await expect(e.say("hi")).rejects.toThrow("down");
    expect(await e.isBusy()).toBe(false);
    for await (const event of e.stream("again")) {
      expect(told([event])).toEqual(["root: fine"]);
      expect(await e.isBusy()).toBe(true);
      break;
    }
    expect(await e.isBusy()).toBe(false);
    const aborted = new AbortController();
    aborted.abort();
    await e.say("stop", { abortSignal: aborted.signal });
    expect(await e.isBusy()).toBe(false);

    const waiting = await engine({ agent: agent("root", [never]) });
    const next = waiting.stream("hi").next();
    await settle();
    expect(await waiting.isBusy()).toBe(true);
    await waiting.runner.close();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(await waiting.isBusy()).toBe(false);
  });

  it.each([
    { of: "the grace", leaseTtlMs: 60_000, endsAfterMs: 3_000 },
    { of: "its time to live", leaseTtlMs: 1_500, endsAfterMs: 1_500 },
  ])(
    "lapses when the store does not answer its release: the caller waits no longer than $of",
    async ({ leaseTtlMs, endsAfterMs }) => {
      await using e = await engine({ agent: agent("root", ["one", "two"]) });
      const mute = decorateStore(e.store, {
        lease: (command) => (command.op === "release" ? never() : e.store.lease(command)),
      });
      const sessionService = new BaseSessionService(mute, { clock: e.clock });
      const runner = e.another({ sessionService, leaseTtlMs, abortGraceMs: 2_000 });
      const ended: string[] = [];
      async function endsInTime(ending: Promise<unknown>, name: string): Promise<void> {
        const done = ending.then(() => ended.push(name));
        await e.clock.advance(endsAfterMs - 1);
        expect(ended).not.toContain(name);
        await e.clock.advance(1);
        expect(ended).toContain(name);
        await done;
        await e.clock.advance(leaseTtlMs - endsAfterMs);
      }
      const stopped = new AbortController();
      const request = { userId: "u", sessionId: "s", newMessage: user("hi") };
      const run = runner.run({ ...request, abortSignal: stopped.signal });
      await settle();
      stopped.abort();
      await endsInTime(run, "run");
      expect(told(await run)).toEqual(["root: one"]);
      const again = runner.run(request);
      await settle();
      await endsInTime(runner.close(), "close");
      expect(told(await again)).toEqual(["root: two"]);
      const lapses = expect.stringContaining("lapses by itself");
      expect(e.logged).toEqual([lapses, lapses]);
      expect(await e.isBusy()).toBe(false);
      expect(e.clock.pendingTimers).toBe(0);
    },
  );

  it("is given back when the message is refused after the session was opened", async () => {
    await using e = await engine({ agent: agent("root", []) });
    const reply = { parts: [{ functionResponse: { id: "no", name: "no", response: {} } }] };
    await expect(e.say(reply)).rejects.toMatchObject({ code: "CALL_NOT_FOUND" });
    expect(await e.isBusy()).toBe(false);
    expect(await e.log()).toEqual([]);
  });

  it("names the open invocation and counts its attempts", async () => {
    const epochs: [number, number][] = [];
    const note = tool("note", (_args, context) => {
      epochs.push([context.leaseEpoch, context.invocationContext.invocation.lease.attempt]);
      return "ok";
    });
    const root = agent("root", [calls(["note"]), "done", calls(["note"]), "done"], {
      tools: [note],
    });
    await using e = await engine({ agent: root });
    const [first] = await e.say("hi", { invocationId: "inv" });
    expect(first?.invocationId).toBe("inv");
    expect((await e.sessions.listInterrupted({ appName: "app" })).sessions).toEqual([]);
    await e.say("again");
    expect(epochs.map(([, attempt]) => attempt)).toEqual([1, 1]);
    expect((epochs[1]?.[0] ?? 0) > (epochs[0]?.[0] ?? 0)).toBe(true);
  });

  it("is renewed while a model is silent for a minute", async () => {
    const answer = latch<string>();
    await using e = await engine({ agent: agent("root", [() => answer.promise]) });
    const run = e.say("hi");
    await e.clock.advance(60_000);
    expect(await e.isBusy()).toBe(true);
    answer.open("late, but here");
    expect(told(await run)).toEqual(["root: late, but here"]);
    expect(await e.isBusy()).toBe(false);
    expect(e.clock.pendingTimers).toBe(0);
  });

  it("stops the run when somebody else has taken the session; nothing is written after that", async () => {
    const stopped = latch<void>();
    const slow = tool("slow", async (_args, context) => {
      await fired(context.abortSignal);
      stopped.open();
      return "too late";
    });
    await using e = await engine({
      agent: agent("root", [calls(["slow"]), "never"], { tools: [slow] }),
    });
    const run = e.say("hi").catch((error: unknown) => error);
    await settle();
    e.faults.refuse("lease", 1_000);
    await e.clock.advance(15_000);
    e.faults.heal();
    await stopped.promise;
    expect(await run).toMatchObject({ code: "SESSION_FENCED", retryable: true });
    expect(told(await e.log())).toEqual(["user: hi", "root: slow()"]);
    expect(await e.isBusy()).toBe(false);
  });

  it("is lost to another holder after it lapsed; the next append is refused and the run ends", async () => {
    const reply = latch<string>();
    await using e = await engine({ agent: agent("root", [() => reply.promise]) });
    // A process that was frozen: none of its timers ran, and others saw its lease lapse.
    const frozen = new VirtualClock(e.clock.now());
    const sleeper = e.another({
      clock: frozen,
      sessionService: new BaseSessionService(e.store, { clock: frozen }),
    });
    const run = sleeper.run({ userId: "u", sessionId: "s", newMessage: user("hi") });
    run.catch(() => undefined);
    await settle();
    await e.clock.advance(14_999);
    await expect(e.sessions.acquireLease(HOLD)).rejects.toMatchObject({ code: "SESSION_BUSY" });
    await e.clock.advance(1);
    const lease = await e.sessions.acquireLease(HOLD);
    reply.open("I was asleep");
    await expect(run).rejects.toMatchObject({ code: "SESSION_FENCED" });
    expect(told(await e.log())).toEqual(["user: hi"]);
    expect(lease.lost.aborted).toBe(false);
    await lease.release();
    expect(frozen.pendingTimers).toBe(0);
  });

  it("stops being renewed when an event has not been taken for consumerIdleMs", async () => {
    const root = agent("root", [calls(["ping"]), "never asked for"], {
      tools: [tool("ping", () => "pong")],
    });
    await using e = await engine({ agent: root, consumerIdleMs: 20_000 });
    const stream = e.stream("hi");
    await stream.next();
    await e.clock.advance(29_000);
    expect(await e.isBusy()).toBe(true); // last renewed after 15 s
    await e.clock.advance(20_000);
    const taken = await e.sessions.acquireLease(HOLD);
    const rest = await stream.next().catch((error: unknown) => error);
    expect(rest).toMatchObject({ code: "SESSION_FENCED" });
    await taken.release();
    expect(told(await e.log())).toEqual(["user: hi", "root: ping()"]);
    expect(root.llm.requests).toHaveLength(1);
  });

  it("is renewed again when the consumer comes back before it has lapsed", async () => {
    const reply = latch<string>();
    const root = agent("root", [calls(["ping"]), () => reply.promise], {
      tools: [tool("ping", () => "pong")],
    });
    await using e = await engine({ agent: root, consumerIdleMs: 20_000 });
    const stream = e.stream("hi");
    await stream.next();
    await e.clock.advance(25_000); // no longer renewed, not lapsed yet
    await stream.next();
    const last = stream.next();
    await e.clock.advance(60_000);
    expect(await e.isBusy()).toBe(true);
    reply.open("done");
    expect(told([(await last).value as Event])).toEqual(["root: done"]);
    await stream.return(undefined);
  });

  it("goes on being renewed for a consumer that is slow but alive", async () => {
    const pings = Array.from({ length: 3 }, () => calls(["ping"]));
    const root = agent("root", [...pings, "done"], { tools: [tool("ping", () => "pong")] });
    await using e = await engine({ agent: root, consumerIdleMs: 20_000 });
    let seen = 0;
    for await (const _ of e.stream("hi")) {
      seen++;
      await e.clock.advance(19_000);
      expect(await e.isBusy()).toBe(true);
    }
    expect(seen).toBe(7);
    expect(e.clock.pendingTimers).toBe(0);
  });

  it("does not stand in the way of a writer without a lease", async () => {
    const side = tool("side", async () => {
      const session = await e.session();
      await e.sessions.appendEvent({
        session,
        event: createEvent({ author: "clock", actions: { stateDelta: { tick: 1 } } }),
      });
      return "ok";
    });
    const root = agent("root", [calls(["side"]), "done {tick}"], { tools: [side] });
    await using e = await engine({ agent: root });
    expect(told(await e.say("hi"))).toEqual([
      "root: side()",
      'root: side → {"result":"ok"}',
      "root: done {tick}",
    ]);
    expect(told(await e.log())).toEqual([
      "user: hi",
      "root: side()",
      "clock: ",
      'root: side → {"result":"ok"}',
      "root: done {tick}",
    ]);
    expect((await e.log()).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
  });
});
