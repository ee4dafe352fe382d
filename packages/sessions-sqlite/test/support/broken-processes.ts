import {
  decorateStore,
  InMemorySessionStore,
  type Grant,
  type ReadCommand,
  type SessionStore,
  type Snapshot,
} from "@adk/core";

/** A store that takes its process for the only one, and the cases of several processes that find it. */
export interface BrokenProcesses {
  readonly name: string;
  readonly decorate: (store: SessionStore) => SessionStore;
  readonly caughtBy: readonly string[];
}

/** What works within one process. */
export const brokenProcesses: readonly BrokenProcesses[] = [
  {
    name: "knows the sessions of its own process alone",
    decorate: () => new InMemorySessionStore(),
    caughtBy: ["processes-open-at-once", "processes-create-race"],
  },
  {
    name: "counts the sequences itself",
    decorate(store) {
      let last: number | undefined;
      return decorateStore(store, {
        async append(command, signal) {
          const outcome = await store.append(command, signal);
          if (outcome.status !== "ok") return outcome;
          last = last === undefined ? outcome.sequence : last + 1;
          return { ...outcome, sequence: last };
        },
      });
    },
    caughtBy: ["processes-append"],
  },
  {
    name: "writes a session's state whole, as it knows it",
    decorate(store) {
      const known: Record<string, string> = {};
      return decorateStore(store, {
        async append(command, signal) {
          Object.assign(known, command.delta?.session?.set);
          const others = ["a", "b", "c", "d"].filter((writer) => known[writer] === undefined);
          const session = { set: { ...known }, remove: others };
          return await store.append({ ...command, delta: { ...command.delta, session } }, signal);
        },
      });
    },
    caughtBy: ["processes-state"],
  },
  {
    name: "keeps its locks in memory",
    decorate: (store) => {
      const held = new Map<string, string>();
      return withLeases(store, {
        async lease(command) {
          if (command.op === "acquire") {
            if (held.size > 0) return { status: "busy", expiresInMs: command.ttlMs };
            held.set("session", command.leaseId);
          } else if (command.op === "release") held.clear();
          return { status: "ok", grant: await grantOf(store) };
        },
        async append(command, signal) {
          const { lease: _held, ...without } = command;
          return await store.append(without, signal);
        },
      });
    },
    caughtBy: ["processes-lease-race", "processes-lease-turns"],
  },
  {
    name: "fences by the lease that it remembers",
    decorate(store) {
      return decorateStore(store, {
        async append(command, signal) {
          const outcome = await store.append(command, signal);
          const { lease: _held, ...without } = command;
          return outcome.status === "fenced" ? await store.append(without, signal) : outcome;
        },
      });
    },
    caughtBy: ["processes-frozen-holder-fenced"],
  },
  {
    name: "counts no attempt of another process",
    decorate(store) {
      return withLeases(store, {
        async lease(command) {
          const outcome = await store.lease(command);
          return outcome.status === "ok"
            ? { ...outcome, grant: { ...outcome.grant, attempt: 1 } }
            : outcome;
        },
      });
    },
    caughtBy: ["processes-takeover"],
  },
  {
    name: "shows one event twice, under two sequences",
    decorate(store) {
      let fourth: string | undefined;
      const read = async (command: ReadCommand): Promise<Snapshot | undefined> => {
        const snapshot = await store.read(command);
        const events = snapshot?.events.map((event) => {
          if (event.sequence === 4) fourth = event.data;
          return event.sequence === 5 ? { ...event, data: fourth ?? event.data } : event;
        });
        return snapshot && events ? { ...snapshot, events } : snapshot;
      };
      return decorateStore(store, { read: read as SessionStore["read"] });
    },
    caughtBy: ["processes-subscribe"],
  },
];

/** Leases of its own: `open` would pass them by. */
function withLeases(store: SessionStore, overrides: Partial<SessionStore>): SessionStore {
  const { open: _absent, ...rest } = decorateStore(store, overrides);
  return rest;
}

async function grantOf(store: SessionStore): Promise<Grant> {
  const snapshot = await store.read({ appName: "app", userId: "user", sessionId: "session" });
  if (!snapshot) throw new Error("The session is gone.");
  const { incarnation, lastSequence, attempt, cancelRequested } = snapshot.header;
  return { incarnation, lastSequence, attempt, cancelRequested, epoch: Date.now(), expiresInMs: 1 };
}
