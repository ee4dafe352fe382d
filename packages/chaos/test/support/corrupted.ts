import type { Invariant } from "../../src/check/violation.ts";
import type { Append, Grant, Read } from "../../src/history/operation.ts";
import type { Draft } from "./good-history.ts";

export function logOf(history: Draft, session: string): Draft["logs"][number] {
  const log = history.logs.find((each) => each.session === session);
  if (!log) throw new Error(session);
  return log;
}

export function appendOf(history: Draft, eventId: string): Append {
  const found = history.operations.find(
    (each): each is Append => each.op === "append" && each.eventId === eventId,
  );
  if (!found) throw new Error(eventId);
  return found;
}

/** The n-th read that found something. */
function readOf(history: Draft, n: number): Read & { found: NonNullable<Read["found"]> } {
  const reads = history.operations.filter(
    (each): each is Read & { found: NonNullable<Read["found"]> } =>
      each.op === "read" && !!each.found,
  );
  const read = reads[n];
  if (!read) throw new Error(`read ${n}`);
  return read;
}

const at = (history: Draft, session: string, sequence: number): string =>
  logOf(history, session).events[sequence - 1]!.id;

/** Wrong histories: what is changed, and the one invariant that does not hold any more. */
export const corrupted: readonly {
  readonly invariant: Invariant;
  readonly what: string;
  readonly change: (history: Draft) => void;
}[] = [
  {
    invariant: "I1",
    what: "an acknowledged event is lost from the end",
    change(history) {
      const log = logOf(history, "s2");
      log.events.pop();
      Object.assign(log, { lastSequence: log.lastSequence - 1 });
    },
  },
  {
    invariant: "I1",
    what: "an event stands elsewhere than acknowledged",
    change: (history) => (appendOf(history, at(history, "s1", 4)).sequence = 5),
  },
  {
    invariant: "I1",
    what: "an event is stored twice",
    change(history) {
      const log = logOf(history, "s2");
      log.events.push({ ...log.events.at(-1)!, sequence: log.lastSequence + 1 });
      Object.assign(log, { lastSequence: log.lastSequence + 1 });
    },
  },
  {
    invariant: "I1",
    what: "an event has other bytes",
    change(history) {
      const { events } = logOf(history, "s2");
      events[3] = { ...events[3]!, data: "other" };
    },
  },
  {
    invariant: "I1",
    what: "a session with an acknowledged event is not there",
    change: (history) => void history.logs.splice(2, 1),
  },
  {
    invariant: "I2",
    what: "the last sequence is not that of the last event",
    change(history) {
      const log = logOf(history, "again");
      Object.assign(log, { lastSequence: log.lastSequence + 1 });
    },
  },
  {
    invariant: "I2",
    what: "a sequence is left out",
    change(history) {
      const log = logOf(history, "s2");
      log.events.splice(-2, 1, { ...log.events.at(-2)!, sequence: 99 });
      log.events.push(log.events.splice(-2, 1)[0]!);
      Object.assign(log, { lastSequence: 99 });
    },
  },
  {
    invariant: "I2",
    what: "what was read has been renumbered",
    change(history) {
      const { found } = readOf(history, 2);
      const [first, second, third] = found.events;
      (found.events as unknown[]).splice(
        0,
        3,
        { ...second, sequence: first!.sequence },
        { ...first, sequence: second!.sequence },
        third,
      );
    },
  },
  {
    invariant: "I3",
    what: "what was invoked after another's return stands before it",
    change(history) {
      const late = appendOf(history, at(history, "s2", 13));
      Object.assign(late, { invoke: 1_000, worker: "zoe" });
    },
  },
  {
    invariant: "I4",
    what: "a worker's own are the wrong way round",
    change(history) {
      for (const each of history.operations)
        if (each.op === "append" && each.session === "again") each.return = Infinity;
      const log = logOf(history, "again");
      const one = appendOf(history, log.events[0]!.id);
      const before: Append = {
        ...one,
        eventId: "before",
        data: "b",
        invoke: one.invoke - 2,
        return: one.invoke - 1,
        sequence: 2,
        delta: {},
      };
      history.operations.push(before);
      log.events.push({ id: "before", sequence: 2, data: "b" });
      Object.assign(log, { lastSequence: 2 });
    },
  },
  {
    invariant: "I5",
    what: "a read misses a delta",
    change: (history) => Object.assign(readOf(history, 3).found.state, { ada: 1 }),
  },
  {
    invariant: "I5",
    what: "a read has a hole",
    change: (history) => void (readOf(history, 3).found.events as unknown[]).splice(1, 1),
  },
  {
    invariant: "I5",
    what: "a read misses what was acknowledged before",
    change: (history) => Object.assign(readOf(history, 3), { invoke: 100, return: 101 }),
  },
  {
    invariant: "I5",
    what: "the state at the end misses a delta",
    change: (history) => Object.assign(logOf(history, "s2").state, { bob: 1 }),
  },
  {
    invariant: "I6",
    what: "a key has an earlier value",
    change: (history) => Object.assign(history.user, { "user:ada": 3 }),
  },
  {
    invariant: "I6",
    what: "a key is gone",
    change: (history) => delete (history.user as Record<string, unknown>)["user:bob"],
  },
  {
    invariant: "I6",
    what: "a key of nobody is there",
    change: (history) => Object.assign(history.app, { "app:else": 1 }),
  },
  {
    invariant: "I7",
    what: "something is written under a lease after the next was granted",
    change(history) {
      const bobs = history.operations.find(
        (each): each is Grant => each.op === "grant" && each.epoch === 2,
      );
      Object.assign(bobs!, { lastSequence: bobs!.lastSequence - 1 });
    },
  },
  {
    invariant: "I8",
    what: "what ended unknown is stored twice",
    change(history) {
      const log = logOf(history, "s2");
      const unknown = log.events.at(-2)!;
      log.events.push({ ...unknown, sequence: log.lastSequence + 1 });
      Object.assign(log, { lastSequence: log.lastSequence + 1 });
    },
  },
  {
    invariant: "I8",
    what: "what was refused is stored",
    change(history) {
      const log = logOf(history, "s1");
      const id = log.events.at(-1)!.id;
      Object.assign(appendOf(history, id), { outcome: "fail", code: "STORE_FULL" });
    },
  },
  {
    invariant: "I9",
    what: "an append that expected another sequence was stored",
    change: (history) => Object.assign(appendOf(history, at(history, "s2", 5)), { expected: 2 }),
  },
  {
    invariant: "I9",
    what: "an append that expected what was there was refused",
    change: (history) => Object.assign(appendOf(history, "refused 4"), { invoke: 31, return: 32 }),
  },
  {
    invariant: "I10",
    what: "a session holds what was sent to another",
    change(history) {
      const log = logOf(history, "again");
      log.events.push({ ...logOf(history, "s2").events[0]!, sequence: 2 });
      Object.assign(log, { lastSequence: 2 });
    },
  },
  {
    invariant: "I11",
    what: "a subscriber misses one",
    change: (history) => (history.followed[0]!.events as unknown[]).splice(4, 1),
  },
  {
    invariant: "I11",
    what: "a subscriber gets one twice",
    change: (history) =>
      void history.followed[0]!.events.splice(4, 0, history.followed[0]!.events[4]!),
  },
  {
    invariant: "I11",
    what: "a subscriber gets other bytes",
    change(history) {
      const { events } = history.followed[0]!;
      events[4] = { ...events[4]!, data: "other" };
    },
  },
  {
    invariant: "I12",
    what: "a read finds a deleted session",
    change(history) {
      const read = history.operations.find((each) => each.op === "read" && !each.found);
      Object.assign(read!, { found: { lastSequence: 0, events: [], state: {} } });
    },
  },
  {
    invariant: "I12",
    what: "an old handle writes after the deletion",
    change: (history) => Object.assign(appendOf(history, "late"), { outcome: "ok", sequence: 2 }),
  },
  {
    invariant: "I12",
    what: "the successor continues what was deleted",
    change(history) {
      const log = logOf(history, "again");
      log.events.push({ id: "old", data: "old", sequence: 2 });
      Object.assign(log, { lastSequence: 2 });
    },
  },
];
