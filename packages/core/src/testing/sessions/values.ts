import { strict as assert } from "node:assert";
import type { Part } from "../../content/content.ts";
import type { BaseSessionService } from "../../sessions/base-session-service.ts";
import type { SessionKey } from "../../sessions/session-store.ts";
import { rejects } from "../rejects.ts";
import {
  appendTexts,
  change,
  KEY,
  keyOf,
  listedIds,
  load,
  message,
  plain,
  stateOf,
  textsOf,
} from "./helpers.ts";
import type { SessionCase } from "./subject.ts";

const { appName, userId } = KEY;

const TEXTS: readonly string[] = [
  "",
  " ",
  "a\u0000b",
  "\u2028\u2029",
  "👩‍👩‍👧‍👦 🇩🇪",
  "שלום مرحبا",
  "𝒳𐍈",
  "e\u0301 é",
  "\\ \" ' % ; -- /* */",
  "\r\n\t\b",
  '{"json":true}',
];

const HOSTILE_IDS: readonly string[] = [
  "../../x",
  "a/b",
  "a\\b",
  "a:b",
  "b:c",
  "*",
  "?",
  "[a-z]",
  "{x}",
  "%2F",
  "'; drop table sessions; --",
  "__proto__",
  "constructor",
  "toString",
  " lead",
  "\tx",
  "a b",
  ".",
  "👩‍👩‍👧‍👦",
  "é",
  "e\u0301",
  "A",
  "a",
  "x".repeat(512),
  "ü".repeat(256),
];

const BAD_IDS: readonly unknown[] = [
  "",
  "a\u0000b",
  "\u0000",
  "\ud800",
  "a\udc00b",
  "x".repeat(513),
  "ü".repeat(257),
  7,
  null,
  {},
];

/** What ids, keys and values may be. */
export const valueCases: readonly SessionCase[] = [
  {
    key: "values-text",
    title: "every well-formed text comes back as it was, in events and in state",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession({ ...KEY, state: { texts: [...TEXTS] } });
      for (const [n, text] of TEXTS.entries())
        await service.appendEvent({ session, event: change(text, { [`k${n}`]: text }) });
      const found = await load(await subject.open());
      assert.deepEqual(textsOf(found.events), [...TEXTS]);
      assert.deepEqual(plain(found.state["texts"]), [...TEXTS]);
      for (const [n, text] of TEXTS.entries()) assert.equal(found.state[`k${n}`], text);
    },
  },
  {
    key: "values-numbers",
    title: "numbers come back as JSON carries them",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const numbers = [
        0,
        -1,
        0.1 + 0.2,
        1e21,
        5e-324,
        1.7976931348623157e308,
        2 ** 53 - 1,
        2 ** 53,
      ];
      const session = await service.createSession({ ...KEY, state: { numbers } });
      await service.appendEvent({ session, event: change("m", { numbers, one: 0.1 + 0.2 }) });
      const found = await load(service);
      assert.deepEqual(found.state["numbers"], numbers);
      assert.equal(found.state["one"], 0.1 + 0.2);
      assert.deepEqual(found.events[0]?.actions.stateDelta["numbers"], numbers);
    },
  },
  {
    key: "values-refused",
    title: "what JSON cannot carry is NOT_SERIALIZABLE with its path, and nothing is written",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      const cycle: Record<string, unknown> = {};
      cycle["self"] = cycle;
      const unfit: unknown[] = [
        Number.NaN,
        Number.POSITIVE_INFINITY,
        10n,
        () => 1,
        Symbol("s"),
        cycle,
        new Map([[1, 2]]),
        new Set([1]),
        new Uint8Array([1]),
      ];
      for (const value of unfit) {
        const event = change("m", { "user:deep": { list: [1, value] } });
        const error = await rejects(service.appendEvent({ session, event }), "NOT_SERIALIZABLE");
        assert.match(error.message, /deep.*list.*1/, "the path is named");
        await rejects(
          service.createSession({ ...KEY, sessionId: "other", state: { "user:deep": value } }),
          "NOT_SERIALIZABLE",
        );
      }
      const hole = message("m", { customMetadata: { list: [undefined] } });
      await rejects(service.appendEvent({ session, event: hole }), "NOT_SERIALIZABLE");
      assert.equal((await load(service)).lastSequence, 0);
      assert.equal(session.lastSequence, 0);
      assert.equal(await service.getSession({ ...KEY, sessionId: "other" }), undefined);
      assert.deepEqual(plain(await service.getUserState({ appName, userId })), {});
    },
  },
  {
    key: "values-converted",
    title: "dates and toJSON become their JSON, and members that are undefined are dropped",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      const value = { date: new Date(0), own: { toJSON: () => [1] }, gone: undefined };
      await service.appendEvent({ session, event: change("m", { value }) });
      const expected = { value: { date: "1970-01-01T00:00:00.000Z", own: [1] } };
      assert.deepEqual(plain(session.state), expected);
      assert.deepEqual(await stateOf(service), expected);
      assert.ok(!("gone" in ((await load(service)).state["value"] as object)));
    },
  },
  {
    key: "values-key-order",
    title: "the order of keys inside a value is kept",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const value = { z: 1, a: { y: 1, b: 2 }, m: [{ q: 1, c: 2 }] };
      const session = await service.createSession({ ...KEY, state: { value } });
      await service.appendEvent({
        session,
        event: message("m", {
          customMetadata: { value },
          actions: { stateDelta: { next: value } },
        }),
      });
      const found = await load(service);
      for (const each of [
        found.state["value"],
        found.state["next"],
        found.events[0]?.customMetadata?.["value"],
      ])
        assert.equal(JSON.stringify(each), JSON.stringify(value));
    },
  },
  {
    key: "values-prototype-names",
    title: "`__proto__`, `constructor` and the like are plain keys and pollute nothing",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const text =
        '{"__proto__":{"polluted":1},"constructor":2,"toString":3,"hasOwnProperty":4,"deep":{"__proto__":{"polluted":5}}}';
      const state = JSON.parse(text) as Record<string, unknown>;
      const shared = JSON.parse('{"user:__proto__":1,"app:constructor":2}') as Record<
        string,
        unknown
      >;
      const session = await service.createSession({ ...KEY, state });
      await service.appendEvent({ session, event: change("m", shared) });
      await service.appendEvent({
        session,
        event: message("m", { customMetadata: state, actions: { stateDelta: state } }),
      });
      const wanted = JSON.stringify(
        [...Object.entries(JSON.parse(text) as object), ...Object.entries(shared)].toSorted(byName),
      );
      const found = await load(service);
      const got = Object.entries(found.state).toSorted(byName);
      assert.equal(JSON.stringify(got), wanted);
      assert.equal(JSON.stringify(Object.entries(session.state).toSorted(byName)), wanted);
      assert.equal(JSON.stringify(found.events[1]?.customMetadata), text);
      const plainObject: Record<string, unknown> = {};
      assert.equal(plainObject["polluted"], undefined);
      assert.equal((found.state as { polluted?: unknown }).polluted, undefined);
      const user = await service.getUserState({ appName, userId });
      assert.deepEqual(Object.entries(user), [["__proto__", 1]]);
      await service.appendEvent({
        session,
        event: message("m", { stateRemoved: ["__proto__", "constructor", "user:__proto__"] }),
      });
      const names = Object.keys((await load(service)).state).toSorted();
      assert.deepEqual(names, ["app:constructor", "deep", "hasOwnProperty", "toString"]);
    },
  },
  {
    key: "values-inline-data",
    title:
      "inline data comes back as base64, given as text or as bytes, of 0 bytes, 1 byte or 3 MB",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      const big = "QUJD".repeat(1_000_000);
      const bytes = new TextEncoder().encode("ABC");
      const inline = (data: unknown): Part => ({
        inlineData: { mimeType: "x/y", data } as { mimeType: string; data: string },
      });
      const parts = ["", "QQ==", bytes, new Uint8Array(), big].map(inline);
      await service.appendEvent({
        session,
        event: message("", { content: { role: "user", parts } }),
      });
      const [event] = (await load(service)).events;
      const found = event?.content?.parts?.map((part) => part.inlineData?.data);
      assert.deepEqual(found?.slice(0, 4), ["", "QQ==", "QUJD", ""]);
      assert.ok(found?.[4] === big, "3 MB");
    },
  },
  {
    key: "values-10-mb",
    title: "an event of 10 MB is appended, read and listed",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      const text = "0123456789".repeat(1_000_000);
      await service.appendEvent({ session, event: message(text) });
      await appendTexts(service, session, ["after"]);
      const other = await subject.open();
      assert.ok(textsOf((await load(other)).events)[0] === text);
      assert.ok(textsOf((await other.listEvents(KEY)).events)[0] === text);
    },
  },
  {
    key: "values-too-large",
    title: "an event over maxEventBytes is EVENT_TOO_LARGE, and the session goes on",
    level: "core",
    async run(subject) {
      const service = await subject.open({ maxEventBytes: 2_000 });
      const session = await service.createSession(KEY);
      await rejects(
        service.appendEvent({ session, event: message("ü".repeat(1_000)) }),
        "EVENT_TOO_LARGE",
      );
      assert.equal((await load(service)).lastSequence, 0);
      await appendTexts(service, session, ["x".repeat(1_000)]);
      assert.equal(session.lastSequence, 1);
    },
  },
  {
    key: "values-nested",
    title: "a value nested 10,000 deep is refused with an error of its own, one of 100 is kept",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      await rejects(
        service.appendEvent({ session, event: change("m", { deep: nested(10_000) }) }),
        "NOT_SERIALIZABLE",
      );
      await service.appendEvent({ session, event: change("m", { deep: nested(100) }) });
      assert.deepEqual(await stateOf(service), { deep: nested(100) });
    },
  },
  {
    key: "values-bad-events",
    title:
      "an event without an id, with a broken state key or with a broken time is INVALID_ARGUMENT",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      const bad = [
        { ...message("m"), id: "" },
        { ...message("m"), id: "a\u0000" },
        { ...message("m"), timestamp: Number.NaN },
        { ...message("m"), timestamp: 1.5 },
        change("m", { "": 1 }),
        change("m", { "a\u0000b": 1 }),
        change("m", { "\ud800": 1 }),
        change("m", { ["k".repeat(513)]: 1 }),
        message("m", { stateRemoved: ["a\u0000b"] }),
      ];
      for (const event of bad)
        await rejects(service.appendEvent({ session, event }), "INVALID_ARGUMENT");
      assert.equal((await load(service)).lastSequence, 0);
      for (const state of [{ "": 1 }, { "\ud800": 1 }])
        await rejects(
          service.createSession({ ...KEY, sessionId: "other", state }),
          "INVALID_ARGUMENT",
        );
    },
  },
  {
    key: "ids-hostile",
    title: "ids with separators, wildcards, quotes and prototype names are kept apart and listed",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      for (const [n, id] of HOSTILE_IDS.entries()) {
        const session = await service.createSession({ ...KEY, sessionId: id, state: { n } });
        await service.appendEvent({ session, event: message(`m${n}`, { id }) });
      }
      for (const [n, id] of HOSTILE_IDS.entries()) {
        const found = await load(service, { ...KEY, sessionId: id });
        assert.equal(found.id, id);
        assert.equal(found.state["n"], n);
        assert.deepEqual(textsOf(found.events), [`m${n}`]);
        assert.equal(found.events[0]?.id, id);
      }
      const listed = await listedIds(service, { appName, userId, pageSize: 7 });
      assert.deepEqual(listed.toSorted(), [...HOSTILE_IDS].toSorted());
      for (const id of HOSTILE_IDS) await service.deleteSession({ ...KEY, sessionId: id });
      assert.deepEqual(await listedIds(service, { appName }), []);
    },
  },
  {
    key: "ids-hostile-scopes",
    title: "hostile app and user ids are kept apart, also when they meet across a separator",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const ids = [...HOSTILE_IDS, " ", "\t"];
      const scopes: SessionKey[] = ids.map((id) => ({ ...KEY, userId: id }));
      scopes.push(...ids.map((id) => ({ ...KEY, appName: id })));
      scopes.push(
        { appName: "a:b", userId: "c", sessionId: "d" },
        { appName: "a", userId: "b:c", sessionId: "d" },
        { appName: "a", userId: "b", sessionId: "c:d" },
        { appName: "a", userId: "b/c", sessionId: "d" },
        { appName: "a/b", userId: "c", sessionId: "d" },
      );
      for (const [n, key] of scopes.entries())
        await service.createSession({ ...key, state: { n, [`user:u${n}`]: n } });
      for (const [n, key] of scopes.entries()) {
        const { appName, userId } = key;
        const found = await load(service, key);
        assert.equal(found.state["n"], n);
        assert.deepEqual(Object.keys(await service.getUserState({ appName, userId })), [`u${n}`]);
        assert.ok((await listedIds(service, { appName, userId })).includes(key.sessionId));
      }
    },
  },
  {
    key: "ids-bytewise",
    title: "ids that differ in case, composition or a trailing space are different ids",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const ids = ["a", "A", "a ", " a", "é", "e\u0301", "ß", "ss"];
      for (const id of ids) await service.createSession({ ...KEY, sessionId: id, state: { id } });
      for (const id of ids)
        assert.deepEqual(await stateOf(service, { ...KEY, sessionId: id }), { id });
      for (const id of ids)
        await service.createSession({ ...KEY, userId: `u${id}`, state: { "user:id": id } });
      for (const id of ids)
        assert.deepEqual(plain(await service.getUserState({ appName, userId: `u${id}` })), { id });
    },
  },
  {
    key: "ids-refused",
    title:
      "ids that are empty, too long, not well-formed or no text are INVALID_ARGUMENT everywhere",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      for (const id of BAD_IDS)
        for (const member of ["appName", "userId", "sessionId"] as const) {
          const key = { ...keyOf(session), [member]: id } as SessionKey;
          for (const call of calls(service, key, member)) await rejects(call(), "INVALID_ARGUMENT");
        }
      assert.deepEqual(await listedIds(service, { appName }), [KEY.sessionId]);
    },
  },
  {
    key: "labels-refused",
    title: "titles and labels that are no well-formed text are INVALID_ARGUMENT",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      await service.createSession(KEY);
      for (const title of ["\ud800", "a\u0000b"])
        await rejects(service.updateSession({ ...KEY, title }), "INVALID_ARGUMENT");
      for (const labels of [{ "": "x" }, { a: "\u0000" }] as Record<string, string>[])
        await rejects(service.updateSession({ ...KEY, labels }), "INVALID_ARGUMENT");
      const found = await load(service);
      assert.equal(found.title, undefined);
      assert.deepEqual(plain(found.labels ?? {}), {});
    },
  },
];

/** Every method that takes the given part of a key. */
function calls(
  service: BaseSessionService,
  key: SessionKey,
  member: keyof SessionKey,
): (() => Promise<unknown>)[] {
  const session: (() => Promise<unknown>)[] = [
    async () => await service.getSession(key),
    async () => await service.getOrCreateSession(key),
    async () => await service.deleteSession(key),
    async () => await service.updateSession({ ...key, title: "t" }),
    async () => await service.listEvents(key),
    async () => await service.acquireLease({ ...key, owner: "o", ttlMs: 1_000 }),
    async () => await service.openSession({ ...key, owner: "o", ttlMs: 1_000 }),
    async () => await service.requestCancel({ ...key, invocationId: "e" }),
    async () => await service.forkSession({ ...key, atSequence: 0 }),
    async () => await service.subscribe(key)[Symbol.asyncIterator]().next(),
  ];
  const given = key.sessionId as unknown;
  const isMadeUp = member === "sessionId" && (given === "" || given === null);
  if (!isMadeUp) session.push(async () => await service.createSession(key));
  else session.splice(1, 1);
  if (member === "sessionId") return session;
  const { appName, userId } = key;
  const user: (() => Promise<unknown>)[] = [
    async () => await service.getUserState({ appName, userId }),
    async () => await service.deleteUser({ appName, userId }),
    async () => await service.listSessions({ appName, userId }),
    async () => await service.listInterrupted({ appName, userId }),
  ];
  if (member === "userId") return [...session, ...user];
  return [...session, ...user, async () => await service.getAppState({ appName })];
}

function nested(depth: number): unknown {
  let value: unknown = "bottom";
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { in: value };
  return value;
}

function byName([left]: [string, unknown], [right]: [string, unknown]): number {
  return left < right ? -1 : 1;
}
