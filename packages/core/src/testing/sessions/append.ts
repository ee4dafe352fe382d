import { strict as assert } from "node:assert";
import { createEvent, type Event } from "../../events/event.ts";
import { rejects } from "../rejects.ts";
import {
  allRefused,
  appendTexts,
  change,
  KEY,
  load,
  message,
  plain,
  race,
  range,
  sequencesOf,
  stateOf,
  storeOf,
  textsOf,
  vandalize,
} from "./helpers.ts";
import type { SessionCase } from "./subject.ts";

const DAY_MS = 86_400_000;

/** Appending events: order, handles, repetition, races. */
export const appendCases: readonly SessionCase[] = [
  {
    key: "append-sequences",
    title: "events get the positions 1, 2, 3 …, and the session its last one",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      for (const n of range(1, 5)) {
        const stored = await service.appendEvent({ session, event: message(`m${n}`) });
        assert.equal(stored.sequence, n);
        assert.equal(session.lastSequence, n);
      }
      const found = await load(await subject.open());
      assert.equal(found.lastSequence, 5);
      assert.equal(found.firstSequence, 1);
      assert.deepEqual(sequencesOf(found.events), range(1, 5));
      assert.deepEqual(textsOf(found.events), ["m1", "m2", "m3", "m4", "m5"]);
    },
  },
  {
    key: "append-equal-timestamps-keep-order",
    title: "300 events with one timestamp come back in the order they were appended",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      const texts = range(1, 300).map((n) => `m${n}`);
      await appendTexts(service, session, texts);
      assert.deepEqual(textsOf((await load(service)).events), texts);
      const recent = await load(service, KEY, { numRecentEvents: 5 });
      assert.deepEqual(textsOf(recent.events), texts.slice(-5));
    },
  },
  {
    key: "append-backward-timestamps-keep-order",
    title: "events whose clock goes backwards keep the order they were appended in",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      for (const n of range(1, 10))
        await service.appendEvent({ session, event: message(`m${n}`, { timestamp: 5_000 - n }) });
      const { events } = await load(service);
      assert.deepEqual(
        textsOf(events),
        range(1, 10).map((n) => `m${n}`),
      );
      assert.deepEqual(
        events.map((event) => event.timestamp),
        range(1, 10).map((n) => 5_000 - n),
      );
      const recent = await load(service, KEY, { numRecentEvents: 2 });
      assert.deepEqual(textsOf(recent.events), ["m9", "m10"]);
    },
  },
  {
    key: "append-update-time-is-the-stores",
    title:
      "lastUpdateTime is the store's clock and never goes back, whatever the events' clock says",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      let before = session.createTime;
      for (const shift of [DAY_MS, -DAY_MS, 0]) {
        const timestamp = session.createTime + shift;
        await service.appendEvent({ session, event: message("m", { timestamp }) });
        assert.ok(session.lastUpdateTime >= before, "it went back");
        assert.ok(session.lastUpdateTime < session.createTime + DAY_MS / 2, "the event's clock");
        before = session.lastUpdateTime;
        assert.equal((await load(service)).lastUpdateTime, before);
      }
    },
  },
  {
    key: "append-minimal-event",
    title: "an event without content and actions is stored",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      await service.appendEvent({ session, event: createEvent({ author: "agent" }) });
      const [event] = (await load(service)).events;
      assert.equal(event?.author, "agent");
      assert.deepEqual(plain(event?.actions), {
        stateDelta: {},
        artifactDelta: {},
        requestedAuthConfigs: {},
        requestedToolConfirmations: {},
      });
    },
  },
  {
    key: "append-keeps-all-members",
    title: "every member of an event comes back as it was, unknown ones and empty ones too",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      const event = fullEvent();
      const pristine = plain(event);
      const stored = await service.appendEvent({ session, event });
      const expected = { ...pristine, sequence: 1 };
      assert.deepEqual(plain(stored), expected);
      const [found] = (await load(await subject.open())).events;
      assert.deepEqual(plain(found), expected);
      const listed = await (await subject.open()).listEvents(KEY);
      assert.deepEqual(plain(listed.events[0]), expected);
    },
  },
  {
    key: "append-copies-event",
    title: "an event that its caller changes once the call has begun is stored as it was given",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      const event = change("one", { list: [{ deep: [1] }], "app:l": [1], "user:l": [1] });
      const pristine = plain(event);
      const appending = service.appendEvent({ session, event });
      vandalize(event);
      const stored = await appending;
      vandalize(event);
      assert.deepEqual(plain(stored), { ...pristine, sequence: 1 });
      assert.deepEqual(plain(session.state), pristine.actions.stateDelta);
      assert.deepEqual(plain((await load(service)).events), [{ ...pristine, sequence: 1 }]);
      assert.deepEqual(await stateOf(service), pristine.actions.stateDelta);
    },
  },
  {
    key: "append-handle-shares-nothing",
    title: "what a caller does to the state of a handle after an append is not stored",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      await service.appendEvent({ session, event: change("one", { list: [{ deep: [1] }] }) });
      const pristine = plain(session);
      vandalize(session.state);
      const found = await load(service);
      assert.deepEqual(plain(found.state), pristine.state);
      assert.deepEqual(plain(found.events), pristine.events);
    },
  },
  {
    key: "stored-events-frozen",
    title: "stored events are frozen at every depth, wherever they come from",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      const event = change("one", { list: [{ deep: [1] }] });
      const stored = await service.appendEvent({ session, event });
      await service.appendEvent({ session, event: message("two") });
      assert.ok(!Object.isFrozen(event) && !Object.isFrozen(event.actions), "the caller's stays");
      const read = await load(service);
      const listed = await service.listEvents(KEY);
      for (const each of [stored, ...session.events, ...read.events, ...listed.events])
        assertFrozen(each, "event");
    },
  },
  {
    key: "append-partial-not-stored",
    title: "a partial event is returned and not stored",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      const event = message("par", { partial: true, actions: { stateDelta: { a: 1 } } });
      const returned = await service.appendEvent({ session, event });
      assert.equal(returned.sequence, undefined);
      assert.deepEqual(textsOf([returned]), ["par"]);
      assert.deepEqual(session.events, []);
      assert.equal(session.lastSequence, 0);
      const found = await load(service);
      assert.equal(found.lastSequence, 0);
      assert.deepEqual(plain(found.state), {});
      await service.appendEvent({ session, event: message("whole", { partial: false }) });
      assert.deepEqual(textsOf((await load(service)).events), ["whole"]);
    },
  },
  {
    key: "append-updates-handle",
    title: "after an append the handle is what a fresh read gives",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession({ ...KEY, state: { gone: 1, same: 1 } });
      await service.appendEvent({
        session,
        event: message("one", {
          actions: { stateDelta: { own: 1, "user:u": 2, "app:a": 3 } },
          stateRemoved: ["gone"],
        }),
      });
      await service.appendEvent({ session, event: change("two", { own: [2] }) });
      assert.deepEqual(plain(session), plain(await load(service)));
      assert.deepEqual(plain(session.state), { same: 1, own: [2], "user:u": 2, "app:a": 3 });
    },
  },
  {
    key: "append-parallel-one-handle",
    title: "appends started together through one handle are stored in the order they were started",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      const texts = range(1, 40).map((n) => `m${n}`);
      const stored = await Promise.all(
        texts.map(async (text) => await service.appendEvent({ session, event: message(text) })),
      );
      assert.deepEqual(sequencesOf(stored), range(1, 40));
      assert.deepEqual(textsOf(session.events), texts);
      assert.deepEqual(textsOf((await load(service)).events), texts);
    },
  },
  {
    key: "append-failed-queue-goes-on",
    title: "an append that is refused does not stop the ones queued behind it",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      const { won, lost } = await race([
        service.appendEvent({ session, event: message("one") }),
        service.appendEvent({ session, event: message("two"), expectedLastSequence: 7 }),
        service.appendEvent({ session, event: message("three") }),
      ]);
      assert.equal(won.length, 2);
      allRefused(lost, "SESSION_CONFLICT");
      assert.deepEqual(textsOf(session.events), ["one", "three"]);
    },
  },
  {
    key: "append-narrow-handle",
    title: "an append through a handle with few loaded events keeps the whole history",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const writer = await service.createSession(KEY);
      await appendTexts(service, writer, ["m1", "m2", "m3"]);
      const narrow = await load(service, KEY, { numRecentEvents: 1 });
      await service.appendEvent({ session: narrow, event: change("m4", { a: 1 }) });
      assert.deepEqual(textsOf(narrow.events), ["m3", "m4"]);
      const empty = await load(service, KEY, { numRecentEvents: 0 });
      await service.appendEvent({ session: empty, event: message("m5") });
      assert.deepEqual(textsOf(empty.events), ["m5"]);
      assert.equal(empty.firstSequence, 5);
      assert.deepEqual(textsOf((await load(service)).events), ["m1", "m2", "m3", "m4", "m5"]);
      assert.deepEqual(await stateOf(service), { a: 1 });
    },
  },
  {
    key: "append-catches-up",
    title: "a handle that is behind succeeds without a lease and has caught up afterwards",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const other = await subject.open();
      const behind = await service.createSession({ ...KEY, state: { gone: 1 } });
      const ahead = await load(other);
      await other.appendEvent({ session: ahead, event: change("m1", { a: 1, both: "old" }) });
      const removal = message("m2", { stateRemoved: ["gone"] });
      await other.appendEvent({ session: ahead, event: removal });
      const stored = await service.appendEvent({
        session: behind,
        event: change("m3", { b: 2, both: "new" }),
      });
      assert.equal(stored.sequence, 3);
      assert.deepEqual(textsOf(behind.events), ["m1", "m2", "m3"]);
      assert.equal(behind.lastSequence, 3);
      assert.deepEqual(plain(behind.state), { a: 1, b: 2, both: "new" });
      assert.deepEqual(plain(behind), plain(await load(other)));
    },
  },
  {
    key: "append-expected-sequence",
    title: "a wrong expectedLastSequence is SESSION_CONFLICT, and nothing is written in any scope",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      await appendTexts(service, session, ["m1", "m2"]);
      const before = plain(session);
      for (const expectedLastSequence of [0, 1, 3]) {
        const event = change("x", { own: 1, "user:u": 1, "app:a": 1 });
        const error = await rejects(
          service.appendEvent({ session, event, expectedLastSequence }),
          "SESSION_CONFLICT",
        );
        assert.equal(error.retryable, true);
        assert.deepEqual(plain(session), before, "the handle stays as it was");
      }
      assert.deepEqual(plain(await load(service)), before);
      assert.deepEqual(plain(await service.getUserState(KEY)), {});
      assert.deepEqual(plain(await service.getAppState(KEY)), {});
      const event = message("m3");
      await service.appendEvent({ session, event, expectedLastSequence: 2 });
      assert.equal(session.lastSequence, 3);
    },
  },
  {
    key: "append-expected-race",
    title: "of 16 appends that expect one sequence exactly one succeeds",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      await appendTexts(service, session, ["m1"]);
      const handles = await Promise.all(range(1, 16).map(async () => await load(service)));
      const { won, lost } = await race(
        handles.map(
          async (handle, n) =>
            await service.appendEvent({
              session: handle,
              event: change(`r${n}`, { winner: n, [`k${n}`]: 1 }),
              expectedLastSequence: 1,
            }),
        ),
      );
      assert.equal(won.length, 1);
      allRefused(lost, "SESSION_CONFLICT");
      const found = await load(service);
      assert.equal(found.lastSequence, 2);
      assert.equal(Object.keys(found.state).length, 2);
    },
  },
  {
    key: "append-duplicate-once",
    title: "an event appended again under its id is stored once and its state applied once",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      const event = change("first", { counter: 1, "user:c": 1, "app:c": 1 });
      await service.appendEvent({ session, event });
      const next = change("second", { counter: 2, "user:c": 2, "app:c": 2 });
      await service.appendEvent({ session, event: next });
      const after = plain(await load(service));
      for (const opened of [service, await subject.open()]) {
        const handle = await load(opened);
        const again = await opened.appendEvent({ session: handle, event });
        assert.equal(again.sequence, 1);
        assert.deepEqual(plain(handle), after, "the handle has it already");
      }
      const same = await service.appendEvent({ session, event });
      assert.equal(same.sequence, 1);
      assert.deepEqual(plain(session), after);
      assert.deepEqual(plain(await load(service)), after);
    },
  },
  {
    key: "append-id-conflict",
    title: "another event under a stored id is EVENT_ID_CONFLICT and changes nothing",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      await service.appendEvent({ session, event: message("one", { id: "same" }) });
      const before = plain(await load(service));
      const other = message("two", { id: "same", actions: { stateDelta: { a: 1, "user:a": 1 } } });
      await rejects(service.appendEvent({ session, event: other }), "EVENT_ID_CONFLICT");
      assert.deepEqual(plain(await load(service)), before);
      assert.deepEqual(plain(session), before);
      const elsewhere = await service.createSession({ ...KEY, sessionId: "elsewhere" });
      const stored = await service.appendEvent({ session: elsewhere, event: other });
      assert.equal(stored.sequence, 1, "ids are unique within a session only");
    },
  },
  {
    key: "append-duplicate-race",
    title: "of 16 appends of one event at once one is stored, and all succeed",
    level: "core",
    async run(subject) {
      const services = await Promise.all(range(1, 4).map(async () => await subject.open()));
      await services[0]!.createSession(KEY);
      const event = change("one", { a: 1 });
      const stored = await Promise.all(
        range(0, 15).map(async (n) => {
          const session = await load(services[n % 4]!);
          return await services[n % 4]!.appendEvent({ session, event });
        }),
      );
      assert.deepEqual(new Set(sequencesOf(stored)), new Set([1]));
      assert.equal((await load(services[0]!)).lastSequence, 1);
    },
  },
  {
    key: "append-late-duplicate",
    title: "a duplicate is known after 1,200 later events",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      const event = message("first");
      await service.appendEvent({ session, event });
      await Promise.all(
        range(2, 1_201).map(
          async (n) => await service.appendEvent({ session, event: message(`m${n}`) }),
        ),
      );
      const narrow = await load(await subject.open(), KEY, { numRecentEvents: 1 });
      const again = await service.appendEvent({ session: narrow, event });
      assert.equal(again.sequence, 1);
      assert.equal((await load(service, KEY, { numRecentEvents: 0 })).lastSequence, 1_201);
    },
  },
  {
    key: "append-duplicate-wins-over-conflict",
    title: "a duplicate succeeds although another last sequence was expected",
    level: "core",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      const event = message("one");
      await service.appendEvent({ session, event, expectedLastSequence: 0 });
      await service.appendEvent({ session, event: message("two") });
      const again = await service.appendEvent({ session, event, expectedLastSequence: 0 });
      assert.equal(again.sequence, 1);
      assert.equal((await load(service)).lastSequence, 2);
    },
  },
  {
    key: "append-order-of-checks",
    title: "an append is checked for duplicate, life, id, lease, expected sequence, in this order",
    level: "core",
    async run(subject) {
      const store = await storeOf(subject);
      await store.create({ ...KEY, incarnation: "life-1", initialState: {} });
      const command = { ...KEY, incarnation: "life-1", id: "one", timestamp: 1, data: "first" };
      await store.append(command);
      const lease = { leaseId: "nobody's", ttlMs: 1_000, header: {} };
      const status = async (change: object): Promise<string> => {
        const outcome = await store.append({ ...command, ...change });
        return outcome.status === "ok" && outcome.duplicate ? "duplicate" : outcome.status;
      };
      const expectedLastSequence = 9;
      assert.equal(await status({ lease, expectedLastSequence }), "duplicate");
      const other = { data: "other", lease, expectedLastSequence };
      assert.equal(await status({ ...other, incarnation: "life-0" }), "gone");
      assert.equal(await status(other), "id-conflict");
      assert.equal(await status({ ...other, id: "two" }), "fenced");
      assert.equal(await status({ id: "two", expectedLastSequence }), "conflict");
      assert.equal(await status({ id: "two" }), "ok");
      const nowhere = { ...KEY, sessionId: "nowhere" };
      assert.equal(await status({ ...nowhere, id: "three" }), "gone");
    },
  },
  {
    key: "append-refusal-tells-last-sequence",
    title: "what a store refuses for its position, it refuses with the last sequence",
    level: "core",
    async run(subject) {
      const store = await storeOf(subject);
      await store.create({ ...KEY, incarnation: "life-1", initialState: {} });
      const command = { ...KEY, incarnation: "life-1", id: "one", timestamp: 1, data: "first" };
      await store.append(command);
      await store.append({ ...command, id: "two" });
      const conflict = await store.append({ ...command, id: "three", expectedLastSequence: 1 });
      assert.deepEqual(plain(conflict), { status: "conflict", lastSequence: 2 });
      const id = await store.append({ ...command, data: "other" });
      assert.deepEqual(plain(id), { status: "id-conflict", lastSequence: 2 });
      const lease = { leaseId: "nobody's", ttlMs: 1_000, header: {} };
      const fenced = await store.append({ ...command, id: "three", lease });
      assert.deepEqual(plain(fenced), { status: "fenced", lastSequence: 2 });
    },
  },
  {
    key: "append-race-merges",
    title: "8 writers at once lose nothing, and each finds its events in its own order",
    level: "core",
    async run(subject) {
      const services = await Promise.all(range(1, 4).map(async () => await subject.open()));
      await services[0]!.createSession(KEY);
      await Promise.all(
        range(0, 7).map(async (writer) => {
          const service = services[writer % 4]!;
          const session = await load(service);
          for (const n of range(1, 25)) {
            const event = change(`${writer}:${n}`, { [`w${writer}`]: n });
            await service.appendEvent({ session, event });
          }
        }),
      );
      const found = await load(services[0]!);
      assert.deepEqual(sequencesOf(found.events), range(1, 200));
      for (const writer of range(0, 7)) {
        const own = textsOf(found.events).filter((text) => text.startsWith(`${writer}:`));
        assert.deepEqual(
          own,
          range(1, 25).map((n) => `${writer}:${n}`),
        );
        assert.equal(found.state[`w${writer}`], 25);
      }
    },
  },
];

function fullEvent(): Event {
  const known: Event = createEvent({
    id: "the-id",
    invocationId: "e-7",
    author: "agent",
    timestamp: 1_234_567_890_123,
    branch: "root.child",
    content: {
      role: "model",
      parts: [
        { text: "", thought: true },
        { text: "hi ✨" },
        { functionCall: { id: "c1", name: "f", args: { a: [1, null, { b: "" }] } } },
        { functionResponse: { id: "c1", name: "f", response: { result: null } } },
        { fileData: { fileUri: "gs://x/y", mimeType: "image/png" } },
      ],
    },
    partial: false,
    turnComplete: true,
    errorCode: "SAFETY",
    errorMessage: "no",
    longRunningToolIds: ["c1"],
    usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 4, totalTokenCount: 7 },
    customMetadata: { nested: { list: [1, "2", false] } },
    stateRemoved: ["old", "user:old"],
    compactedSequences: { from: 1, to: 4 },
    pending: { c1: { expiresAt: 9, responseSchema: { type: "object" } } },
    toolRecord: { callId: "c0", response: { ok: true } },
    redactedCalls: ["c9"],
    output: { any: ["thing"] },
    isolationScope: "scope",
    actions: {
      stateDelta: { a: 1, "user:b": null, "app:c": { d: [] } },
      artifactDelta: { "file.txt": 0 },
      transferToAgent: "other",
      escalate: false,
      skipSummarization: true,
      endOfAgent: true,
      agentState: {},
      requestedToolConfirmations: { c1: { confirmed: false, hint: "sure?" } },
    },
  });
  return Object.assign(known, { unknownMember: { kept: [true] }, anEmptyOne: {} });
}

function assertFrozen(value: unknown, path: string): void {
  if (typeof value !== "object" || value === null) return;
  assert.ok(Object.isFrozen(value), `${path} is not frozen`);
  for (const key of Object.keys(value))
    assertFrozen((value as Record<string, unknown>)[key], `${path}.${key}`);
}
