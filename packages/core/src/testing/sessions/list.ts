import { strict as assert } from "node:assert";
import { rejects } from "../rejects.ts";
import {
  answer,
  appendTexts,
  asking,
  KEY,
  listedIds,
  load,
  LONG_MS,
  message,
  pass,
  plain,
  range,
  vandalize,
  walk,
} from "./helpers.ts";
import type { SessionCase } from "./subject.ts";

const { appName, userId } = KEY;

/** Lists, titles and labels. */
export const listCases: readonly SessionCase[] = [
  {
    key: "list-scopes",
    title: "a list shows one user's sessions, or all of the app's, or none",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      assert.deepEqual(await service.listSessions({ appName }), { sessions: [] });
      for (const [user, id] of [
        ["user", "a"],
        ["user", "b"],
        ["other", "c"],
      ] as const)
        await service.createSession({ appName, userId: user, sessionId: id });
      await service.createSession({ appName: "app1", userId, sessionId: "d" });
      const other = await subject.open();
      assert.deepEqual((await listedIds(other, { appName, userId })).toSorted(), ["a", "b"]);
      assert.deepEqual((await listedIds(other, { appName })).toSorted(), ["a", "b", "c"]);
      assert.deepEqual(await listedIds(other, { appName, userId: "nobody" }), []);
      assert.deepEqual(await listedIds(other, { appName: "nothing" }), []);
    },
  },
  {
    key: "list-without-events-and-state",
    title: "listed sessions carry their header, and neither events nor state",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const state = { own: 1, "user:u": 1 };
      const session = await service.createSession({
        ...KEY,
        state,
        title: "t",
        labels: { a: "b" },
      });
      await appendTexts(service, session, ["m1", "m2"]);
      const [listed] = (await service.listSessions({ appName, userId })).sessions;
      assert.ok(listed);
      assert.deepEqual(listed.events, []);
      assert.deepEqual(plain(listed.state), {});
      const found = await load(service);
      const header = { ...plain(found), events: [], state: {}, firstSequence: 3 };
      assert.deepEqual(plain(listed), header);
    },
  },
  {
    key: "list-private-copy",
    title: "what a caller does to a listed session is seen by nobody else",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      await service.createSession({ ...KEY, title: "t", labels: { a: "b" } });
      const pristine = plain(await service.listSessions({ appName }));
      vandalize(await service.listSessions({ appName }));
      assert.deepEqual(plain(await service.listSessions({ appName })), pristine);
      assert.deepEqual(plain((await load(service)).labels), { a: "b" });
    },
  },
  {
    key: "list-newest-first",
    title: "the newest created session comes first, whatever happens to it later",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const first = await service.createSession({ ...KEY, sessionId: "c" });
      await pass(subject, 5);
      await service.createSession({ ...KEY, sessionId: "a" });
      await pass(subject, 5);
      await service.createSession({ appName, userId: "other", sessionId: "b" });
      await pass(subject, 5);
      await appendTexts(service, first, ["m"]);
      assert.deepEqual(await listedIds(service, { appName, userId, pageSize: 1 }), ["a", "c"]);
      assert.deepEqual(await listedIds(service, { appName, pageSize: 1 }), ["b", "a", "c"]);
    },
  },
  {
    key: "list-by-last-update",
    title: "within one user, a list can put what changed last first",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const [a, , c] = await Promise.all(
        ["a", "b", "c"].map(async (id) => await service.createSession({ ...KEY, sessionId: id })),
      );
      await service.createSession({ ...KEY, userId: "other", sessionId: "d" });
      await pass(subject, 5);
      await appendTexts(service, c!, ["m"]);
      await pass(subject, 5);
      await appendTexts(service, a!, ["m"]);
      const request = { appName, userId, orderBy: "lastUpdateTime" } as const;
      for (const pageSize of [1, 2, 100])
        assert.deepEqual(await listedIds(service, { ...request, pageSize }), ["a", "c", "b"]);
      await rejects(
        service.listSessions({ appName, orderBy: "lastUpdateTime" }),
        "INVALID_ARGUMENT",
      );
    },
  },
  {
    key: "list-pages-complete",
    title: "a walk in pages shows each of 300 sessions once, also those created in one millisecond",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const ids = range(1, 300).map((n) => `s${n}`);
      await Promise.all(
        ids.map(
          async (id, n) =>
            await service.createSession({ appName, userId: `u${n % 3}`, sessionId: id }),
        ),
      );
      const all = await listedIds(service, { appName, pageSize: 1_000 });
      assert.deepEqual(all.toSorted(), ids.toSorted());
      assert.deepEqual(await listedIds(await subject.open(), { appName, pageSize: 7 }), all);
      const own = await listedIds(service, { appName, userId: "u1", pageSize: 9 });
      assert.equal(own.length, 100);
      assert.equal(new Set(own).size, 100);
    },
  },
  {
    key: "list-pages-beside-changes",
    title: "creating and deleting during a walk neither repeats nor hides the other sessions",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      for (const n of range(1, 30)) {
        await service.createSession({ ...KEY, sessionId: `s${n}` });
        if (n % 3 === 0) await pass(subject, 2);
      }
      let pages = 0;
      const seen = await walk(async (pageToken) => {
        const page = await service.listSessions({ appName, userId, pageSize: 4, pageToken });
        const items = page.sessions.map((session) => session.id);
        pages++;
        await service.createSession({ ...KEY, sessionId: `new${pages}` });
        await service.deleteSession({ ...KEY, sessionId: items.at(-1) ?? "" });
        return { items, nextPageToken: page.nextPageToken };
      });
      assert.equal(new Set(seen).size, seen.length, "a session was shown twice");
      const old = seen.filter((id) => id.startsWith("s"));
      assert.deepEqual(
        old.toSorted(),
        range(1, 30)
          .map((n) => `s${n}`)
          .toSorted(),
      );
    },
  },
  {
    key: "list-bad-requests",
    title: "a foreign page token and a bad page size are INVALID_ARGUMENT",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      await service.createSession(KEY);
      for (const pageToken of ["garbage", "eyJ4IjoxfQ", "%%%"])
        await rejects(service.listSessions({ appName, pageToken }), "INVALID_ARGUMENT");
      for (const pageSize of [0, -1, 1.5, Number.NaN, 1_001])
        await rejects(service.listSessions({ appName, pageSize }), "INVALID_ARGUMENT");
    },
  },
  {
    key: "list-hides-neighbours",
    title: "users and apps whose ids begin alike do not see each other's sessions",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const users = ["u", "u1", "u:1", "u/1", "U"];
      for (const user of users) {
        await service.createSession({ appName, userId: user, sessionId: `s of ${user}` });
        await service.createSession({ appName: "app1", userId: user, sessionId: `t of ${user}` });
        await service.createSession({ appName: "app:u", userId: user, sessionId: `v of ${user}` });
      }
      for (const user of users)
        assert.deepEqual(await listedIds(service, { appName, userId: user }), [`s of ${user}`]);
      const all = (await listedIds(service, { appName })).toSorted();
      assert.deepEqual(all, users.map((user) => `s of ${user}`).toSorted());
      const colon = { appName: "app", userId: "u:1", sessionId: "x" };
      await service.createSession(colon);
      assert.equal(
        await service.getSession({ ...colon, appName: "app:u", userId: "1" }),
        undefined,
      );
    },
  },
  {
    key: "list-by-labels",
    title: "a label filter shows only the sessions that carry all of the labels",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const labelled = { a: { team: "red", open: "yes" }, b: { team: "red" }, c: { open: "yes" } };
      for (const [id, labels] of Object.entries(labelled))
        await service.createSession({ ...KEY, sessionId: id, labels });
      await service.createSession({ ...KEY, sessionId: "d" });
      const ids = async (labels: Record<string, string>): Promise<string[]> =>
        (await listedIds(service, { appName, userId, labels, pageSize: 1 })).toSorted();
      assert.deepEqual(await ids({ team: "red" }), ["a", "b"]);
      assert.deepEqual(await ids({ team: "red", open: "yes" }), ["a"]);
      assert.deepEqual(await ids({ team: "blue" }), []);
      assert.deepEqual(await ids({ constructor: "x" }), []);
      assert.deepEqual(await ids({}), ["a", "b", "c", "d"]);
    },
  },
  {
    key: "list-pending",
    title: "a list can show only sessions in which something waits, and says what",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      const { event, pendingCalls } = asking("call1");
      for (const sessionId of ["asked", "answered", "quiet"]) {
        await service.createSession({ ...KEY, sessionId });
        if (sessionId === "quiet") continue;
        const opened = await service.openSession({ ...KEY, sessionId, owner: "o", ttlMs: LONG_MS });
        await service.appendEvent({ ...opened, event, header: { pendingCalls } });
        if (sessionId === "answered")
          await service.appendEvent({
            ...opened,
            event: answer("call1"),
            header: { pendingCalls: null },
          });
        await opened.lease.release();
      }
      const request = { appName, userId, pending: true } as const;
      assert.deepEqual(await listedIds(service, request), ["asked"]);
      const [listed] = (await service.listSessions(request)).sessions;
      assert.deepEqual(plain(listed?.pendingCalls), pendingCalls);
      for (const config of [{}, { numRecentEvents: 0 }]) {
        const found = async (sessionId: string): Promise<unknown> =>
          plain((await load(service, { ...KEY, sessionId }, config)).pendingCalls);
        assert.deepEqual(await found("asked"), pendingCalls);
        assert.deepEqual(await found("answered"), {});
      }
      assert.equal((await listedIds(service, { appName, userId })).length, 3);
      await service.deleteSession({ ...KEY, sessionId: "asked" });
      assert.deepEqual(await listedIds(service, request), []);
    },
  },
  {
    key: "list-pending-several",
    title: "of several calls that wait, those that were not answered go on waiting, over leases",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      await service.createSession(KEY);
      const [one, two] = [asking("call1"), asking("call2")];
      const both = { ...one.pendingCalls, ...two.pendingCalls };
      const steps = [
        { event: one.event, pendingCalls: one.pendingCalls },
        { event: two.event, pendingCalls: both },
        { event: answer("call1"), pendingCalls: two.pendingCalls },
        { event: answer("call2"), pendingCalls: {} },
      ];
      for (const { event, pendingCalls } of steps) {
        const writer = await subject.open();
        const opened = await writer.openSession({ ...KEY, owner: "o", ttlMs: LONG_MS });
        await writer.appendEvent({ ...opened, event });
        await opened.lease.release();
        const waits = Object.keys(pendingCalls).length > 0;
        const request = { appName, userId, pending: true } as const;
        const { sessions } = await service.listSessions(request);
        assert.deepEqual(
          sessions.map((session) => plain(session.pendingCalls)),
          waits ? [pendingCalls] : [],
        );
        const { session, lease } = await service.openSession({
          ...KEY,
          owner: "p",
          ttlMs: LONG_MS,
        });
        assert.deepEqual(plain(session.pendingCalls), pendingCalls);
        const whileHeld = await listedIds(service, request);
        assert.deepEqual(whileHeld, waits ? [KEY.sessionId] : [], "also while it is held");
        await lease.release();
      }
    },
  },
  {
    key: "list-pending-pages",
    title: "pages of what waits miss nothing, wherever the sessions in between are",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      const { event } = asking("call1");
      const waiting = new Set([1, 2, 5, 9]);
      for (const n of range(1, 9)) {
        const key = { ...KEY, sessionId: `s${n}` };
        await service.createSession(key);
        await pass(subject, 10);
        if (!waiting.has(n)) continue;
        const opened = await service.openSession({ ...key, owner: "o", ttlMs: LONG_MS });
        await service.appendEvent({ ...opened, event });
        await opened.lease.release();
      }
      const expected = ["s9", "s5", "s2", "s1"];
      for (const pageSize of [1, 2, 3, 100]) {
        const request = { appName, userId, pending: true, pageSize } as const;
        assert.deepEqual(await listedIds(service, request), expected);
      }
      assert.deepEqual(await listedIds(service, { appName, pending: true, pageSize: 1 }), expected);
    },
  },
  {
    key: "update-title",
    title: "a title can be set, changed and removed, and the labels stay",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession({ ...KEY, labels: { a: "1" } });
      await service.updateSession({ ...KEY, title: "one" });
      assert.equal((await load(service)).title, "one");
      await service.updateSession({ ...KEY, title: "two" });
      await service.updateSession(KEY);
      assert.equal((await load(await subject.open())).title, "two");
      await service.updateSession({ ...KEY, title: null });
      const found = await load(service);
      assert.equal(found.title, undefined);
      assert.deepEqual(plain(found.labels), { a: "1" });
      assert.equal(found.incarnation, session.incarnation);
      assert.equal(found.lastSequence, 0);
    },
  },
  {
    key: "update-labels",
    title: "labels are a patch: others stay, null removes, and the list filter follows",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      await service.createSession({ ...KEY, title: "t", labels: { a: "1", b: "2" } });
      const patch = { b: "3", c: "4" };
      const updating = service.updateSession({ ...KEY, labels: patch });
      vandalize(patch);
      await updating;
      assert.deepEqual(plain((await load(service)).labels), { a: "1", b: "3", c: "4" });
      await service.updateSession({ ...KEY, labels: { a: null, never: null } });
      const found = await load(service);
      assert.deepEqual(plain(found.labels), { b: "3", c: "4" });
      assert.equal(found.title, "t");
      assert.deepEqual(await listedIds(service, { appName, labels: { a: "1" } }), []);
      assert.deepEqual(await listedIds(service, { appName, labels: { b: "3" } }), ["session"]);
    },
  },
  {
    key: "update-unknown",
    title: "updating a session that is not there is SESSION_NOT_FOUND and creates nothing",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      await rejects(service.updateSession({ ...KEY, title: "x" }), "SESSION_NOT_FOUND");
      assert.equal(await service.getSession(KEY), undefined);
    },
  },
  {
    key: "update-needs-no-lease",
    title: "title and labels can be changed while another one runs the session, who goes on",
    level: "lease",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      const lease = await service.acquireLease({ ...KEY, owner: "runner", ttlMs: LONG_MS });
      await (await subject.open()).updateSession({ ...KEY, title: "t", labels: { a: "b" } });
      await service.appendEvent({ session, event: message("m"), lease });
      await lease.release();
      const found = await load(service);
      assert.equal(found.title, "t");
      assert.equal(found.lastSequence, 1);
    },
  },
];
