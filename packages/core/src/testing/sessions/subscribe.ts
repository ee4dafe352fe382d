import { strict as assert } from "node:assert";
import type { Event } from "../../events/event.ts";
import type { BaseSessionService } from "../../sessions/base-session-service.ts";
import type { SubscribeRequest } from "../../sessions/requests.ts";
import { rejects } from "../rejects.ts";
import {
  appendTexts,
  KEY,
  later,
  load,
  message,
  pass,
  plain,
  range,
  sequencesOf,
  settle,
  take,
  textsOf,
} from "./helpers.ts";
import type { SessionCase, SessionSubject } from "./subject.ts";

/** Following a session. */
export const subscribeCases: readonly SessionCase[] = [
  {
    key: "subscribe-from-start",
    title: "a subscriber gets what is stored, then what is appended, each once and in order",
    level: "subscribe",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      await appendTexts(service, session, ["m1", "m2"]);
      await using followed = follow(subject, service, { afterSequence: 0 });
      assert.deepEqual(textsOf(await take(subject, followed, 2)), ["m1", "m2"]);
      await appendTexts(service, session, ["m3", "m4"]);
      const events = await take(subject, followed, 2);
      assert.deepEqual(textsOf(events), ["m3", "m4"]);
      assert.deepEqual(plain(events), plain(session.events.slice(2)));
    },
  },
  {
    key: "subscribe-from-middle",
    title: "a subscriber that names a sequence gets what lies behind it",
    level: "subscribe",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      await appendTexts(service, session, ["m1", "m2", "m3"]);
      await using followed = follow(subject, service, { afterSequence: 2 });
      assert.deepEqual(textsOf(await take(subject, followed, 1)), ["m3"]);
      await appendTexts(service, session, ["m4"]);
      assert.deepEqual(sequencesOf(await take(subject, followed, 1)), [4]);
    },
  },
  {
    key: "subscribe-from-now",
    title: "a subscriber that names none gets what is appended after it asked",
    level: "subscribe",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      await appendTexts(service, session, ["m1", "m2"]);
      await using followed = follow(subject, service, {});
      const first = later(take(subject, followed, 1));
      await pass(subject, 20);
      await appendTexts(service, session, ["m3"]);
      assert.deepEqual(textsOf(await first), ["m3"]);
    },
  },
  {
    key: "subscribe-before-first-event",
    title: "a subscriber of an empty session waits for its first event",
    level: "subscribe",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      await using followed = follow(subject, service, { afterSequence: 0 });
      const first = later(take(subject, followed, 1));
      await pass(subject, 20);
      await appendTexts(service, session, ["m1"]);
      assert.deepEqual(textsOf(await first), ["m1"]);
    },
  },
  {
    key: "subscribe-across-services",
    title: "a subscriber sees what 4 writers of other services append, each event once, in order",
    level: "subscribe",
    async run(subject) {
      const service = await subject.open();
      await service.createSession(KEY);
      await using followed = follow(subject, await subject.open(), { afterSequence: 0 });
      const seen = later(take(subject, followed, 80));
      const writers = range(1, 4).map(async (writer) => {
        const other = await subject.open();
        const session = await load(other);
        for (const n of range(1, 20))
          await other.appendEvent({ session, event: message(`${writer}:${n}`) });
      });
      await Promise.all(writers);
      const events = await seen;
      assert.deepEqual(sequencesOf(events), range(1, 80));
      assert.deepEqual(plain(events), plain((await load(service)).events));
    },
  },
  {
    key: "subscribe-many",
    title: "20 subscribers of one session each get everything",
    level: "subscribe",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      const followers = range(1, 20).map(() => follow(subject, service, { afterSequence: 0 }));
      const seen = followers.map(async (each) => await later(take(subject, each, 3)));
      await appendTexts(service, session, ["m1", "m2", "m3"]);
      for (const events of await Promise.all(seen))
        assert.deepEqual(textsOf(events), ["m1", "m2", "m3"]);
      await Promise.all(followers.map(async (each) => await each[Symbol.asyncDispose]()));
    },
  },
  {
    key: "subscribe-other-session",
    title: "a subscriber sees nothing of other sessions, of the same id under another user either",
    level: "subscribe",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      const others = [
        { ...KEY, userId: "other" },
        { ...KEY, sessionId: "other" },
        { ...KEY, appName: "other" },
      ];
      await using followed = follow(subject, service, { afterSequence: 0 });
      const first = later(take(subject, followed, 1));
      await pass(subject, 20);
      for (const key of others)
        await appendTexts(service, await service.createSession(key), ["not this"]);
      await pass(subject, 20);
      await appendTexts(service, session, ["this"]);
      assert.deepEqual(textsOf(await first), ["this"]);
    },
  },
  {
    key: "subscribe-slow-consumer",
    title: "a subscriber that takes its time loses none of 600 events",
    level: "subscribe",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      await using followed = follow(subject, service, { afterSequence: 0 });
      await appendTexts(service, session, ["first"]);
      assert.deepEqual(textsOf(await take(subject, followed, 1)), ["first"]);
      for (const burst of range(0, 5)) {
        await Promise.all(
          range(1, 100).map(
            async (n) => await service.appendEvent({ session, event: message(`${burst}:${n}`) }),
          ),
        );
        await pass(subject, 10);
        await take(subject, followed, 10);
      }
      const rest = await take(subject, followed, 540);
      assert.deepEqual(sequencesOf(rest), range(62, 601));
    },
  },
  {
    key: "subscribe-without-wakes",
    title: "a subscriber of a store that gives no hints gets everything, too",
    level: "subscribe",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      const quiet = await subject.open({ withoutWatch: true });
      await using followed = follow(subject, quiet, { afterSequence: 0 });
      const seen = later(take(subject, followed, 3));
      await pass(subject, 20);
      await appendTexts(service, session, ["m1"]);
      await pass(subject, 20);
      await appendTexts(service, session, ["m2", "m3"]);
      assert.deepEqual(textsOf(await seen), ["m1", "m2", "m3"]);
    },
  },
  {
    key: "subscribe-aborted",
    title: "an aborted subscription ends at once, also while it waits",
    level: "subscribe",
    async run(subject) {
      const service = await subject.open();
      await appendTexts(service, await service.createSession(KEY), ["m1"]);
      const abort = new AbortController();
      const followed = follow(subject, service, { afterSequence: 0, signal: abort.signal });
      await take(subject, followed, 1);
      const waiting = later(followed.next());
      await pass(subject, 20);
      abort.abort(new Error("enough"));
      assert.equal((await settle(subject, waiting)).done, true, "it ends as a stream does");
      const late = follow(subject, service, { afterSequence: 0, signal: abort.signal });
      await rejects(settle(subject, late.next()), "ABORTED");
    },
  },
  {
    key: "subscribe-left",
    title: "a subscriber that leaves, waiting or not, ends its subscription",
    level: "subscribe",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      await appendTexts(service, session, ["m1", "m2"]);
      for await (const event of service.subscribe({ ...KEY, afterSequence: 0 })) {
        assert.equal(event.sequence, 1);
        break;
      }
      const followed = follow(subject, service, { afterSequence: 1 });
      await take(subject, followed, 1);
      await settle(subject, followed.return());
      assert.equal((await settle(subject, followed.next())).done, true);
    },
  },
  {
    key: "subscribe-deleted",
    title:
      "a subscription to a session that is deleted ends with SESSION_GONE, also when the id lives again",
    level: "subscribe",
    async run(subject) {
      const service = await subject.open();
      for (const again of [false, true]) {
        const session = await service.createSession(KEY);
        await appendTexts(service, session, ["m1"]);
        const followed = follow(subject, service, { afterSequence: 0 });
        await take(subject, followed, 1);
        const waiting = later(followed.next());
        await pass(subject, 20);
        await service.deleteSession(KEY);
        if (again) {
          const next = await service.createSession(KEY);
          await appendTexts(service, next, ["n1", "n2"]);
        }
        await rejects(settle(subject, waiting), "SESSION_GONE");
      }
    },
  },
  {
    key: "subscribe-refused",
    title:
      "a subscription to what is not there is SESSION_NOT_FOUND, one ahead of the log SESSION_REGRESSED",
    level: "subscribe",
    async run(subject) {
      const service = await subject.open();
      await rejects(
        settle(subject, follow(subject, service, { afterSequence: 0 }).next()),
        "SESSION_NOT_FOUND",
      );
      await appendTexts(service, await service.createSession(KEY), ["m1"]);
      await rejects(
        settle(subject, follow(subject, service, { afterSequence: 7 }).next()),
        "SESSION_REGRESSED",
      );
      for (const afterSequence of [-1, 1.5, Number.NaN])
        await rejects(
          settle(subject, follow(subject, service, { afterSequence }).next()),
          "INVALID_ARGUMENT",
        );
    },
  },
];

interface Follower extends AsyncDisposable, AsyncIterator<Event> {
  return(): Promise<IteratorResult<Event>>;
}

/** A subscription that the end of the case ends, even while it waits. */
function follow(
  subject: SessionSubject,
  service: BaseSessionService,
  request: Partial<SubscribeRequest>,
): Follower {
  const end = new AbortController();
  const signal = request.signal ? AbortSignal.any([request.signal, end.signal]) : end.signal;
  const iterator = service.subscribe({ ...KEY, ...request, signal })[Symbol.asyncIterator]();
  const leave = async (): Promise<IteratorResult<Event>> =>
    (await iterator.return?.()) ?? { done: true, value: undefined };
  return {
    next: async () => await iterator.next(),
    return: leave,
    async [Symbol.asyncDispose]() {
      end.abort();
      await settle(subject, leave()).catch(() => undefined);
    },
  };
}
