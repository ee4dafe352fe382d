import { strict as assert } from "node:assert";
import { AdkError } from "../../errors.ts";
import type { BaseSessionService } from "../../sessions/base-session-service.ts";
import { notApplicable } from "../suite.ts";
import { rejects } from "../rejects.ts";
import {
  appendTexts,
  change,
  KEY,
  later,
  listedIds,
  load,
  LONG_MS,
  message,
  pass,
  plain,
  race,
  range,
  settle,
  textsOf,
} from "./helpers.ts";
import type { SessionCase } from "./subject.ts";

const { appName, userId } = KEY;

/** Retention in the cases below: sessions live this long after their last change. */
const TTL_MS = 1_000;
const EXPIRED_MS = 1_200;

/** Cancelled calls, closing, retention, administration. */
export const lifecycleCases: readonly SessionCase[] = [
  {
    key: "abort-before-call",
    title: "a call whose signal is aborted already is ABORTED and writes nothing",
    level: "lifecycle",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      const signal = AbortSignal.abort(new Error("no longer wanted"));
      const owner = { owner: "o", ttlMs: LONG_MS };
      const writes: Promise<unknown>[] = [
        service.createSession({ appName, userId, sessionId: "other", signal }),
        service.getOrCreateSession({ appName, userId, sessionId: "other", signal }),
        service.appendEvent({ session, event: change("m", { "user:a": 1 }), signal }),
        service.updateSession({ ...KEY, title: "t", signal }),
        service.forkSession({ ...KEY, atSequence: 0, newSessionId: "other", signal }),
        service.acquireLease({ ...KEY, ...owner, signal }),
        service.openSession({ ...KEY, ...owner, signal }),
        service.requestCancel({ ...KEY, invocationId: "e-1", signal }),
        service.deleteSession({ ...KEY, signal }),
        service.deleteUser({ appName, userId, signal }),
      ];
      for (const write of writes) void later(write);
      for (const write of writes) {
        const error = await rejects(write, "ABORTED");
        assert.equal(error.details["committed"], false);
      }
      for (const read of [
        service.getSession({ ...KEY, signal }),
        service.listSessions({ appName, signal }),
        service.listEvents({ ...KEY, signal }),
        service.listInterrupted({ appName, signal }),
        service.getUserState({ appName, userId, signal }),
        service.getAppState({ appName, signal }),
      ])
        await rejects(read, "ABORTED");
      assert.equal(session.lastSequence, 0);
      const found = await load(service);
      assert.equal(found.lastSequence, 0);
      assert.equal(found.title, undefined);
      assert.deepEqual(await listedIds(service, { appName }), [KEY.sessionId]);
      await (await service.acquireLease({ ...KEY, ...owner })).release();
    },
  },
  {
    key: "abort-while-waiting",
    title: "a caller that stops waiting for a lease gets ABORTED and holds nothing later",
    level: "lifecycle",
    async run(subject) {
      const service = await subject.open();
      await service.createSession(KEY);
      const holder = await service.acquireLease({ ...KEY, owner: "a", ttlMs: LONG_MS });
      const abort = new AbortController();
      const waiting = service.acquireLease({
        ...KEY,
        owner: "b",
        ttlMs: LONG_MS,
        waitMs: 60_000,
        signal: abort.signal,
      });
      const refused = later(rejects(waiting, "ABORTED"));
      await pass(subject, 50);
      abort.abort(new Error("no longer wanted"));
      await settle(subject, refused);
      await holder.release();
      const next = await service.acquireLease({ ...KEY, owner: "c", ttlMs: LONG_MS });
      await next.release();
    },
  },
  {
    key: "close-refuses-calls",
    title: "after closing every call is CLOSED, closing again is silent",
    level: "lifecycle",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      await service[Symbol.asyncDispose]();
      await service[Symbol.asyncDispose]();
      for (const call of [
        async () => await service.createSession({ ...KEY, sessionId: "other" }),
        async () => await service.getOrCreateSession({ ...KEY, sessionId: "other" }),
        async () => await service.getSession(KEY),
        async () => await service.listSessions({ appName }),
        async () => await service.listEvents(KEY),
        async () => await service.appendEvent({ session, event: message("m") }),
        async () => await service.updateSession({ ...KEY, title: "t" }),
        async () => await service.deleteSession(KEY),
        async () => await service.deleteUser({ appName, userId }),
        async () => await service.getUserState({ appName, userId }),
        async () => await service.getAppState({ appName }),
        async () => await service.acquireLease({ ...KEY, owner: "o", ttlMs: LONG_MS }),
        async () => await service.openSession({ ...KEY, owner: "o", ttlMs: LONG_MS }),
        async () => await service.requestCancel({ ...KEY, invocationId: "e" }),
        async () => await service.listInterrupted({ appName }),
        async () => await service.forkSession({ ...KEY, atSequence: 0 }),
        async () => await service.subscribe(KEY)[Symbol.asyncIterator]().next(),
      ])
        await rejects(call(), "CLOSED");
      assert.equal(session.lastSequence, 0);
    },
  },
  {
    key: "close-lets-calls-finish",
    title: "calls that run when a service is closed finish, in full or with CLOSED",
    level: "lifecycle",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      const appends = range(1, 10).map(
        async (n) => await service.appendEvent({ session, event: message(`m${n}`) }),
      );
      const racing = race(appends);
      await service[Symbol.asyncDispose]();
      const { won, lost } = await settle(subject, racing);
      for (const error of lost) assert.ok(AdkError.isInstance(error, "CLOSED"), String(error));
      const other = await subject.open();
      const found = await load(other);
      const stored = textsOf(found.events);
      for (const text of textsOf(won))
        assert.ok(stored.includes(text), `${text} was said to be stored`);
      assert.equal(stored.length, won.length);
    },
  },
  {
    key: "close-leaves-others",
    title: "closing one service leaves the others on the same store, and what was stored",
    level: "lifecycle",
    async run(subject) {
      const first = await subject.open();
      const second = await subject.open();
      const session = await first.createSession(KEY);
      await appendTexts(first, session, ["m1"]);
      await first[Symbol.asyncDispose]();
      await appendTexts(second, await load(second), ["m2"]);
      assert.deepEqual(textsOf((await load(await subject.open())).events), ["m1", "m2"]);
    },
  },
  {
    key: "close-ends-waits",
    title: "closing ends subscriptions and the renewal of held leases, which then lapse",
    level: "lifecycle",
    async run(subject) {
      const service = await subject.open();
      await service.createSession(KEY);
      await service.acquireLease({ ...KEY, owner: "o", ttlMs: 300 });
      const iterator = service.subscribe({ ...KEY, afterSequence: 0 })[Symbol.asyncIterator]();
      const waiting = iterator.next().then(
        ({ done }) => (done ? "ended" : "an event"),
        (error: unknown) => (AdkError.isInstance(error, "CLOSED") ? "ended" : String(error)),
      );
      await pass(subject, 20);
      await settle(subject, service[Symbol.asyncDispose]());
      assert.equal(await settle(subject, waiting), "ended");
      await pass(subject, 400);
      const other = await subject.open();
      await (await other.acquireLease({ ...KEY, owner: "p", ttlMs: LONG_MS })).release();
    },
  },
  {
    key: "retention-expires",
    title: "a session that nothing happened to for ttlMs is gone at once, before any purge",
    level: "lifecycle",
    async run(subject) {
      const service = await retained(subject);
      const session = await service.createSession({ ...KEY, state: { a: 1, "user:u": 1 } });
      await appendTexts(service, session, ["m1"]);
      await pass(subject, EXPIRED_MS);
      assert.equal(await service.getSession(KEY), undefined);
      assert.deepEqual(await listedIds(service, { appName, userId }), []);
      assert.deepEqual(await listedIds(service, { appName }), []);
      await rejects(service.listEvents(KEY), "SESSION_NOT_FOUND");
      await rejects(service.appendEvent({ session, event: message("late") }), "SESSION_GONE");
      await rejects(
        service.acquireLease({ ...KEY, owner: "o", ttlMs: LONG_MS }),
        "SESSION_NOT_FOUND",
      );
      await rejects(service.forkSession({ ...KEY, atSequence: 0 }), "SESSION_NOT_FOUND");
      assert.deepEqual(plain(await service.getUserState({ appName, userId })), { u: 1 });
    },
  },
  {
    key: "retention-activity-extends",
    title: "each append starts the time anew",
    level: "lifecycle",
    async run(subject) {
      const service = await retained(subject);
      const session = await service.createSession(KEY);
      await service.createSession({ ...KEY, sessionId: "idle" });
      for (let step = 0; step < 3; step++) {
        await pass(subject, TTL_MS * 0.6);
        await appendTexts(service, session, [`m${step}`]);
      }
      assert.equal((await load(service)).lastSequence, 3);
      assert.equal(await service.getSession({ ...KEY, sessionId: "idle" }), undefined);
      await pass(subject, EXPIRED_MS);
      assert.equal(await service.getSession(KEY), undefined);
    },
  },
  {
    key: "retention-id-reusable",
    title: "the id of an expired session can be created again, purged or not, and starts empty",
    level: "lifecycle",
    async run(subject) {
      const service = await retained(subject);
      const old = await service.createSession({ ...KEY, state: { a: 1 } });
      await appendTexts(service, old, ["m1"]);
      await pass(subject, EXPIRED_MS);
      const next = await service.createSession({ ...KEY, state: { b: 2 } });
      assert.notEqual(next.incarnation, old.incarnation);
      const found = await load(service);
      assert.deepEqual(found.events, []);
      assert.deepEqual(plain(found.state), { b: 2 });
      await purge(service);
      assert.ok(await service.getSession(KEY), "a purge spares the new life");
    },
  },
  {
    key: "retention-purge",
    title: "a purge deletes what has expired, up to its limit, and nothing else",
    level: "lifecycle",
    async run(subject) {
      const service = await retained(subject);
      for (const n of range(1, 5)) await service.createSession({ ...KEY, sessionId: `old${n}` });
      await pass(subject, EXPIRED_MS);
      await service.createSession(KEY);
      const first = await purge(service, 3);
      const rest = await purge(service);
      assert.deepEqual([first, rest, await purge(service)], [3, 2, 0]);
      assert.deepEqual(await listedIds(service, { appName }), [KEY.sessionId]);
    },
  },
  {
    key: "administration-answers",
    title: "migrate, also 8 at once, check and flush answer, or are UNSUPPORTED",
    level: "lifecycle",
    async run(subject) {
      const services = await Promise.all(range(1, 8).map(async () => await subject.open()));
      const supported = async (call: Promise<unknown>): Promise<void> => {
        await call.catch((error: unknown) => {
          if (!AdkError.isInstance(error, "UNSUPPORTED")) throw error;
        });
      };
      await Promise.all(services.map(async (service) => await supported(service.migrate())));
      const service = services[0]!;
      await service.createSession(KEY);
      await supported(service.flush());
      await supported(service.check());
      await Promise.all(services.map(async (each) => await supported(each.migrate())));
      assert.ok(await service.getSession(KEY));
    },
  },
];

/** A service with retention; ends the case where the store has none. */
async function retained(subject: Parameters<SessionCase["run"]>[0]): Promise<BaseSessionService> {
  const service = await subject.open({ ttlMs: TTL_MS });
  try {
    await purge(service);
  } catch (error) {
    if (AdkError.isInstance(error, "UNSUPPORTED")) notApplicable("The store has no retention.");
    throw error;
  }
  return service;
}

async function purge(service: BaseSessionService, limit?: number): Promise<number> {
  return await service.purgeExpired({ limit });
}
