import { strict as assert } from "node:assert";
import type { Event } from "../../events/event.ts";
import type { BaseSessionService } from "../../sessions/base-session-service.ts";
import type { GetSessionConfig, ListEventsRequest } from "../../sessions/requests.ts";
import { rejects } from "../rejects.ts";
import {
  appendTexts,
  change,
  KEY,
  later,
  load,
  message,
  plain,
  range,
  sequencesOf,
  stateOf,
  storeOf,
  textsOf,
  walk,
} from "./helpers.ts";
import type { SessionCase } from "./subject.ts";

const { appName, userId } = KEY;

/** Reading a session's events and shared state. */
export const readCases: readonly SessionCase[] = [
  {
    key: "get-recent-events",
    title: "numRecentEvents gives the last ones, 0 gives none, and nonsense is refused",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      await appendTexts(service, await service.createSession(KEY), ["m1", "m2", "m3"]);
      const recent = async (numRecentEvents: number): Promise<string[]> =>
        textsOf((await load(service, KEY, { numRecentEvents })).events);
      assert.deepEqual(await recent(0), []);
      assert.deepEqual(await recent(1), ["m3"]);
      assert.deepEqual(await recent(3), ["m1", "m2", "m3"]);
      assert.deepEqual(await recent(4), ["m1", "m2", "m3"]);
      for (const numRecentEvents of [-1, Number.NaN, 1.5])
        await rejects(
          service.getSession({ ...KEY, config: { numRecentEvents } }),
          "INVALID_ARGUMENT",
        );
      const none = await load(service, KEY, { numRecentEvents: 0 });
      assert.equal(none.firstSequence, 4);
      assert.equal(none.lastSequence, 3);
    },
  },
  {
    key: "get-after-timestamp",
    title: "afterTimestamp keeps events of that time and later, in log order; 0 is a filter",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      for (const timestamp of [30, 10, 20, 40])
        await service.appendEvent({ session, event: message(`t${timestamp}`, { timestamp }) });
      const after = async (afterTimestamp: number): Promise<string[]> =>
        textsOf((await load(service, KEY, { afterTimestamp })).events);
      await service.appendEvent({ session, event: message("before", { timestamp: -1 }) });
      assert.deepEqual(await after(-1), ["t30", "t10", "t20", "t40", "before"]);
      assert.deepEqual(await after(0), ["t30", "t10", "t20", "t40"]);
      assert.deepEqual(await after(20), ["t30", "t20", "t40"]);
      assert.deepEqual(await after(21), ["t30", "t40"]);
      assert.deepEqual(await after(41), []);
      await rejects(
        service.getSession({ ...KEY, config: { afterTimestamp: Number.NaN } }),
        "INVALID_ARGUMENT",
      );
    },
  },
  {
    key: "get-after-sequence",
    title: "afterSequence gives the events behind that position",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      await appendTexts(service, await service.createSession(KEY), ["m1", "m2", "m3"]);
      const after = async (afterSequence: number): Promise<(number | undefined)[]> =>
        sequencesOf((await load(service, KEY, { afterSequence })).events);
      assert.deepEqual(await after(0), [1, 2, 3]);
      assert.deepEqual(await after(2), [3]);
      assert.deepEqual(await after(3), []);
      assert.equal((await load(service, KEY, { afterSequence: 1 })).firstSequence, 2);
    },
  },
  {
    key: "get-filters-together",
    title: "numRecentEvents counts what the other filters left",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      for (const timestamp of [10, 40, 20, 50, 30])
        await service.appendEvent({ session, event: message(`t${timestamp}`, { timestamp }) });
      const get = async (config: GetSessionConfig): Promise<string[]> =>
        textsOf((await load(service, KEY, config)).events);
      assert.deepEqual(await get({ afterTimestamp: 30, numRecentEvents: 2 }), ["t50", "t30"]);
      assert.deepEqual(await get({ afterTimestamp: 40, numRecentEvents: 1 }), ["t50"]);
      assert.deepEqual(await get({ afterTimestamp: 40, numRecentEvents: 9 }), ["t40", "t50"]);
      assert.deepEqual(await get({ afterSequence: 2, afterTimestamp: 30 }), ["t50", "t30"]);
      assert.deepEqual(await get({ afterSequence: 4, numRecentEvents: 3 }), ["t30"]);
    },
  },
  {
    key: "get-state-is-whole",
    title: "the state is the whole current state, whatever events were asked for",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession({ ...KEY, state: { first: 1 } });
      for (const n of range(1, 4))
        await service.appendEvent({ session, event: change(`m${n}`, { [`k${n}`]: n, last: n }) });
      const whole = { first: 1, k1: 1, k2: 2, k3: 3, k4: 4, last: 4 };
      for (const config of [{ numRecentEvents: 0 }, { numRecentEvents: 1 }, { afterSequence: 3 }]) {
        const found = await load(service, KEY, config);
        assert.deepEqual(plain(found.state), whole);
        assert.equal(found.lastSequence, 4);
      }
    },
  },
  {
    key: "events-walk",
    title: "2,100 events, walked forward or backward in pages, are what a full read gives",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      await Promise.all(
        range(1, 2_100).map(
          async (n) => await service.appendEvent({ session, event: message(`m${n}`) }),
        ),
      );
      const other = await subject.open();
      const full = await load(other);
      assert.deepEqual(sequencesOf(full.events), range(1, 2_100));
      const forward = await walkEvents(other, { ...KEY, pageSize: 1_000 });
      assert.deepEqual(textsOf(forward), textsOf(full.events));
      assert.deepEqual(sequencesOf(forward), range(1, 2_100));
      const backward = await walkEvents(other, { ...KEY, pageSize: 999, order: "descending" });
      assert.deepEqual(sequencesOf(backward), range(1, 2_100).toReversed());
      const last = await load(other, KEY, { numRecentEvents: 50 });
      assert.deepEqual(sequencesOf(last.events), range(2_051, 2_100));
    },
  },
  {
    key: "events-pages",
    title: "listEvents keeps its page size, its bounds and its direction",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const texts = range(1, 7).map((n) => `m${n}`);
      await appendTexts(service, await service.createSession(KEY), texts);
      const first = await service.listEvents({ ...KEY, pageSize: 3 });
      assert.deepEqual(sequencesOf(first.events), [1, 2, 3]);
      assert.equal(first.lastSequence, 7);
      assert.ok(first.nextPageToken);
      const sequences = async (request: Partial<ListEventsRequest>): Promise<unknown[]> =>
        sequencesOf(await walkEvents(service, { ...KEY, pageSize: 2, ...request }));
      assert.deepEqual(await sequences({ afterSequence: 4 }), [5, 6, 7]);
      assert.deepEqual(await sequences({ order: "descending" }), [7, 6, 5, 4, 3, 2, 1]);
      assert.deepEqual(await sequences({ order: "descending", beforeSequence: 4 }), [3, 2, 1]);
      assert.deepEqual(await sequences({ afterSequence: 7 }), []);
      const exact = await service.listEvents({ ...KEY, pageSize: 7 });
      assert.equal(exact.nextPageToken, undefined, "nothing is left after the seventh");
    },
  },
  {
    key: "events-bad-requests",
    title: "listEvents refuses a foreign page token, a bad page size and an unknown session",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      await appendTexts(service, await service.createSession(KEY), ["m1"]);
      for (const pageToken of ["garbage", "eyJ4IjoxfQ", "%%%"])
        await rejects(service.listEvents({ ...KEY, pageToken }), "INVALID_ARGUMENT");
      for (const pageSize of [0, -1, 1.5, Number.NaN, 1_001])
        await rejects(service.listEvents({ ...KEY, pageSize }), "INVALID_ARGUMENT");
      await rejects(service.listEvents({ ...KEY, sessionId: "nowhere" }), "SESSION_NOT_FOUND");
    },
  },
  {
    key: "read-snapshots-consistent",
    title: "a read beside writers shows a prefix of the log and the state of exactly that prefix",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      await service.createSession(KEY);
      let writing = true;
      const writers = range(1, 4).map(async (writer) => {
        const session = await load(service);
        for (const n of range(1, 25)) {
          const delta = { [`w${writer}`]: n, last: `${writer}:${n}` };
          await service.appendEvent({ session, event: change(`${writer}:${n}`, delta) });
        }
      });
      const reader = async (): Promise<void> => {
        const other = await subject.open();
        while (writing) assertFold(await load(other));
      };
      const reading = later(reader());
      await Promise.all(writers).finally(() => {
        writing = false;
      });
      await reading;
      const end = await load(service);
      assertFold(end);
      assert.equal(end.lastSequence, 100);
    },
  },
  {
    key: "read-your-writes",
    title: "what one service wrote, another one on the same store reads at once",
    level: "core",
    async run(subject) {
      const first = await subject.open();
      const second = await subject.open();
      const mine = await first.createSession(KEY);
      const theirs = await load(second);
      for (const n of range(1, 5)) {
        await first.appendEvent({ session: mine, event: change(`a${n}`, { n }) });
        assert.equal((await load(second)).lastSequence, 2 * n - 1);
        assert.deepEqual(await stateOf(second), { n });
        await second.appendEvent({ session: theirs, event: message(`b${n}`) });
        assert.equal((await load(first)).events.at(-1)?.content?.parts?.[0]?.text, `b${n}`);
      }
    },
  },
  {
    key: "shared-state-alone",
    title: "app and user state can be read without a session, without prefixes, empty at first",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      assert.deepEqual(plain(await service.getAppState({ appName })), {});
      assert.deepEqual(plain(await service.getUserState({ appName, userId })), {});
      await service.createSession({ ...KEY, state: { own: 1, "user:u": [2], "app:a": { b: 3 } } });
      assert.deepEqual(plain(await service.getAppState({ appName })), { a: { b: 3 } });
      const state = await service.getUserState({ appName, userId });
      assert.deepEqual(plain(state), { u: [2] });
      try {
        (state["u"] as unknown[]).push("vandal");
      } catch (error) {
        assert.ok(error instanceof TypeError, "frozen is as good as private");
      }
      assert.deepEqual(plain(await service.getUserState({ appName, userId })), { u: [2] });
    },
  },
  {
    key: "store-read-parts",
    title: "a store's read gives the asked-for parts and range, and no other",
    level: "core",
    async run(subject) {
      const store = await storeOf(subject);
      await store.create({
        ...KEY,
        incarnation: "life-1",
        initialState: { a: "1" },
        shared: { user: { set: { u: "2" }, remove: [] }, app: { set: { p: "3" }, remove: [] } },
      });
      for (const n of range(1, 5))
        await store.append({
          ...KEY,
          incarnation: "life-1",
          id: `id${n}`,
          timestamp: n,
          data: `data ${n}`,
        });
      const header = await store.read(KEY);
      assert.ok(header);
      assert.deepEqual(header.events, []);
      assert.deepEqual(
        [header.state, header.initialState, header.kept],
        [undefined, undefined, undefined],
      );
      assert.equal(header.header.lastSequence, 5);
      const whole = await store.read({ ...KEY, state: true, initialState: true, events: {} });
      assert.deepEqual(plain(whole?.state), {
        app: { p: "3" },
        user: { u: "2" },
        session: { a: "1" },
      });
      assert.deepEqual(plain(whole?.initialState), { a: "1" });
      assert.deepEqual(
        plain(whole?.events),
        range(1, 5).map((n) => ({ sequence: n, id: `id${n}`, data: `data ${n}` })),
      );
      const sequences = async (events: object): Promise<number[] | undefined> =>
        (await store.read({ ...KEY, events }))?.events.map((event) => event.sequence);
      assert.deepEqual(await sequences({ from: 2, to: 4 }), [2, 3, 4]);
      assert.deepEqual(await sequences({ from: 2, limit: 2 }), [2, 3]);
      assert.deepEqual(await sequences({ to: 4, limit: 2, descending: true }), [4, 3]);
      assert.deepEqual(await sequences({ from: 6 }), []);
      assert.deepEqual(await sequences({ from: "window" }), range(1, 5));
      assert.equal(await store.read({ ...KEY, sessionId: "nowhere", events: {} }), undefined);
      assert.deepEqual(plain(await store.read({ appName })), { p: "3" });
      assert.deepEqual(plain(await store.read({ appName, userId })), { u: "2" });
    },
  },
];

async function walkEvents(
  service: BaseSessionService,
  request: ListEventsRequest,
): Promise<Event[]> {
  return await walk(async (pageToken) => {
    const response = await service.listEvents({ ...request, pageToken });
    assert.ok(response.events.length <= (request.pageSize ?? 100), "a page is too long");
    return { items: response.events, nextPageToken: response.nextPageToken };
  });
}

function assertFold(session: {
  events: readonly Event[];
  state: Record<string, unknown>;
  lastSequence: number;
}): void {
  assert.deepEqual(sequencesOf(session.events), range(1, session.lastSequence));
  const state: Record<string, unknown> = {};
  for (const event of session.events) Object.assign(state, event.actions.stateDelta);
  assert.deepEqual(plain(session.state), state);
}
