import { strict as assert } from "node:assert";
import { rejects } from "../rejects.ts";
import {
  allRefused,
  appStateShows,
  appendTexts,
  change,
  KEY,
  load,
  LONG_MS,
  message,
  pass,
  plain,
  race,
  range,
  stateOf,
  textsOf,
  vandalize,
} from "./helpers.ts";
import type { SessionCase } from "./subject.ts";

const { appName, userId, sessionId } = KEY;

/** Creating, getting and deleting one session. */
export const createCases: readonly SessionCase[] = [
  {
    key: "create-generates-id",
    title: "a session created without an id gets one that nobody guesses, and is empty",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const first = await service.createSession({ appName, userId });
      const second = await service.createSession({ appName, userId, sessionId: "  " });
      assert.ok(first.id.length >= 22, `the id "${first.id}" is too short for 122 random bits`);
      assert.ok(second.id.trim().length >= 22, "a blank id is no id");
      assert.notEqual(first.id, second.id);
      assert.equal(first.lastSequence, 0);
      assert.equal(first.firstSequence, 1);
      assert.deepEqual(first.events, []);
      assert.deepEqual(plain(first.state), {});
      assert.deepEqual(plain(first.pendingCalls), {});
    },
  },
  {
    key: "create-with-id",
    title: "a session created with an id is found under it",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const created = await service.createSession({ ...KEY, state: { a: 1 } });
      assert.equal(created.id, sessionId);
      assert.equal(created.appName, appName);
      assert.equal(created.userId, userId);
      const found = await load(await subject.open());
      assert.equal(found.id, sessionId);
      assert.equal(found.incarnation, created.incarnation);
      assert.equal(found.createTime, created.createTime);
      assert.deepEqual(plain(found.state), { a: 1 });
    },
  },
  {
    key: "create-existing-refused",
    title: "creating a session that exists is SESSION_ALREADY_EXISTS and changes nothing",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession({
        ...KEY,
        state: { a: 1, "app:x": 1, "user:y": 1 },
        title: "first",
      });
      await appendTexts(service, session, ["one"]);
      const other = await subject.open();
      const state = { a: 2, b: 2, "app:x": 2, "app:new": 2, "user:y": 2, "user:new": 2 };
      await rejects(
        other.createSession({ ...KEY, state, title: "second" }),
        "SESSION_ALREADY_EXISTS",
      );
      const found = await load(other);
      assert.equal(found.incarnation, session.incarnation);
      assert.equal(found.title, "first");
      assert.deepEqual(textsOf(found.events), ["one"]);
      assert.deepEqual(plain(found.state), { a: 1, "app:x": 1, "user:y": 1 });
    },
  },
  {
    key: "create-race-one-winner",
    title: "of 16 callers that create one id at once exactly one succeeds",
    level: "core",
    async run(subject) {
      const services = await Promise.all(range(1, 4).map(async () => await subject.open()));
      const racers = range(0, 15).map(
        async (n) =>
          await services[n % services.length]!.createSession({ ...KEY, state: { winner: n } }),
      );
      const { won, lost } = await race(racers);
      assert.equal(won.length, 1);
      allRefused(lost, "SESSION_ALREADY_EXISTS");
      const found = await load(services[0]!);
      assert.equal(found.incarnation, won[0]!.incarnation);
      assert.equal(found.state["winner"], won[0]!.state["winner"]);
    },
  },
  {
    key: "create-race-fresh-app",
    title: "32 sessions created at once in a new app all exist, with every shared key",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      await Promise.all(
        range(1, 32).map(
          async (n) =>
            await service.createSession({
              appName,
              userId,
              sessionId: `s${n}`,
              state: { [`app:a${n}`]: n, [`user:u${n}`]: n, own: n },
            }),
        ),
      );
      const expected: Record<string, unknown> = { own: 7 };
      for (const n of range(1, 32)) expected[`app:a${n}`] = expected[`user:u${n}`] = n;
      await appStateShows(subject, async () => {
        assert.deepEqual(await stateOf(service, { ...KEY, sessionId: "s7" }), expected);
      });
    },
  },
  {
    key: "create-initial-state-scopes",
    title: "the initial state goes to the scope of each key",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      await service.createSession({ ...KEY, state: { own: 1, "user:u": 2, "app:a": 3 } });
      const sibling = await service.createSession({ ...KEY, sessionId: "sibling" });
      const stranger = await service.createSession({ ...KEY, userId: "stranger" });
      assert.deepEqual(await stateOf(service), { own: 1, "user:u": 2, "app:a": 3 });
      await appStateShows(subject, async () => {
        const found = await load(service, { ...KEY, sessionId: "sibling" });
        assert.deepEqual(plain(found.state), { "user:u": 2, "app:a": 3 });
      });
      assert.deepEqual(plain(sibling.state), { "user:u": 2, "app:a": 3 });
      assert.deepEqual(plain(stranger.state), { "app:a": 3 });
    },
  },
  {
    key: "create-temp-dropped",
    title: "`temp:` keys of the initial state are not stored",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      await service.createSession({ ...KEY, state: { kept: 1, "temp:x": 2 } });
      assert.deepEqual(await stateOf(service), { kept: 1 });
      const found = await load(service, KEY, { includeInitialState: true });
      assert.deepEqual(plain(found.initialState), { kept: 1 });
    },
  },
  {
    key: "create-initial-state-kept",
    title: "the session part of the initial state stays as it was, whatever is appended",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession({ ...KEY, state: { a: 1, b: [1], "user:u": 1 } });
      await service.appendEvent({
        session,
        event: message("x", {
          actions: { stateDelta: { a: 2, c: 3, "user:u": 2 } },
          stateRemoved: ["b"],
        }),
      });
      const found = await load(service, KEY, { includeInitialState: true });
      assert.deepEqual(plain(found.initialState), { a: 1, b: [1] });
      assert.deepEqual(plain(found.state), { a: 2, c: 3, "user:u": 2 });
      assert.equal((await load(service)).initialState, undefined);
    },
  },
  {
    key: "create-title-and-labels",
    title: "title and labels given at creation are kept",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const labels = { team: "red", "weird key": "ü", constructor: "x" };
      await service.createSession({ ...KEY, title: "My title", labels });
      const found = await load(service);
      assert.equal(found.title, "My title");
      assert.deepEqual(plain(found.labels), labels);
      const bare = await service.createSession({ ...KEY, sessionId: "bare" });
      assert.equal(bare.title, undefined);
    },
  },
  {
    key: "create-times",
    title: "creation and last update are one moment of the store's clock, in milliseconds",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const first = await service.createSession(KEY);
      assert.ok(Number.isInteger(first.createTime) && first.createTime > 1e12, "milliseconds");
      assert.equal(first.lastUpdateTime, first.createTime);
      await pass(subject, 5);
      const second = await service.createSession({ ...KEY, sessionId: "later" });
      assert.ok(second.createTime > first.createTime, "the clock goes on");
    },
  },
  {
    key: "get-unknown-undefined",
    title: "getting a session that is not there is undefined",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      assert.equal(await service.getSession(KEY), undefined);
      await service.createSession(KEY);
      assert.equal(await service.getSession({ ...KEY, sessionId: "other" }), undefined);
      assert.equal(await service.getSession({ ...KEY, userId: "other" }), undefined);
      assert.equal(await service.getSession({ ...KEY, appName: "other" }), undefined);
    },
  },
  {
    key: "get-private-copy",
    title: "what a caller does to a session it got is seen by nobody else",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const state = { list: [{ deep: [1] }], map: { a: { b: 1 } }, "app:l": [1], "user:l": [1] };
      const session = await service.createSession({ ...KEY, state, labels: { a: "b" } });
      await service.appendEvent({ session, event: change("one", { more: { deep: [1] } }) });
      const pristine = plain(await load(service));
      const held = await load(service);
      vandalize(session);
      vandalize(await load(service));
      vandalize(await load(service, KEY, { includeInitialState: true }));
      assert.deepEqual(plain(held), pristine);
      assert.deepEqual(plain(await load(service)), pristine);
      assert.deepEqual(plain(await load(await subject.open())), pristine);
    },
  },
  {
    key: "create-copies-state",
    title: "a state that its caller changes once the call has begun is stored as it was given",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const state = { list: [{ deep: [1] }], "app:l": [1], "user:l": { a: 1 } };
      const labels = { a: "b" };
      const pristine = plain(state);
      const creating = service.createSession({ ...KEY, state, labels });
      vandalize(state);
      vandalize(labels);
      const session = await creating;
      assert.deepEqual(plain(session.state), pristine);
      const found = await load(service, KEY, { includeInitialState: true });
      assert.deepEqual(plain(found.state), pristine);
      assert.deepEqual(plain(found.initialState), { list: pristine.list });
      assert.deepEqual(plain(found.labels), { a: "b" });
    },
  },
  {
    key: "get-or-create-race",
    title: "getOrCreateSession creates once, whoever wins, and all callers get the same session",
    level: "core",
    async run(subject) {
      const services = await Promise.all(range(1, 4).map(async () => await subject.open()));
      const sessions = await Promise.all(
        range(0, 15).map(
          async (n) =>
            await services[n % 4]!.getOrCreateSession({
              ...KEY,
              state: { winner: n, [`k${n}`]: 1 },
            }),
        ),
      );
      const first = sessions[0]!;
      assert.equal(new Set(sessions.map((session) => session.incarnation)).size, 1);
      assert.equal(Object.keys(first.state).length, 2, "only the winner's state");
      for (const session of sessions) assert.deepEqual(plain(session.state), plain(first.state));
      assert.deepEqual(await stateOf(services[0]!), plain(first.state));
    },
  },
  {
    key: "get-or-create-existing",
    title: "getOrCreateSession of a session that exists returns it with its events, unchanged",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession({ ...KEY, state: { a: 1 }, title: "kept" });
      await appendTexts(service, session, ["one"]);
      const found = await service.getOrCreateSession({
        ...KEY,
        state: { a: 2, "app:x": 2 },
        title: "not this",
      });
      assert.equal(found.incarnation, session.incarnation);
      assert.equal(found.title, "kept");
      assert.deepEqual(textsOf(found.events), ["one"]);
      assert.deepEqual(plain(found.state), { a: 1 });
    },
  },
  {
    key: "delete-idempotent",
    title: "deleting is silent, also twice and of what never was",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      await service.deleteSession(KEY);
      await service.createSession(KEY);
      await service.deleteSession(KEY);
      await service.deleteSession(KEY);
      assert.equal(await service.getSession(KEY), undefined);
      assert.deepEqual((await service.listSessions({ appName, userId })).sessions, []);
    },
  },
  {
    key: "delete-removes-events-and-state",
    title: "a session created again after a deletion starts empty, as another life",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const first = await service.createSession({ ...KEY, state: { a: 1 }, title: "t" });
      const event = message("one", { id: "same-id", actions: { stateDelta: { b: 2 } } });
      await service.appendEvent({ session: first, event });
      await service.deleteSession(KEY);
      const second = await service.createSession({ ...KEY, state: { c: 3 } });
      assert.notEqual(second.incarnation, first.incarnation);
      const found = await load(await subject.open(), KEY, { includeInitialState: true });
      assert.deepEqual(found.events, []);
      assert.equal(found.lastSequence, 0);
      assert.equal(found.title, undefined);
      assert.deepEqual(plain(found.state), { c: 3 });
      assert.deepEqual(plain(found.initialState), { c: 3 });
      assert.deepEqual((await service.listEvents(KEY)).events, []);
      const again = await service.appendEvent({ session: second, event });
      assert.equal(again.sequence, 1, "an event id of the first life is free in the second");
      assert.deepEqual(await stateOf(service), { b: 2, c: 3 });
    },
  },
  {
    key: "delete-keeps-shared-state",
    title: "deleting a session keeps its user's and its app's state",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      await service.createSession({ ...KEY, state: { own: 1, "user:u": 2, "app:a": 3 } });
      await service.deleteSession(KEY);
      assert.deepEqual(plain(await service.getUserState({ appName, userId })), { u: 2 });
      assert.deepEqual(plain(await service.getAppState({ appName })), { a: 3 });
      const next = await service.createSession(KEY);
      assert.deepEqual(plain(next.state), { "user:u": 2, "app:a": 3 });
    },
  },
  {
    key: "delete-frees-lease",
    title: "the lease of a deleted session does not bind the next one of that id",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      await service.createSession(KEY);
      await service.acquireLease({ ...KEY, owner: "a", ttlMs: LONG_MS });
      await service.deleteSession(KEY);
      await service.createSession(KEY);
      const other = await subject.open();
      const lease = await other.acquireLease({ ...KEY, owner: "b", ttlMs: LONG_MS });
      await lease.release();
    },
  },
  {
    key: "append-after-delete",
    title: "an append to a deleted session is SESSION_GONE and does not raise it again",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      await (await subject.open()).deleteSession(KEY);
      await rejects(
        service.appendEvent({ session, event: change("late", { "user:late": 1, "app:late": 1 }) }),
        "SESSION_GONE",
      );
      assert.equal(await service.getSession(KEY), undefined);
      assert.deepEqual(plain(await service.getUserState({ appName, userId })), {});
      assert.deepEqual(plain(await service.getAppState({ appName })), {});
      assert.equal(session.lastSequence, 0, "the handle stays as it was");
    },
  },
  {
    key: "append-old-life",
    title: "a handle of an earlier life of an id cannot write to the next one",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const old = await service.createSession(KEY);
      await service.deleteSession(KEY);
      await service.createSession(KEY);
      await rejects(
        service.appendEvent({ session: old, event: change("late", { late: 1, "user:late": 1 }) }),
        "SESSION_GONE",
      );
      const found = await load(service);
      assert.equal(found.lastSequence, 0);
      assert.deepEqual(plain(found.state), {});
    },
  },
  {
    key: "delete-user",
    title: "deleteUser takes the user's sessions and state, and nothing else",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const state = { own: 1, "user:u": 2, "app:a": 3 };
      await service.createSession({ ...KEY, state });
      const session = await service.createSession({ ...KEY, sessionId: "second" });
      await service.createSession({ ...KEY, userId: "user1", state });
      await service.createSession({ ...KEY, appName: "app1", state });
      await service.deleteUser({ appName, userId });
      assert.equal(await service.getSession(KEY), undefined);
      assert.deepEqual((await service.listSessions({ appName, userId })).sessions, []);
      assert.deepEqual(plain(await service.getUserState({ appName, userId })), {});
      assert.deepEqual(plain(await service.getAppState({ appName })), { a: 3 });
      await rejects(service.appendEvent({ session, event: message("late") }), "SESSION_GONE");
      assert.deepEqual(await stateOf(service, { ...KEY, userId: "user1" }), state);
      assert.deepEqual(await stateOf(service, { ...KEY, appName: "app1" }), state);
      await service.deleteUser({ appName, userId });
    },
  },
];
