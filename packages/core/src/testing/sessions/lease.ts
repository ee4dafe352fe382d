import { strict as assert } from "node:assert";
import type { BaseSessionService } from "../../sessions/base-session-service.ts";
import type { SessionLease } from "../../sessions/lease.ts";
import type {
  AcquireCommand,
  AppendCommand,
  Grant,
  LeaseCommand,
  Outcome,
  SessionStore,
} from "../../sessions/session-store.ts";
import { rejects } from "../rejects.ts";
import {
  allRefused,
  change,
  KEY,
  LAPSE_MS,
  later,
  load,
  LONG_MS,
  message,
  pass,
  plain,
  race,
  range,
  settle,
  SHORT_MS,
  storeOf,
  textsOf,
} from "./helpers.ts";
import type { SessionCase } from "./subject.ts";

/** Who may run a session. */
export const leaseCases: readonly SessionCase[] = [
  {
    key: "lease-race-one-winner",
    title: "of 16 callers that want the lease at once one gets it, the others SESSION_BUSY",
    level: "lease",
    async run(subject) {
      const services = await Promise.all(range(1, 4).map(async () => await subject.open()));
      await services[0]!.createSession(KEY);
      const { won, lost } = await race(
        range(0, 15).map(
          async (n) => await acquire(services[n % 4]!, { owner: `o${n}`, ttlMs: LONG_MS }),
        ),
      );
      assert.equal(won.length, 1);
      allRefused(lost, "SESSION_BUSY");
      const error = await rejects(acquire(services[1]!, { ttlMs: LONG_MS }), "SESSION_BUSY");
      assert.equal(error.retryable, true);
      const left = error.details["expiresInMs"];
      assert.ok(
        typeof left === "number" && left > 0 && left <= LONG_MS,
        `expiresInMs ${String(left)}`,
      );
    },
  },
  {
    key: "lease-unknown-session",
    title: "the lease of a session that is not there is SESSION_NOT_FOUND",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      await rejects(acquire(service, {}), "SESSION_NOT_FOUND");
      await rejects(
        service.openSession({ ...KEY, owner: "o", ttlMs: LONG_MS }),
        "SESSION_NOT_FOUND",
      );
    },
  },
  {
    key: "lease-bad-requests",
    title: "a time to live out of its bounds and an owner that is no id are refused",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      await service.createSession(KEY);
      for (const ttlMs of [0, 99, -1, Number.NaN, 3_600_001])
        await rejects(acquire(service, { ttlMs }), "INVALID_ARGUMENT");
      for (const owner of ["", "x".repeat(513)])
        await rejects(acquire(service, { owner }), "INVALID_ARGUMENT");
      for (const waitMs of [-1, Number.NaN])
        await rejects(acquire(service, { waitMs }), "INVALID_ARGUMENT");
      await (await acquire(service, {})).release();
    },
  },
  {
    key: "lease-release-frees-at-once",
    title: "a released lease can be taken at once, and the next one has a higher epoch",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      const other = await subject.open();
      await service.createSession(KEY);
      let epoch = 0;
      for (const each of [service, other, service]) {
        const lease = await acquire(each, {});
        assert.ok(lease.epoch > epoch, `epoch ${lease.epoch} after ${epoch}`);
        epoch = lease.epoch;
        await lease.release();
        await lease.release();
      }
    },
  },
  {
    key: "lease-renewed-by-timer",
    title: "a held lease is renewed in quiet times, far beyond its time to live",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      await service.createSession(KEY);
      const lease = await acquire(service, { ttlMs: SHORT_MS });
      const { epoch } = lease;
      const other = await subject.open();
      for (let step = 0; step < 6; step++) {
        await pass(subject, SHORT_MS / 2);
        await rejects(acquire(other, {}), "SESSION_BUSY");
      }
      assert.equal(lease.lost.aborted, false);
      assert.equal(lease.epoch, epoch);
      await lease.release();
      await (await acquire(other, {})).release();
    },
  },
  {
    key: "lease-renew-extends",
    title: "a renewal by hand extends the lease from its own moment",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      await service.createSession(KEY);
      const lease = await acquire(service, { ttlMs: SHORT_MS });
      lease.keepAlive(false);
      const other = await subject.open();
      for (let step = 0; step < 3; step++) {
        await pass(subject, SHORT_MS * 0.6);
        await lease.renew();
      }
      await rejects(acquire(other, {}), "SESSION_BUSY");
      await pass(subject, LAPSE_MS);
      await (await acquire(other, {})).release();
    },
  },
  {
    key: "lease-lapsed-taken-over",
    title: "a lapsed lease goes to the next one with a higher epoch, and its old holder is fenced",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      const old = await acquire(service, { ttlMs: SHORT_MS });
      old.keepAlive(false);
      await service.appendEvent({ session, event: message("m1"), lease: old });
      await pass(subject, LAPSE_MS);
      const other = await subject.open();
      const next = await acquire(other, {});
      assert.ok(next.epoch > old.epoch);
      await rejects(
        service.appendEvent({ session, event: change("zombie", { "user:z": 1 }), lease: old }),
        "SESSION_FENCED",
      );
      assert.deepEqual(textsOf(session.events), ["m1"]);
      const handle = await load(other);
      await other.appendEvent({ session: handle, event: message("m2"), lease: next });
      assert.deepEqual(textsOf((await load(service)).events), ["m1", "m2"]);
      assert.deepEqual(plain(await service.getUserState(KEY)), {});
      await next.release();
    },
  },
  {
    key: "lease-lost-signal",
    title: "a holder whose lease was taken over learns it from a renewal and from its signal",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      await service.createSession(KEY);
      const old = await acquire(service, { ttlMs: SHORT_MS });
      old.keepAlive(false);
      await pass(subject, LAPSE_MS);
      const next = await acquire(await subject.open(), {});
      await rejects(old.renew(), "SESSION_FENCED");
      assert.equal(old.lost.aborted, true);
      await old.release();
      await rejects(acquire(service, {}), "SESSION_BUSY");
      assert.equal(next.lost.aborted, false, "a late release takes nobody's lease");
      await next.release();
    },
  },
  {
    key: "lease-wait",
    title: "with waitMs a caller gets the lease as soon as its holder gives it back",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      await service.createSession(KEY);
      const holder = await acquire(service, {});
      const order: string[] = [];
      const waiters = ["a", "b", "c"].map(async (owner) => {
        const lease = await acquire(service, { owner, waitMs: 10_000 });
        order.push(owner);
        await lease.release();
      });
      const all = later(Promise.all(waiters));
      await pass(subject, 50);
      assert.deepEqual(order, []);
      await holder.release();
      await settle(subject, all);
      assert.deepEqual(order, ["a", "b", "c"], "callers of one process wait in order");
    },
  },
  {
    key: "lease-wait-across-services",
    title: "a caller waits for a holder in another process, too",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      await service.createSession(KEY);
      const holder = await acquire(service, {});
      const waiting = later(acquire(await subject.open(), { waitMs: 10_000 }));
      await pass(subject, 50);
      await holder.release();
      const lease = await settle(subject, waiting);
      assert.ok(lease.epoch > holder.epoch);
      await lease.release();
    },
  },
  {
    key: "lease-wait-ends",
    title: "a caller that has waited waitMs in vain gets SESSION_BUSY",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      await service.createSession(KEY);
      const holder = await acquire(service, {});
      await rejects(
        settle(subject, acquire(await subject.open(), { waitMs: 120 })),
        "SESSION_BUSY",
      );
      await rejects(settle(subject, acquire(service, { waitMs: 120 })), "SESSION_BUSY");
      await holder.release();
      await (await acquire(service, {})).release();
    },
  },
  {
    key: "lease-epoch-over-lives",
    title: "the epoch grows over deletion and a new life of the id",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      await service.createSession(KEY);
      let epoch = 0;
      for (let holder = 0; holder < 3; holder++) {
        const lease = await acquire(service, {});
        epoch = lease.epoch;
        await lease.release();
      }
      await pass(subject, 10);
      await service.deleteSession(KEY);
      await service.createSession(KEY);
      const lease = await acquire(service, {});
      assert.ok(lease.epoch > epoch, `epoch ${lease.epoch} after ${epoch}`);
      await lease.release();
    },
  },
  {
    key: "append-under-released-lease",
    title: "an append under a lease that was given back is SESSION_FENCED",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      const lease = await acquire(service, {});
      await service.appendEvent({ session, event: message("m1"), lease });
      await lease.release();
      const late = change("late", { a: 1 });
      await rejects(service.appendEvent({ session, event: late, lease }), "SESSION_FENCED");
      const found = await load(service);
      assert.deepEqual(textsOf(found.events), ["m1"]);
      assert.deepEqual(plain(found.state), {});
    },
  },
  {
    key: "append-beside-lease",
    title:
      "an append without a lease succeeds while another one holds it, and the holder catches up",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      await service.createSession(KEY);
      const { session, lease } = await service.openSession({ ...KEY, owner: "o", ttlMs: LONG_MS });
      const other = await subject.open();
      const side = await load(other);
      await other.appendEvent({ session: side, event: change("side", { side: 1 }) });
      await service.appendEvent({ session, event: message("mine"), lease });
      assert.deepEqual(textsOf(session.events), ["side", "mine"]);
      assert.deepEqual(plain(session.state), { side: 1 });
      await lease.release();
    },
  },
  {
    key: "append-extends-lease",
    title: "an append under a lease extends it; a duplicate does not",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      const lease = await acquire(service, { ttlMs: SHORT_MS });
      lease.keepAlive(false);
      const other = await subject.open();
      const event = message("m");
      await pass(subject, SHORT_MS * 0.6);
      await service.appendEvent({ session, event, lease });
      await pass(subject, SHORT_MS * 0.6);
      await rejects(acquire(other, {}), "SESSION_BUSY");
      await service.appendEvent({ session, event, lease });
      await pass(subject, SHORT_MS * 0.6);
      await (await acquire(other, {})).release();
    },
  },
  {
    key: "lease-acquire-repeated",
    title: "acquiring again under the current id extends and returns the same grant",
    level: "lease",
    async run(subject) {
      const store = await leasable(subject);
      const first = await granted(store.lease(acquireAs("l1")));
      await store.append(appendAs("l1", "e1", { invocationId: "e-1" }));
      const again = await granted(store.lease(acquireAs("l1", LONG_MS * 2)));
      assert.equal(again.epoch, first.epoch);
      assert.equal(again.attempt, 1, "no attempt is counted");
      assert.equal(again.lastSequence, 1);
      assert.ok(again.expiresInMs > LONG_MS, "it was extended");
      const busy = await store.lease(acquireAs("l2"));
      assert.equal(busy.status, "busy");
    },
  },
  {
    key: "lease-late-acquire-fenced",
    title: "a late copy of an acquire whose lease was given back takes no ghost lease",
    level: "lease",
    async run(subject) {
      const store = await leasable(subject);
      await granted(store.lease(acquireAs("l1")));
      await store.lease({ ...KEY, op: "release", leaseId: "l1" });
      assert.equal((await store.lease(acquireAs("l1"))).status, "fenced");
      await granted(store.lease(acquireAs("l2")));
    },
  },
  {
    key: "lease-renew-lapsed",
    title: "renewing a lapsed lease that nobody took succeeds, one that was taken is fenced",
    level: "lease",
    async run(subject) {
      const store = await leasable(subject);
      const first = await granted(store.lease(acquireAs("l1", SHORT_MS)));
      await pass(subject, LAPSE_MS);
      const renewed = await granted(store.lease(renewAs("l1")));
      assert.equal(renewed.epoch, first.epoch);
      assert.equal((await store.lease(acquireAs("l2"))).status, "busy");
      await granted(store.lease(renewAs("l1", SHORT_MS)));
      await pass(subject, LAPSE_MS);
      const second = await granted(store.lease(acquireAs("l2")));
      assert.ok(second.epoch > first.epoch);
      assert.equal((await store.lease(renewAs("l1"))).status, "fenced");
    },
  },
  {
    key: "lease-renew-not-held",
    title: "renewing a lease that was given back, or never taken, is fenced",
    level: "lease",
    async run(subject) {
      const store = await leasable(subject);
      assert.equal((await store.lease(renewAs("l0"))).status, "fenced");
      await granted(store.lease(acquireAs("l1")));
      assert.equal((await store.lease(renewAs("l2"))).status, "fenced");
      await store.lease({ ...KEY, op: "release", leaseId: "l1" });
      assert.equal((await store.lease(renewAs("l1"))).status, "fenced");
      assert.equal((await store.read(KEY))?.header.leaseExpiresInMs, undefined);
    },
  },
  {
    key: "lease-release-never-fails",
    title: "a release never fails, and under another id it does nothing",
    level: "lease",
    async run(subject) {
      const store = await leasable(subject);
      const release = async (leaseId: string): Promise<void> => {
        await store.lease({
          ...KEY,
          op: "release",
          leaseId,
          ended: "e-1",
          header: { windowFrom: 9 },
        });
      };
      await release("l0");
      await granted(store.lease(acquireAs("l1")));
      await store.append(appendAs("l1", "e1", { invocationId: "e-1" }));
      await release("l2");
      const header = (await store.read(KEY))?.header;
      assert.equal(header?.invocationId, "e-1");
      assert.equal(header?.windowFrom, 1);
      assert.equal((await store.lease(acquireAs("l3"))).status, "busy");
      await release("l1");
      await release("l1");
      assert.equal((await store.read(KEY))?.header.invocationId, undefined);
      await store.lease({ ...KEY, sessionId: "nowhere", op: "release", leaseId: "l1" });
      await granted(store.lease(acquireAs("l3")));
      await release("l1");
      assert.equal(
        (await store.lease(acquireAs("l4"))).status,
        "busy",
        "a late copy frees nobody's",
      );
    },
  },
  {
    key: "append-fenced-by-lease-id",
    title:
      "an append is fenced unless its lease is the current, unreleased one; lapsed alone is not",
    level: "lease",
    async run(subject) {
      const store = await leasable(subject);
      const status = async (leaseId: string, id: string): Promise<string> =>
        (await store.append(appendAs(leaseId, id, {}, SHORT_MS))).status;
      assert.equal(await status("l0", "a"), "fenced");
      await granted(store.lease(acquireAs("l1", SHORT_MS)));
      assert.equal(await status("l1", "b"), "ok");
      await pass(subject, LAPSE_MS);
      assert.equal(await status("l1", "c"), "ok", "nobody took it");
      assert.equal((await store.lease(acquireAs("l2"))).status, "busy", "it was extended");
      await pass(subject, LAPSE_MS);
      await granted(store.lease(acquireAs("l2")));
      assert.equal(await status("l1", "d"), "fenced");
      await store.lease({ ...KEY, op: "release", leaseId: "l2" });
      assert.equal(await status("l2", "e"), "fenced");
      assert.equal(await status("l1", "f"), "fenced");
      assert.equal((await store.read(KEY))?.header.lastSequence, 2);
    },
  },
  {
    key: "open-loads-and-leases",
    title: "openSession gives the lease and the session as it is, in one",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      const writer = await service.createSession({ ...KEY, state: { a: 1 } });
      await service.appendEvent({ session: writer, event: change("m1", { "user:u": 1 }) });
      const other = await subject.open();
      const opened = await other.openSession({ ...KEY, owner: "o", ttlMs: LONG_MS });
      assert.deepEqual(plain(opened.session), plain(await load(service)));
      assert.deepEqual(opened.kept, []);
      assert.equal(opened.openInvocationId, undefined);
      await rejects(service.openSession({ ...KEY, owner: "p", ttlMs: LONG_MS }), "SESSION_BUSY");
      await other.appendEvent({
        session: opened.session,
        event: message("m2"),
        lease: opened.lease,
      });
      assert.deepEqual(textsOf(opened.session.events), ["m1", "m2"]);
      await opened.lease.release();
      const again = await other.openSession({ ...KEY, owner: "o", ttlMs: LONG_MS });
      assert.deepEqual(plain(again.session), plain(await load(service)));
      await again.lease.release();
    },
  },
  {
    key: "open-again-after-others-wrote",
    title: "openSession shows what others wrote, deleted or raised again since it was last called",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      const other = await subject.open();
      const reopen = async (): Promise<string[]> => {
        const { session, lease } = await service.openSession({
          ...KEY,
          owner: "o",
          ttlMs: LONG_MS,
        });
        await lease.release();
        assert.deepEqual(plain(session), plain(await load(other)));
        return textsOf(session.events);
      };
      const side = await other.createSession(KEY);
      assert.deepEqual(await reopen(), []);
      await other.appendEvent({ session: side, event: change("m1", { a: 1 }) });
      assert.deepEqual(await reopen(), ["m1"]);
      await other.deleteSession(KEY);
      const raised = await other.createSession({ ...KEY, state: { b: 2 } });
      await other.appendEvent({ session: raised, event: message("n1") });
      assert.deepEqual(await reopen(), ["n1"]);
    },
  },
  {
    key: "open-handle-private",
    title: "what one run does to the session it opened is not seen by the next",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      const writer = await service.createSession({ ...KEY, state: { list: [{ a: 1 }] } });
      await service.appendEvent({ session: writer, event: change("m1", { more: [1] }) });
      const first = await service.openSession({ ...KEY, owner: "o", ttlMs: LONG_MS });
      const pristine = plain(first.session);
      first.session.events.push(message("never appended"));
      (first.session.state["list"] as unknown[]).length = 0;
      delete first.session.state["more"];
      await first.lease.release();
      const second = await service.openSession({ ...KEY, owner: "o", ttlMs: LONG_MS });
      assert.deepEqual(plain(second.session), pristine);
      await second.lease.release();
    },
  },
];

interface AcquireOptions {
  readonly owner?: string;
  readonly ttlMs?: number;
  readonly waitMs?: number;
}

async function acquire(
  service: BaseSessionService,
  options: AcquireOptions,
): Promise<SessionLease> {
  return await service.acquireLease({ ...KEY, owner: "test", ttlMs: LONG_MS, ...options });
}

/** A store that holds one session, of life `life-1`. */
async function leasable(subject: Parameters<SessionCase["run"]>[0]): Promise<SessionStore> {
  const store = await storeOf(subject);
  await store.create({ ...KEY, incarnation: "life-1", initialState: {} });
  return store;
}

function acquireAs(leaseId: string, ttlMs: number = LONG_MS): AcquireCommand {
  return { ...KEY, op: "acquire", leaseId, owner: "test", ttlMs };
}

function renewAs(leaseId: string, ttlMs: number = LONG_MS): LeaseCommand {
  return { ...KEY, op: "renew", leaseId, ttlMs };
}

function appendAs(
  leaseId: string,
  id: string,
  header: { invocationId?: string },
  ttlMs: number = LONG_MS,
): AppendCommand {
  const lease = { leaseId, ttlMs, header };
  return { ...KEY, incarnation: "life-1", id, timestamp: 1, data: `data of ${id}`, lease };
}

async function granted(outcome: Promise<Outcome<{ grant: Grant }>>): Promise<Grant> {
  const result = await outcome;
  assert.equal(result.status, "ok");
  return (result as { grant: Grant }).grant;
}
