import { strict as assert } from "node:assert";
import type { BaseSessionService } from "../../sessions/base-session-service.ts";
import type { OpenedSession } from "../../sessions/requests.ts";
import { rejects } from "../rejects.ts";
import {
  appendTexts,
  asking,
  KEY,
  LAPSE_MS,
  load,
  LONG_MS,
  message,
  pass,
  plain,
  range,
  sequencesOf,
  SHORT_MS,
  storeOf,
  textsOf,
  walk,
} from "./helpers.ts";
import type { SessionCase } from "./subject.ts";

const { appName, userId } = KEY;

/** The open invocation, its attempts and its cancellation; what the header holds. */
export const invocationCases: readonly SessionCase[] = [
  {
    key: "invocation-opened-and-ended",
    title: "an append under a lease names the open invocation; a release that names it ends it",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      await service.createSession(KEY);
      const first = await start(service, "e-1");
      assert.equal(first.openInvocationId, undefined);
      await first.lease.release({ ended: "e-1" });
      const second = await open(service);
      assert.equal(second.openInvocationId, undefined);
      assert.equal(second.lease.attempt, 0, "no attempt without an open invocation");
      await second.lease.release();
      assert.deepEqual(await interrupted(service), []);
    },
  },
  {
    key: "invocation-kept-without-end",
    title: "a release without `ended`, or with another invocation's id, leaves it open",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      await service.createSession(KEY);
      const first = await start(service, "e-1");
      await first.lease.release();
      const second = await open(service);
      assert.equal(second.openInvocationId, "e-1");
      await second.lease.release({ ended: "e-2" });
      const third = await open(service);
      assert.equal(third.openInvocationId, "e-1");
      await third.lease.release({ ended: "e-1" });
      const fourth = await open(service);
      assert.equal(fourth.openInvocationId, undefined);
      await fourth.lease.release();
    },
  },
  {
    key: "invocation-only-by-header",
    title: "an append without a header, or without a lease, opens no invocation",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      const side = await service.createSession(KEY);
      await appendTexts(service, side, ["side"]);
      const first = await open(service);
      await service.appendEvent({
        session: first.session,
        event: message("m"),
        lease: first.lease,
      });
      await first.lease.release();
      const second = await open(service);
      assert.equal(second.openInvocationId, undefined);
      await second.lease.release();
    },
  },
  {
    key: "invocation-replaced",
    title: "another invocation's first append takes the place of the open one",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      await service.createSession(KEY);
      await (await start(service, "e-1")).lease.release();
      const second = await start(service, "e-2");
      assert.equal(second.openInvocationId, "e-1");
      await second.lease.release({ ended: "e-1" });
      const third = await open(service);
      assert.equal(third.openInvocationId, "e-2");
      assert.equal(third.lease.attempt, 2, "the third lease is the second one of e-2");
      await third.lease.release({ ended: "e-2" });
    },
  },
  {
    key: "attempt-counts-leases",
    title: "the attempt counts the leases granted while one invocation is open",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      await service.createSession(KEY);
      const first = await start(service, "e-1", SHORT_MS);
      first.lease.keepAlive(false);
      await pass(subject, LAPSE_MS);
      const second = await open(await subject.open());
      assert.equal(second.lease.attempt, 2);
      await second.lease.renew();
      assert.equal(second.lease.attempt, 2, "a renewal is no attempt");
      await second.lease.release();
      const third = await start(service, "e-1");
      assert.equal(third.lease.attempt, 3, "its own appends count nothing");
      await third.lease.release({ ended: "e-1" });
      const fourth = await start(service, "e-2");
      await fourth.lease.release();
      assert.deepEqual(
        (await interrupted(service)).map(({ attempt }) => attempt),
        [1],
      );
    },
  },
  {
    key: "interrupted-list",
    title: "listInterrupted shows open invocations that nobody holds, and no others",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      for (const sessionId of ["crashed", "left", "running", "ended", "never"])
        await service.createSession({ ...KEY, sessionId });
      await service.createSession({ ...KEY, userId: "other", sessionId: "theirs" });
      const left = await start(service, "e-2", LONG_MS, { ...KEY, sessionId: "left" });
      await left.lease.release();
      const running = await start(service, "e-3", LONG_MS, { ...KEY, sessionId: "running" });
      const ended = await start(service, "e-4", LONG_MS, { ...KEY, sessionId: "ended" });
      await ended.lease.release({ ended: "e-4" });
      const theirs = { ...KEY, userId: "other", sessionId: "theirs" };
      await (await start(service, "e-5", LONG_MS, theirs)).lease.release();
      // Last: on a slow disk a short lease lapses during what stands above.
      const crashed = await start(service, "e-1", SHORT_MS, { ...KEY, sessionId: "crashed" });
      crashed.lease.keepAlive(false);
      assert.deepEqual(await interruptedIds(service, { userId }), ["left"]);
      await pass(subject, LAPSE_MS);
      const other = await subject.open();
      assert.deepEqual(await interruptedIds(other, { userId }), ["crashed", "left"]);
      assert.deepEqual(await interruptedIds(other, {}), ["crashed", "left", "theirs"]);
      const [found] = (await interrupted(other)).filter(({ sessionId }) => sessionId === "crashed");
      assert.deepEqual(plain(found), {
        appName,
        userId,
        sessionId: "crashed",
        invocationId: "e-1",
        lastSequence: 1,
        attempt: 1,
      });
      await running.lease.release();
    },
  },
  {
    key: "interrupted-pages",
    title: "listInterrupted comes in pages, each session once",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      const ids = range(1, 12).map((n) => `s${n}`);
      for (const sessionId of ids) {
        await service.createSession({ ...KEY, sessionId });
        const opened = await start(service, "e-1", LONG_MS, { ...KEY, sessionId });
        await opened.lease.release(Number(sessionId.slice(1)) % 3 === 0 ? { ended: "e-1" } : {});
      }
      const expected = ids.filter((id) => Number(id.slice(1)) % 3 !== 0);
      assert.deepEqual(
        (await interruptedIds(service, { pageSize: 3 })).toSorted(),
        expected.toSorted(),
      );
      await rejects(service.listInterrupted({ appName, pageToken: "garbage" }), "INVALID_ARGUMENT");
    },
  },
  {
    key: "cancel-open-invocation",
    title: "a cancel of the running invocation is accepted and reaches its holder",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      await service.createSession(KEY);
      const { lease } = await start(service, "e-1");
      assert.equal(lease.cancelled.aborted, false);
      const other = await subject.open();
      assert.equal(await other.requestCancel({ ...KEY, invocationId: "e-1" }), true);
      assert.equal(await other.requestCancel({ ...KEY, invocationId: "e-1" }), true, "again");
      await lease.renew();
      assert.equal(lease.cancelled.aborted, true);
      assert.equal(lease.lost.aborted, false);
      await lease.release({ ended: "e-1" });
    },
  },
  {
    key: "cancel-seen-by-append",
    title: "a holder learns of a cancel by its next append, which is stored",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      await service.createSession(KEY);
      const { lease, session } = await start(service, "e-1");
      await (await subject.open()).requestCancel({ ...KEY, invocationId: "e-1" });
      await service.appendEvent({ session, event: message("m2"), lease });
      assert.equal(lease.cancelled.aborted, true);
      assert.equal((await load(service)).lastSequence, 2);
      await lease.release({ ended: "e-1" });
    },
  },
  {
    key: "cancel-seen-by-timer",
    title: "a quiet holder learns of a cancel within a third of its time to live",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      await service.createSession(KEY);
      const { lease } = await start(service, "e-1", 900);
      await (await subject.open()).requestCancel({ ...KEY, invocationId: "e-1" });
      await pass(subject, 400);
      assert.equal(lease.cancelled.aborted, true);
      await lease.release({ ended: "e-1" });
    },
  },
  {
    key: "cancel-not-open",
    title: "a cancel of an invocation that is not open is false and leaves no mark",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      await service.createSession(KEY);
      assert.equal(await service.requestCancel({ ...KEY, invocationId: "e-1" }), false);
      const { lease } = await start(service, "e-1");
      assert.equal(await service.requestCancel({ ...KEY, invocationId: "e-0" }), false);
      await lease.renew();
      assert.equal(lease.cancelled.aborted, false);
      await lease.release({ ended: "e-1" });
      assert.equal(await service.requestCancel({ ...KEY, invocationId: "e-1" }), false);
      const again = await start(service, "e-1");
      await again.lease.renew();
      assert.equal(again.lease.cancelled.aborted, false);
      await again.lease.release({ ended: "e-1" });
      assert.equal(
        await service.requestCancel({ ...KEY, sessionId: "nowhere", invocationId: "e-1" }),
        false,
      );
    },
  },
  {
    key: "cancel-own-session",
    title: "a cancel reaches the session of its user, not one of the same id",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      const other = { ...KEY, userId: "another" };
      for (const key of [KEY, other]) await service.createSession(key);
      const opened = await Promise.all(
        [KEY, other].map(async (key) => {
          const held = await service.openSession({ ...key, owner: "o", ttlMs: LONG_MS });
          const header = { invocationId: "e-1" };
          await service.appendEvent({ ...held, event: message("m1"), header });
          return held;
        }),
      );
      assert.equal(await service.requestCancel({ ...KEY, invocationId: "e-1" }), true);
      for (const { lease } of opened) await lease.renew();
      assert.deepEqual(
        opened.map(({ lease }) => lease.cancelled.aborted),
        [true, false],
      );
      for (const { lease } of opened) await lease.release({ ended: "e-1" });
    },
  },
  {
    key: "cancel-waits-for-next-holder",
    title: "a cancel of an interrupted invocation reaches who takes it up",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      await service.createSession(KEY);
      await (await start(service, "e-1")).lease.release();
      assert.equal(await service.requestCancel({ ...KEY, invocationId: "e-1" }), true);
      const { lease } = await open(await subject.open());
      assert.equal(lease.cancelled.aborted, true);
      await lease.release({ ended: "e-1" });
    },
  },
  {
    key: "cancel-cleared",
    title: "a cancel is over with its invocation: by its end, or by the next one's first append",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      await service.createSession(KEY);
      const first = await start(service, "e-1");
      await service.requestCancel({ ...KEY, invocationId: "e-1" });
      await first.lease.release({ ended: "e-1" });
      const second = await start(service, "e-2");
      assert.equal(second.lease.cancelled.aborted, false);
      await service.requestCancel({ ...KEY, invocationId: "e-2" });
      await second.lease.release();
      await (await start(service, "e-3")).lease.release();
      const fourth = await open(service);
      assert.equal(fourth.openInvocationId, "e-3");
      assert.equal(fourth.lease.cancelled.aborted, false);
      await fourth.lease.release({ ended: "e-3" });
    },
  },
  {
    key: "header-window",
    title: "openSession loads from the window, and the older events that the header keeps",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      await appendTexts(
        service,
        await service.createSession(KEY),
        range(1, 6).map((n) => `m${n}`),
      );
      const first = await open(service);
      const kept = first.session.events.slice(1, 2);
      await service.appendEvent({
        session: first.session,
        event: message("m7"),
        lease: first.lease,
        header: { windowFrom: 5, kept },
      });
      await first.lease.release();
      for (const each of [service, await subject.open()]) {
        const opened = await open(each);
        assert.deepEqual(textsOf(opened.session.events), ["m5", "m6", "m7"]);
        assert.equal(opened.session.firstSequence, 5);
        assert.equal(opened.session.lastSequence, 7);
        assert.deepEqual(plain(opened.kept), plain(kept));
        assert.deepEqual(sequencesOf(opened.kept), [2]);
        await opened.lease.release();
      }
      const whole = await load(service);
      assert.deepEqual(sequencesOf(whole.events), range(1, 7), "getSession is not narrowed");
      const second = await open(service);
      await second.lease.release({ header: { windowFrom: 1, kept: null } });
      const third = await open(await subject.open());
      assert.deepEqual(sequencesOf(third.session.events), range(1, 7));
      assert.deepEqual(third.kept, []);
      await third.lease.release();
    },
  },
  {
    key: "header-patch-leaves-rest",
    title: "a header patch changes what it names and leaves the rest; a release may carry one",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      await service.createSession(KEY);
      const { event, pendingCalls } = asking("call1");
      const listed = async (): Promise<unknown> =>
        plain((await service.listSessions({ appName })).sessions[0]?.pendingCalls);
      const first = await open(service);
      const headers = [{ invocationId: "e-1", pendingCalls }, { windowFrom: 2 }, {}];
      for (const [n, header] of headers.entries())
        await service.appendEvent({ ...first, event: n === 0 ? event : message(`m${n}`), header });
      await first.lease.release();
      assert.deepEqual(await listed(), pendingCalls);
      const second = await open(await subject.open());
      assert.equal(second.openInvocationId, "e-1");
      assert.equal(second.session.firstSequence, 2);
      assert.deepEqual(plain(second.session.pendingCalls), pendingCalls);
      await second.lease.release({ ended: "e-1", header: { pendingCalls: null } });
      assert.deepEqual(await listed(), {});
      const third = await open(await subject.open());
      assert.equal(third.session.firstSequence, 2);
      assert.equal(third.openInvocationId, undefined);
      await third.lease.release();
    },
  },
  {
    key: "header-not-without-lease",
    title: "a header change without a lease is INVALID_ARGUMENT",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      await rejects(
        service.appendEvent({ session, event: message("m"), header: { windowFrom: 1 } }),
        "INVALID_ARGUMENT",
      );
      assert.equal((await load(service)).lastSequence, 0);
    },
  },
  {
    key: "store-header",
    title: "the store's header tells the open invocation, attempt, cancel and the lease's rest",
    level: "lease",
    async run(subject) {
      const store = await storeOf(subject);
      const created = await store.create({ ...KEY, incarnation: "life-1", initialState: {} });
      assert.equal(created.status, "ok");
      const header = async (): Promise<unknown> => {
        const snapshot = await store.read(KEY);
        assert.ok(snapshot);
        const { invocationId, attempt, cancelRequested, leaseExpiresInMs } = snapshot.header;
        const held = leaseExpiresInMs !== undefined && leaseExpiresInMs <= LONG_MS;
        return { invocationId, attempt, cancelRequested, held };
      };
      const none = { invocationId: undefined, attempt: 0, cancelRequested: false };
      assert.deepEqual(await header(), { ...none, held: false });
      await store.lease({ ...KEY, op: "acquire", leaseId: "l1", owner: "o", ttlMs: LONG_MS });
      assert.deepEqual(await header(), { ...none, held: true });
      const lease = { leaseId: "l1", ttlMs: LONG_MS, header: { invocationId: "e-1" } };
      const command = { ...KEY, incarnation: "life-1", id: "1", timestamp: 1, data: "x", lease };
      await store.append(command);
      await store.append({ ...command, id: "2" });
      const opened = { invocationId: "e-1", attempt: 1, cancelRequested: false };
      assert.deepEqual(await header(), { ...opened, held: true });
      const update = await store.update({ ...KEY, cancel: "e-1" });
      assert.equal(update.status, "ok");
      assert.deepEqual(await header(), { ...opened, cancelRequested: true, held: true });
      assert.equal((await store.update({ ...KEY, cancel: "e-2" })).status, "not-open");
      const third = await store.append({ ...command, id: "3" });
      assert.equal(third.status === "ok" && third.cancelRequested, true);
      await store.lease({ ...KEY, op: "release", leaseId: "l1", ended: "e-1" });
      assert.deepEqual(await header(), { ...none, held: false });
    },
  },
];

async function open(service: BaseSessionService, key: typeof KEY = KEY): Promise<OpenedSession> {
  return await service.openSession({ ...key, owner: "test", ttlMs: LONG_MS });
}

/** Opens a session and appends the first event of an invocation. */
async function start(
  service: BaseSessionService,
  invocationId: string,
  ttlMs: number = LONG_MS,
  key: typeof KEY = KEY,
): Promise<OpenedSession> {
  const opened = await service.openSession({ ...key, owner: "test", ttlMs });
  await service.appendEvent({
    session: opened.session,
    event: message(`start of ${invocationId}`, { invocationId }),
    lease: opened.lease,
    header: { invocationId },
  });
  return opened;
}

type Interrupted = Awaited<ReturnType<BaseSessionService["listInterrupted"]>>["sessions"];

async function interrupted(
  service: BaseSessionService,
  request: { userId?: string; pageSize?: number } = {},
): Promise<Interrupted> {
  return await walk(async (pageToken) => {
    const page = await service.listInterrupted({ appName, ...request, pageToken });
    return { items: page.sessions, nextPageToken: page.nextPageToken };
  });
}

async function interruptedIds(
  service: BaseSessionService,
  request: { userId?: string; pageSize?: number },
): Promise<string[]> {
  return (await interrupted(service, request)).map(({ sessionId }) => sessionId).toSorted();
}
