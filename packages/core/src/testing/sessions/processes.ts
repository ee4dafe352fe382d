import { strict as assert } from "node:assert";
import type { BaseSessionService } from "../../sessions/base-session-service.ts";
import { rejects } from "../rejects.ts";
import {
  allRefused,
  appendTexts,
  appStateShows,
  KEY,
  later,
  listedIds,
  load,
  LONG_MS,
  pass,
  race,
  range,
  sequencesOf,
  settle,
  SHORT_MS,
  stateOf,
  textsOf,
} from "./helpers.ts";
import type { SessionProcess } from "./session-process.ts";
import { SessionProcesses } from "./session-processes.ts";
import type { SessionCase, SessionSubject } from "./subject.ts";

const { appName, userId } = KEY;
/** How long a process waits for a lease that is to lapse, milliseconds: a slow machine has time. */
const PATIENCE_MS = 15_000;

/** Several processes on one store. */
export const processCases: readonly SessionCase[] = [
  {
    key: "processes-open-at-once",
    title: "4 processes that open an empty store at once all come to work on it",
    level: "processes",
    async run(subject) {
      await using processes = await SessionProcesses.start(subject, 4);
      await settle(subject, processes.openAll());
      const ids = processes.all.map((_process, n) => `session-${n}`);
      await settle(
        subject,
        Promise.all(processes.all.map(async (each, n) => await each.ask("create", ids[n]!))),
      );
      const service = await subject.open();
      assert.deepEqual((await listedIds(service, { appName, userId })).toSorted(), ids);
    },
  },
  {
    key: "processes-create-race",
    title: "of 4 processes that create one session at once one succeeds, each time",
    level: "processes",
    async run(subject) {
      await using processes = await SessionProcesses.open(subject, 4);
      for (const round of range(1, 5)) {
        const { won, lost } = await settle(
          subject,
          race(processes.all.map(async (each) => await each.ask("create", `session-${round}`))),
        );
        assert.equal(won.length, 1, `round ${round}`);
        allRefused(lost, "SESSION_ALREADY_EXISTS");
      }
    },
  },
  {
    key: "processes-append",
    title:
      "what 4 processes append to one session at once gets every sequence once, in their order",
    level: "processes",
    async run(subject) {
      const { service, acknowledged } = await appendAtOnce(subject);
      const { events, lastSequence } = await load(service);
      assert.equal(lastSequence, events.length);
      assert.deepEqual(sequencesOf(events), range(1, WRITERS.length * COUNT));
      const texts = textsOf(events);
      for (const [n, sequences] of acknowledged.entries())
        assert.deepEqual(
          sequences.map((sequence) => texts[sequence - 1]),
          range(1, COUNT).map((number) => `${WRITERS[n]}:${number}`),
        );
    },
  },
  {
    key: "processes-state",
    title: "state that 4 processes write at once is merged key by key, in all scopes",
    level: "processes",
    async run(subject) {
      const { service } = await appendAtOnce(subject);
      const { events } = await load(service);
      const own = Object.fromEntries(WRITERS.map((writer) => [writer, COUNT]));
      const expected = { ...own, all: textsOf(events).at(-1) };
      const { session = {}, user, app } = scopes(await stateOf(service));
      assert.deepEqual(session, expected);
      assert.deepEqual(user, expected);
      if (subject.capabilities?.atomicAppState !== false) assert.deepEqual(app, expected);
      await appStateShows(subject, async () => {
        const { all, ...others } = scopes(await stateOf(service))["app"] ?? {};
        assert.deepEqual(others, own);
        assert.ok(
          WRITERS.some((writer) => all === `${writer}:${COUNT}`),
          String(all),
        );
      });
    },
  },
  {
    key: "processes-lease-race",
    title: "of 4 processes that want the lease at once one gets it, the others SESSION_BUSY",
    level: "processes",
    async run(subject) {
      await (await subject.open()).createSession(KEY);
      await using processes = await SessionProcesses.open(subject, 4);
      const { won, lost } = await settle(
        subject,
        race(processes.all.map(async (each) => await each.ask("lease", { ttlMs: LONG_MS }))),
      );
      assert.equal(won.length, 1);
      allRefused(lost, "SESSION_BUSY");
    },
  },
  {
    key: "processes-lease-turns",
    title: "processes that take turns never stand in each other's, and epochs grow",
    level: "processes",
    async run(subject) {
      const service = await subject.open();
      await service.createSession(KEY);
      await using processes = await SessionProcesses.open(subject, 3);
      const takeTurns = processes.all.map(async (each, n) => {
        const epochs: number[] = [];
        for (const round of range(1, 3)) {
          const lease = { ttlMs: LONG_MS, waitMs: PATIENCE_MS };
          epochs.push((await each.ask("lease", lease)).epoch);
          await each.ask("appendLeased", { text: `${n}:${round} begins` });
          await each.ask("appendLeased", { text: `${n}:${round} ends` });
          await each.ask("release", {});
        }
        return epochs;
      });
      const epochs = await settle(subject, Promise.all(takeTurns));
      assert.equal(new Set(epochs.flat()).size, 9, "each turn has an epoch of its own");
      for (const own of epochs)
        assert.deepEqual(
          own,
          own.toSorted((a, b) => a - b),
        );
      const texts = textsOf((await load(service)).events);
      assert.equal(texts.length, 18);
      for (const index of range(0, 8)) {
        const [turn] = texts[index * 2]!.split(" ");
        assert.deepEqual(texts.slice(index * 2, index * 2 + 2), [`${turn} begins`, `${turn} ends`]);
      }
    },
  },
  {
    key: "processes-takeover",
    title:
      "what a killed process was running is listed as interrupted, and another goes on with it",
    level: "processes",
    async run(subject) {
      const service = await subject.open();
      await service.createSession(KEY);
      await using processes = await SessionProcesses.open(subject, 2);
      const [killed, heir] = processes.all as [SessionProcess, SessionProcess];
      await killed.ask("lease", { ttlMs: SHORT_MS });
      await killed.ask("appendLeased", { text: "begun", invocationId: "e-1" });
      assert.deepEqual(await interruptedIds(service), [], "it lives");
      await killed.kill();
      await eventually(subject, async () => (await interruptedIds(service)).length > 0);
      assert.deepEqual(await interruptedIds(service), ["session e-1"]);
      const granted = await heir.ask("lease", { ttlMs: LONG_MS, waitMs: PATIENCE_MS });
      assert.equal(granted.openInvocationId, "e-1");
      assert.equal(granted.attempt, 2);
      assert.deepEqual(granted.texts, ["begun"]);
      assert.deepEqual(await interruptedIds(service), [], "somebody runs it");
      assert.deepEqual(await heir.ask("appendLeased", { text: "ended" }), { sequence: 2 });
      await heir.ask("release", { ended: "e-1" });
      assert.deepEqual(await interruptedIds(service), [], "it is over");
    },
  },
  {
    key: "processes-frozen-holder-fenced",
    title: "a holder that was frozen beyond its lease writes nothing after another took over",
    level: "processes",
    async run(subject) {
      const service = await subject.open();
      await service.createSession(KEY);
      await using processes = await SessionProcesses.open(subject, 2);
      const [frozen, heir] = processes.all as [SessionProcess, SessionProcess];
      const first = await frozen.ask("lease", { ttlMs: SHORT_MS });
      await frozen.ask("appendLeased", { text: "begun", invocationId: "e-1" });
      frozen.freeze();
      // It renews as long as it runs: that another gets the lease shows that it stands still.
      const taken = await settle(
        subject,
        heir.ask("lease", { ttlMs: LONG_MS, waitMs: PATIENCE_MS }),
      );
      assert.ok(taken.epoch > first.epoch, `epoch ${taken.epoch} after ${first.epoch}`);
      await heir.ask("appendLeased", { text: "taken over" });
      const late = later(frozen.ask("appendLeased", { text: "late" }));
      frozen.thaw();
      await rejects(settle(subject, late), "SESSION_FENCED");
      assert.equal(await frozen.ask("isLost"), true);
      await frozen.ask("release", { ended: "e-1" });
      assert.deepEqual(await heir.ask("appendLeased", { text: "still mine" }), { sequence: 3 });
      assert.deepEqual(textsOf((await load(service)).events), [
        "begun",
        "taken over",
        "still mine",
      ]);
    },
  },
  {
    key: "processes-subscribe",
    title:
      "a follower in another process sees what 3 processes append, each event once and in order",
    level: "processes",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      await using processes = await SessionProcesses.open(subject, 4);
      const [follower, ...writers] = processes.all as [SessionProcess, ...SessionProcess[]];
      await appendTexts(service, session, ["first"]);
      assert.deepEqual(await settle(subject, follower.ask("follow", 1)), [[1, "first"]]);
      const seen = later(follower.ask("follow", writers.length * COUNT));
      await settle(
        subject,
        Promise.all(
          writers.map(
            async (each, n) => await each.ask("append", { writer: WRITERS[n]!, count: COUNT }),
          ),
        ),
      );
      const { events } = await load(service);
      const stored = events.slice(1).map((event) => [event.sequence, textsOf([event])[0]]);
      assert.deepEqual(await settle(subject, seen), stored);
    },
  },
];

const WRITERS: readonly string[] = ["a", "b", "c", "d"];
/** Events of each writer. */
const COUNT = 15;

/** A session that all writers have appended to at once, from a process each. */
async function appendAtOnce(
  subject: SessionSubject,
): Promise<{ service: BaseSessionService; acknowledged: readonly number[][] }> {
  const service = await subject.open();
  await service.createSession(KEY);
  await using processes = await SessionProcesses.open(subject, WRITERS.length);
  const appending = processes.all.map(
    async (each, n) => await each.ask("append", { writer: WRITERS[n]!, count: COUNT }),
  );
  return { service, acknowledged: await settle(subject, Promise.all(appending)) };
}

/** State by scope, without prefixes. */
function scopes(state: Record<string, unknown>): Record<string, Record<string, unknown>> {
  const byScope: Record<string, Record<string, unknown>> = {};
  for (const [key, value] of Object.entries(state)) {
    const [scope, name] = key.includes(":") ? key.split(":", 2) : ["session", key];
    (byScope[scope!] ??= {})[name!] = value;
  }
  return byScope;
}

async function interruptedIds(service: BaseSessionService): Promise<string[]> {
  const { sessions } = await service.listInterrupted({ appName });
  return sessions.map(({ sessionId, invocationId }) => `${sessionId} ${invocationId}`);
}

/** Asks again until it is so. */
async function eventually(subject: SessionSubject, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await isSo())) {
    assert.ok(performance.now() < deadline, `it did not come to be within ${PATIENCE_MS} ms`);
    await pass(subject, 50);
  }
}
