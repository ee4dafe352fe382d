import { strict as assert } from "node:assert";
import type { Session } from "../../sessions/session.ts";
import type { BaseSessionService } from "../../sessions/base-session-service.ts";
import { rejects } from "../rejects.ts";
import {
  answer,
  appendTexts,
  asking,
  change,
  KEY,
  keyOf,
  listedIds,
  load,
  LONG_MS,
  message,
  plain,
  range,
  sequencesOf,
  stateOf,
  storeOf,
  textsOf,
  vandalize,
} from "./helpers.ts";
import type { SessionCase } from "./subject.ts";

const { appName, userId } = KEY;
const FORK = { ...KEY, sessionId: "fork" };

/** A session with the past of another one. */
export const forkCases: readonly SessionCase[] = [
  {
    key: "fork-copies-log",
    title: "a fork has the events up to a sequence, with their ids and positions, and says whence",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const parent = await history(service);
      const fork = await service.forkSession({ ...KEY, atSequence: 2, newSessionId: "fork" });
      assert.equal(fork.id, "fork");
      assert.notEqual(fork.incarnation, parent.incarnation);
      assert.deepEqual(plain(fork.forkedFrom), { sessionId: KEY.sessionId, sequence: 2 });
      const found = await load(await subject.open(), FORK);
      assert.deepEqual(plain(found.events), plain(parent.events.slice(0, 2)));
      assert.equal(found.lastSequence, 2);
      assert.deepEqual(plain(found.forkedFrom), { sessionId: KEY.sessionId, sequence: 2 });
      assert.equal(parent.forkedFrom, undefined);
      assert.deepEqual((await listedIds(service, { appName, userId })).toSorted(), [
        "fork",
        "session",
      ]);
    },
  },
  {
    key: "fork-state-at-sequence",
    title:
      "a fork's state is what the session state was at that sequence, and the initial state is copied",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      await history(service);
      for (const [atSequence, expected] of [
        [0, { first: 0, gone: 0 }],
        [1, { first: 0, gone: 0, a: 1 }],
        [2, { first: 0, a: 2 }],
        [3, { first: 3, a: 2 }],
      ] as const) {
        const newSessionId = `fork at ${atSequence}`;
        await service.forkSession({ ...KEY, atSequence, newSessionId });
        const found = await load(
          service,
          { ...KEY, sessionId: newSessionId },
          { includeInitialState: true },
        );
        const own = Object.entries(found.state).filter(([name]) => !name.includes(":"));
        assert.deepEqual(plain(Object.fromEntries(own)), expected);
        assert.deepEqual(plain(found.initialState), { first: 0, gone: 0 });
        assert.equal(found.lastSequence, atSequence);
      }
    },
  },
  {
    key: "fork-leaves-shared-state",
    title: "shared state is neither turned back nor applied again by a fork",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const parent = await service.createSession({ ...KEY, state: { "user:u": 0, "app:a": 0 } });
      await service.appendEvent({
        session: parent,
        event: change("m1", { "user:u": 1, "app:a": 1 }),
      });
      await service.appendEvent({
        session: parent,
        event: change("m2", { "user:u": 2, "app:a": 2 }),
      });
      const fork = await service.forkSession({ ...KEY, atSequence: 1, newSessionId: "fork" });
      const shared = { "user:u": 2, "app:a": 2 };
      assert.deepEqual(plain(fork.state), shared);
      assert.deepEqual(await stateOf(service), shared);
      assert.deepEqual(plain(await service.getUserState({ appName, userId })), { u: 2 });
    },
  },
  {
    key: "fork-title-and-labels",
    title: "a fork takes title and labels along, unless others are given",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      await service.createSession({ ...KEY, title: "t", labels: { a: "1", b: "2" } });
      await service.forkSession({ ...KEY, atSequence: 0, newSessionId: "same" });
      const labels = { c: "3" };
      const given = { newSessionId: "other", title: "mine", labels };
      const forking = service.forkSession({ ...KEY, atSequence: 0, ...given });
      vandalize(labels);
      await forking;
      const same = await load(service, { ...KEY, sessionId: "same" });
      assert.equal(same.title, "t");
      assert.deepEqual(plain(same.labels), { a: "1", b: "2" });
      const other = await load(service, { ...KEY, sessionId: "other" });
      assert.equal(other.title, "mine");
      assert.deepEqual(plain(other.labels), { c: "3" });
      await service.updateSession({ ...KEY, sessionId: "same", labels: { a: null } });
      assert.deepEqual(plain((await load(service)).labels), { a: "1", b: "2" });
    },
  },
  {
    key: "fork-own-future",
    title: "a fork and its parent go on apart, in events, ids, state and deletion",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const parent = await history(service);
      const fork = await service.forkSession({ ...KEY, atSequence: 3, newSessionId: "fork" });
      await service.appendEvent({
        session: fork,
        event: change("of the fork", { a: "fork" }),
      });
      await service.appendEvent({
        session: parent,
        event: change("of the parent", { a: "parent" }),
      });
      assert.deepEqual(textsOf((await load(service)).events), ["m1", "m2", "m3", "of the parent"]);
      assert.deepEqual(textsOf((await load(service, FORK)).events), [
        "m1",
        "m2",
        "m3",
        "of the fork",
      ]);
      assert.equal((await stateOf(service))["a"], "parent");
      assert.equal((await stateOf(service, FORK))["a"], "fork");
      const again = await service.appendEvent({ session: fork, event: parent.events[0]! });
      assert.equal(again.sequence, 1, "an event that was copied is a duplicate");
      const late = await service.appendEvent({ session: fork, event: parent.events[3]! });
      assert.equal(late.sequence, 5, "one that was not copied is none");
      await service.deleteSession(KEY);
      const left = await load(service, FORK);
      assert.deepEqual(sequencesOf(left.events), range(1, 5));
      assert.equal(
        (await load(service, FORK, { includeInitialState: true })).initialState?.["first"],
        0,
      );
    },
  },
  {
    key: "fork-of-fork",
    title: "a fork can be forked",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      await history(service);
      const fork = await service.forkSession({ ...KEY, atSequence: 2, newSessionId: "fork" });
      await appendTexts(service, fork, ["f3", "f4"]);
      const second = await service.forkSession({ ...FORK, atSequence: 3, newSessionId: "second" });
      assert.deepEqual(textsOf((await load(service, keyOf(second))).events), ["m1", "m2", "f3"]);
      assert.deepEqual(plain(second.forkedFrom), { sessionId: "fork", sequence: 3 });
      assert.equal((await stateOf(service, keyOf(second)))["a"], 2);
    },
  },
  {
    key: "fork-waiting-calls",
    title: "what waits in a fork is what waited at its sequence",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      const { event, pendingCalls } = asking("call1");
      for (const each of [event, answer("call1")])
        await service.appendEvent({ session, event: each });
      for (const [atSequence, expected] of [
        [0, {}],
        [1, pendingCalls],
        [2, {}],
      ] as const) {
        const newSessionId = `fork at ${atSequence}`;
        const fork = await service.forkSession({ ...KEY, atSequence, newSessionId });
        assert.deepEqual(plain(fork.pendingCalls), expected);
        assert.deepEqual(plain((await load(service, keyOf(fork))).pendingCalls), expected);
      }
      const waiting = await listedIds(service, { appName, userId, pending: true });
      assert.deepEqual(waiting, ["fork at 1"]);
    },
  },
  {
    key: "fork-generates-id",
    title: "a fork without an id gets one",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      await history(service);
      const fork = await service.forkSession({ ...KEY, atSequence: 1 });
      assert.ok(fork.id.length >= 22);
      assert.deepEqual(textsOf((await load(service, keyOf(fork))).events), ["m1"]);
    },
  },
  {
    key: "fork-refusals",
    title: "a fork of nothing, past the end, or onto a taken id is refused and leaves no trace",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      await history(service);
      await rejects(
        service.forkSession({ ...KEY, sessionId: "nowhere", atSequence: 0, newSessionId: "fork" }),
        "SESSION_NOT_FOUND",
      );
      await rejects(
        service.forkSession({ ...KEY, userId: "other", atSequence: 0, newSessionId: "fork" }),
        "SESSION_NOT_FOUND",
      );
      for (const atSequence of [-1, 1.5, Number.NaN])
        await rejects(
          service.forkSession({ ...KEY, atSequence, newSessionId: "fork" }),
          "INVALID_ARGUMENT",
        );
      await rejects(
        service.forkSession({ ...KEY, atSequence: 4, newSessionId: "fork" }),
        "SESSION_CONFLICT",
        "INVALID_ARGUMENT",
      );
      assert.equal(await service.getSession(FORK), undefined);
      await service.createSession({ ...FORK, state: { mine: 1 } });
      await rejects(
        service.forkSession({ ...KEY, atSequence: 1, newSessionId: "fork" }),
        "SESSION_ALREADY_EXISTS",
      );
      assert.deepEqual(await stateOf(service, FORK), { mine: 1, "user:u": 1 });
    },
  },
  {
    key: "fork-needs-no-lease",
    title: "a running session can be forked, and the fork is not running",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      await history(service);
      const { session, lease } = await service.openSession({ ...KEY, owner: "o", ttlMs: LONG_MS });
      await service.appendEvent({
        session,
        event: message("m4"),
        lease,
        header: { invocationId: "e-1" },
      });
      await (await subject.open()).forkSession({ ...KEY, atSequence: 4, newSessionId: "fork" });
      const opened = await service.openSession({ ...FORK, owner: "p", ttlMs: LONG_MS });
      assert.equal(opened.openInvocationId, undefined);
      await opened.lease.release();
      await lease.release({ ended: "e-1" });
    },
  },
  {
    key: "fork-window",
    title: "a fork is loaded from its beginning, wherever the window of its source begins",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      const parent = await history(service);
      const { session, lease } = await service.openSession({ ...KEY, owner: "o", ttlMs: LONG_MS });
      await service.appendEvent({
        session,
        event: message("m4"),
        lease,
        header: { windowFrom: 4, kept: parent.events.slice(2, 3) },
      });
      await lease.release();
      for (const atSequence of [2, 4]) {
        const key = { ...KEY, sessionId: `fork at ${atSequence}` };
        await service.forkSession({ ...KEY, atSequence, newSessionId: key.sessionId });
        const request = { ...key, owner: "p", ttlMs: LONG_MS };
        const opened = await (await subject.open()).openSession(request);
        assert.deepEqual(sequencesOf(opened.session.events), range(1, atSequence));
        assert.equal(opened.session.firstSequence, 1);
        assert.deepEqual(opened.kept, []);
        await opened.lease.release();
      }
      const again = await service.openSession({ ...KEY, owner: "o", ttlMs: LONG_MS });
      assert.equal(again.session.firstSequence, 4, "the source keeps its window");
      assert.deepEqual(sequencesOf(again.kept), [3]);
      await again.lease.release();
    },
  },
  {
    key: "fork-not-cancelled",
    title: "a fork of an invocation that is to be cancelled goes on, and its attempts count anew",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      await history(service);
      const running = await service.openSession({ ...KEY, owner: "o", ttlMs: LONG_MS });
      await service.appendEvent({
        ...running,
        event: message("m4"),
        header: { invocationId: "e-1" },
      });
      await service.requestCancel({ ...KEY, invocationId: "e-1" });
      await service.forkSession({ ...KEY, atSequence: 4, newSessionId: "fork" });
      const { session, lease } = await service.openSession({ ...FORK, owner: "p", ttlMs: LONG_MS });
      assert.equal(lease.attempt, 0);
      await service.appendEvent({
        session,
        event: message("m5"),
        lease,
        header: { invocationId: "e-1" },
      });
      await lease.renew();
      assert.equal(lease.cancelled.aborted, false);
      assert.equal(lease.attempt, 1);
      assert.equal(await service.requestCancel({ ...FORK, invocationId: "e-1" }), true);
      await lease.release({ ended: "e-1" });
      await running.lease.renew();
      assert.equal(running.lease.cancelled.aborted, true, "the source is cancelled");
      await running.lease.release({ ended: "e-1" });
    },
  },
  {
    key: "fork-store-refusals",
    title: "a store refuses a fork whose source is not there, is another life, or is shorter",
    level: "core",
    async run(subject) {
      const store = await storeOf(subject);
      const source = { ...KEY, incarnation: "life-1" };
      await store.create({ ...source, initialState: { a: "1" } });
      await store.append({ ...source, id: "e1", timestamp: 1, data: "one" });
      const create = async (change: object): Promise<unknown> => {
        const fork = {
          sessionId: KEY.sessionId,
          incarnation: "life-1",
          atSequence: 1,
          state: { b: "2" },
          header: { windowFrom: 1 },
          ...change,
        };
        return await store.create({ ...FORK, incarnation: "life-f", initialState: {}, fork });
      };
      assert.deepEqual(plain(await create({ sessionId: "nowhere" })), { status: "not-found" });
      assert.deepEqual(plain(await create({ incarnation: "life-0" })), { status: "gone" });
      const conflict = await create({ atSequence: 2 });
      assert.deepEqual(plain(conflict), { status: "conflict", lastSequence: 1 });
      assert.equal(await store.read(FORK), undefined);
      assert.equal(((await create({})) as { status: string }).status, "ok");
      await store.erase(source);
      assert.equal(
        ((await create({})) as { status: string }).status,
        "ok",
        "a repeat finds its own",
      );
      const fork = await store.read({ ...FORK, events: {}, state: true, initialState: true });
      assert.deepEqual(plain(fork?.events), [{ sequence: 1, id: "e1", data: "one" }]);
      assert.deepEqual(plain(fork?.state?.session), { b: "2" });
      assert.deepEqual(plain(fork?.initialState), { a: "1" });
    },
  },
];

/** A session of three events, all of which change state. */
async function history(service: BaseSessionService): Promise<Session> {
  const session = await service.createSession({ ...KEY, state: { first: 0, gone: 0 } });
  await service.appendEvent({ session, event: change("m1", { a: 1, "user:u": 1 }) });
  await service.appendEvent({
    session,
    event: message("m2", { actions: { stateDelta: { a: 2 } }, stateRemoved: ["gone"] }),
  });
  await service.appendEvent({ session, event: change("m3", { first: 3 }) });
  return session;
}
