import type {
  Append,
  Followed,
  Grant,
  History,
  LoggedEvent,
  Operation,
  Read,
  SessionLog,
} from "../../src/history/operation.ts";

/** A history that a test may change; what it gets each time is its own. */
export interface Draft extends History {
  readonly operations: Operation[];
  readonly followed: Followed[];
  readonly logs: (SessionLog & { events: LoggedEvent[] })[];
}

const WORKERS = ["ada", "bob", "cat"];
const ROUNDS = 12;

/**
 * What three workers did to a store without faults, in two sessions, one of them with a lease and a subscriber, and in one
 * that was deleted and made again. Operations of a round overlap; those of two rounds do not.
 */
export function goodHistory(): Draft {
  const operations: Operation[] = [];
  const logs: Draft["logs"] = ["s1", "s2", "again"].map((session) => ({
    session,
    incarnation: `${session}-2`,
    lastSequence: 0,
    events: [],
    state: {},
  }));
  const user: Record<string, unknown> = {};
  const app: Record<string, unknown> = {};
  const sequenceOf = (log: { events: LoggedEvent[] }): number => log.events.length;

  /** Stored at once, between its invocation and its return. */
  const append = (
    log: Draft["logs"][number],
    worker: string,
    time: number,
    more: Partial<Append>,
  ) => {
    const sequence = sequenceOf(log) + 1;
    const eventId = `${log.session}:${worker}:${sequence}`;
    const delta = more.delta ?? { [worker]: sequence };
    const made: Append = {
      op: "append",
      worker,
      user: "user",
      session: log.session,
      incarnation: log.incarnation,
      invoke: time,
      return: time + 5,
      outcome: "ok",
      eventId,
      data: `data of ${eventId}`,
      sequence,
      ...more,
      delta,
    };
    operations.push(made);
    log.events.push({ sequence, id: eventId, data: made.data });
    for (const [key, value] of Object.entries(delta)) {
      const scope = key.startsWith("user:") ? user : key.startsWith("app:") ? app : log.state;
      (scope as Record<string, unknown>)[key] = value;
    }
    Object.assign(log, { lastSequence: sequence });
    return made;
  };
  const read = (log: Draft["logs"][number], worker: string, time: number): Read => ({
    op: "read",
    worker,
    user: "user",
    session: log.session,
    incarnation: log.incarnation,
    invoke: time,
    return: time + 1,
    outcome: "ok",
    found: {
      lastSequence: sequenceOf(log),
      events: log.events.slice(-3),
      state: { ...log.state },
    },
  });

  const [first, second, again] = logs as [Draft["logs"][0], Draft["logs"][0], Draft["logs"][0]];
  const deleted = {
    session: "again",
    incarnation: "again-1",
    worker: "ada",
    user: "user",
    outcome: "ok",
  } as const;
  operations.push(
    {
      op: "append",
      ...deleted,
      invoke: 1,
      return: 2,
      eventId: "old",
      data: "old",
      delta: {},
      sequence: 1,
    },
    { op: "delete", ...deleted, invoke: 3, return: 4 },
    { op: "read", ...deleted, invoke: 5, return: 6 },
    {
      op: "append",
      ...deleted,
      outcome: "fail",
      code: "SESSION_GONE",
      invoke: 7,
      return: 8,
      eventId: "late",
      data: "late",
      delta: {},
    },
  );
  for (let round = 1; round <= ROUNDS; round++) {
    const time = round * 10;
    for (const worker of WORKERS)
      append(first, worker, time, {
        delta: { [worker]: round, [`user:${worker}`]: round, "app:last": `${worker} ${round}` },
      });
    operations.push(read(first, "ada", time + 6));
    // Of two that expect the same one wins.
    const expected = second.events.length;
    append(second, "bob", time, { expected });
    operations.push({
      op: "append",
      worker: "cat",
      user: "user",
      session: "s2",
      incarnation: second.incarnation,
      invoke: time,
      return: time + 5,
      outcome: "fail",
      code: "SESSION_CONFLICT",
      eventId: `refused ${round}`,
      data: "",
      delta: {},
      expected,
    });
  }
  const grant: Grant = {
    op: "grant",
    worker: "ada",
    user: "user",
    session: "s1",
    incarnation: first.incarnation,
    invoke: 200,
    return: 201,
    outcome: "ok",
    epoch: 1,
    lastSequence: first.events.length,
  };
  operations.push(grant);
  append(first, "ada", 210, { epoch: 1 });
  operations.push({
    ...grant,
    worker: "bob",
    invoke: 220,
    return: 221,
    epoch: 2,
    lastSequence: first.events.length,
  });
  append(first, "bob", 230, { epoch: 2 });
  // Nobody was told of it; it is there.
  append(second, "cat", 240, { outcome: "unknown", return: Infinity });
  append(again, "cat", 250, {});
  // The last of all sets nothing.
  append(second, "bob", 260, { delta: {} });
  const followed = [{ worker: "eve", session: "s1", after: 2, events: first.events.slice(2) }];
  return { operations, logs, user, app, followed };
}
