import { strict as assert } from "node:assert";
import { appStateShows, change, KEY, load, message, plain, range, stateOf } from "./helpers.ts";
import type { SessionCase } from "./subject.ts";

const { appName, userId } = KEY;

/** State and its scopes. */
export const stateCases: readonly SessionCase[] = [
  {
    key: "state-three-scopes",
    title: "the delta of one event is visible in all its scopes together",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      const delta = { own: 1, "user:u": { deep: [1] }, "app:a": "text" };
      await service.appendEvent({ session, event: change("m", delta) });
      const other = await subject.open();
      await appStateShows(subject, async () => {
        assert.deepEqual(await stateOf(other), delta);
        assert.deepEqual(plain(await other.getAppState({ appName })), { a: "text" });
      });
      assert.deepEqual(plain(await other.getUserState({ appName, userId })), { u: { deep: [1] } });
    },
  },
  {
    key: "state-app-shared",
    title: "`app:` state is seen by every user of the app, and by no other app",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      await service.createSession({ ...KEY, userId: "other" });
      await service.createSession({ ...KEY, appName: "app1" });
      await service.appendEvent({ session, event: change("m", { "app:a": 1 }) });
      await appStateShows(subject, async () => {
        assert.deepEqual(await stateOf(service, { ...KEY, userId: "other" }), { "app:a": 1 });
      });
      assert.deepEqual(await stateOf(service, { ...KEY, appName: "app1" }), {});
      assert.deepEqual(plain(await service.getAppState({ appName: "app1" })), {});
    },
  },
  {
    key: "state-user-shared",
    title: "`user:` state is seen by the user's other sessions, and by no other user or app",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      const neighbours = [
        { ...KEY, userId: "use" },
        { ...KEY, userId: "user1" },
        { ...KEY, appName: "app1" },
      ];
      for (const key of [{ ...KEY, sessionId: "sibling" }, ...neighbours])
        await service.createSession(key);
      await service.appendEvent({ session, event: change("m", { "user:u": 1 }) });
      assert.deepEqual(await stateOf(service, { ...KEY, sessionId: "sibling" }), { "user:u": 1 });
      for (const key of neighbours) {
        assert.deepEqual(await stateOf(service, key), {});
        assert.deepEqual(plain(await service.getUserState(key)), {});
      }
    },
  },
  {
    key: "state-session-own",
    title: "session state is seen by no other session, not of a neighbouring id either",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      for (const id of ["sessio", "session1", "session:"]) {
        await service.createSession({ ...KEY, sessionId: id });
      }
      await service.appendEvent({ session, event: change("m", { own: 1 }) });
      for (const id of ["sessio", "session1", "session:"])
        assert.deepEqual(await stateOf(service, { ...KEY, sessionId: id }), {});
    },
  },
  {
    key: "state-temp-not-stored",
    title: "`temp:` keys live on the handle and are stored nowhere, not in the event either",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      const event = change("m", { "temp:t": [1], own: 1 });
      const stored = await service.appendEvent({ session, event });
      assert.deepEqual(plain(session.state), { own: 1, "temp:t": [1] });
      assert.deepEqual(plain(stored.actions.stateDelta), { own: 1 });
      const found = await load(service);
      assert.deepEqual(plain(found.state), { own: 1 });
      assert.deepEqual(plain(found.events[0]?.actions.stateDelta), { own: 1 });
      assert.deepEqual(plain(await service.getUserState({ appName, userId })), {});
      assert.deepEqual(plain(await service.getAppState({ appName })), {});
    },
  },
  {
    key: "state-null-is-a-value",
    title: "null is stored as a value in every scope",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession({ ...KEY, state: { first: null } });
      await service.appendEvent({
        session,
        event: change("m", { own: null, "user:u": null, "app:a": null }),
      });
      const expected = { first: null, own: null, "user:u": null, "app:a": null };
      assert.deepEqual(plain(session.state), expected);
      assert.deepEqual(await stateOf(service), expected);
    },
  },
  {
    key: "state-removal",
    title: "stateRemoved removes keys in every scope, and an absent key is no error",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const state = { own: 1, kept: 1, "user:u": 1, "app:a": 1 };
      const session = await service.createSession({ ...KEY, state });
      const removal = message("m", {
        stateRemoved: ["own", "user:u", "app:a", "never", "user:never"],
      });
      await service.appendEvent({ session, event: removal });
      assert.deepEqual(plain(session.state), { kept: 1 });
      assert.deepEqual(await stateOf(service), { kept: 1 });
      assert.deepEqual(plain(await service.getUserState({ appName, userId })), {});
      assert.deepEqual(plain(await service.getAppState({ appName })), {});
      await service.appendEvent({ session, event: change("m", { own: 2, "user:u": 2 }) });
      assert.deepEqual(await stateOf(service), { kept: 1, own: 2, "user:u": 2 });
    },
  },
  {
    key: "state-prefix-removed-once",
    title: "the prefix of a key is removed once, and only at its start",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      const delta = {
        "app:app:x": 1,
        "user:app:x": 2,
        "x:user:y": 3,
        ":": 4,
        application: 5,
        "App:x": 6,
        "user:temp:x": 7,
        "app:": 8,
      };
      await service.appendEvent({ session, event: change("m", delta) });
      await appStateShows(subject, async () => assert.deepEqual(await stateOf(service), delta));
      assert.deepEqual(plain(await service.getAppState({ appName })), { "app:x": 1, "": 8 });
      assert.deepEqual(plain(await service.getUserState({ appName, userId })), {
        "app:x": 2,
        "temp:x": 7,
      });
    },
  },
  {
    key: "state-large-delta",
    title: "a delta of 10,000 keys is stored whole",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      const delta: Record<string, unknown> = {};
      for (const n of range(1, 5_000)) delta[`k${n}`] = delta[`user:k${n}`] = n;
      await service.appendEvent({ session, event: change("m", delta) });
      const { state } = await load(service);
      assert.equal(Object.keys(state).length, 10_000);
      assert.deepEqual(
        Object.keys(delta).filter((name) => state[name] !== delta[name]),
        [],
      );
    },
  },
  {
    key: "state-race-distinct-keys",
    title: "20 sessions that set shared keys of their own at once lose none",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const sessions = await Promise.all(
        range(1, 20).map(async (n) => await service.createSession({ ...KEY, sessionId: `s${n}` })),
      );
      await Promise.all(
        sessions.map(async (session, n) => {
          for (const step of range(1, 3)) {
            const delta = { [`app:a${n}-${step}`]: n, [`user:u${n}-${step}`]: n };
            await service.appendEvent({ session, event: change("m", delta) });
          }
        }),
      );
      assert.equal(Object.keys(await service.getUserState({ appName, userId })).length, 60);
      await appStateShows(subject, async () => {
        assert.equal(Object.keys(await service.getAppState({ appName })).length, 60);
      });
    },
  },
  {
    key: "state-race-one-key",
    title: "when 8 sessions set one shared key at once, it has the value of one of them",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const sessions = await Promise.all(
        range(1, 8).map(async (n) => await service.createSession({ ...KEY, sessionId: `s${n}` })),
      );
      await Promise.all(
        sessions.map(async (session, n) => {
          for (const step of range(1, 5)) {
            const value = `${n}-${step}`;
            const delta = { "app:k": value, "user:k": value };
            await service.appendEvent({ session, event: change("m", delta) });
          }
        }),
      );
      const lastOnes = range(0, 7).map((n) => `${n}-5`);
      const user = await service.getUserState({ appName, userId });
      assert.ok(lastOnes.includes(String(user["k"])), `user:k is ${String(user["k"])}`);
      await appStateShows(subject, async () => {
        const app = await service.getAppState({ appName });
        assert.ok(lastOnes.includes(String(app["k"])), `app:k is ${String(app["k"])}`);
      });
    },
  },
  {
    key: "state-race-set-and-remove",
    title: "sessions that set and remove shared keys crosswise neither fail nor block each other",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const pairs = [
        ["a", "b"],
        ["b", "c"],
        ["c", "a"],
      ] as const;
      await Promise.all(
        range(0, 5).map(async (n) => {
          const session = await service.createSession({ ...KEY, sessionId: `s${n}` });
          const [set, removed] = pairs[n % 3]!;
          for (const step of range(1, 50)) {
            const swap = step % 2 === 0;
            const [on, off] = swap ? [removed, set] : [set, removed];
            await service.appendEvent({
              session,
              event: message("m", {
                actions: { stateDelta: { [`app:${on}`]: step, [`user:${on}`]: step } },
                stateRemoved: [`app:${off}`, `user:${off}`],
              }),
            });
          }
          assert.equal(session.lastSequence, 50);
        }),
      );
      for (const key of Object.keys(await service.getUserState({ appName, userId })))
        assert.ok(["a", "b", "c"].includes(key));
    },
  },
];
