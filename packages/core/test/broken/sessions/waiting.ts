import { InMemorySessionStore } from "../../../src/sessions/in-memory-session-store.ts";
import type {
  AppendCommand,
  CreateCommand,
  Encoded,
  HeaderPatch,
  LeaseCommand,
  SessionHeader,
  SessionStore,
} from "../../../src/sessions/session-store.ts";
import { brokenStore, keyOf, leasing, nameOf, reading, type BrokenSessions } from "./broken.ts";

type Fork = NonNullable<CreateCommand["fork"]>;

/** Every header patch, of an append, a release or a fork, changed. */
function patching(
  store: SessionStore,
  change: (patch: HeaderPatch, header: SessionHeader | undefined) => HeaderPatch,
): Partial<SessionStore> {
  const changed = async (
    command: AppendCommand | LeaseCommand,
    patch: HeaderPatch,
  ): Promise<HeaderPatch> => change(patch, (await store.read(keyOf(command)))?.header);
  return {
    ...leasing(store, async (command) =>
      command.op === "release" && command.header
        ? await store.lease({ ...command, header: await changed(command, command.header) })
        : await store.lease(command),
    ),
    async append(command) {
      const { lease } = command;
      if (!lease) return await store.append(command);
      const header = await changed(command, lease.header);
      return await store.append({ ...command, lease: { ...lease, header } });
    },
  };
}

/** A fork, changed by what its source is now. */
function forking(
  store: SessionStore,
  change: (fork: Fork, source: SessionHeader, command: CreateCommand) => Fork,
): Partial<SessionStore> {
  return {
    async create(command) {
      const { fork } = command;
      const source =
        fork && (await store.read({ ...keyOf(command), sessionId: fork.sessionId }))?.header;
      if (!fork || !source) return await store.create(command);
      return await store.create({ ...command, fork: change(fork, source, command) });
    },
  };
}

/** The calls of an encoded record, changed one by one. */
function withCalls(
  pendingCalls: Encoded,
  change: (calls: [string, Record<string, unknown>][]) => [string, Record<string, unknown>][],
): Encoded {
  const calls = JSON.parse(pendingCalls) as Record<string, Record<string, unknown>>;
  return JSON.stringify(Object.fromEntries(change(Object.entries(calls))));
}

function eachCall(
  store: SessionStore,
  change: (calls: [string, Record<string, unknown>][]) => [string, Record<string, unknown>][],
): Partial<SessionStore> {
  return patching(store, (patch) =>
    patch.pendingCalls ? { ...patch, pendingCalls: withCalls(patch.pendingCalls, change) } : patch,
  );
}

/** Forks, cancels, what waits, windows and what runs out. */
export const brokenWaiting: readonly BrokenSessions[] = [
  // Forks
  brokenStore(
    "lets wait in a fork what waits in its source now",
    (store) =>
      forking(store, (fork, { pendingCalls = null }) => ({
        ...fork,
        header: { ...fork.header, pendingCalls },
      })),
    ["fork-waiting-calls"],
  ),
  brokenStore(
    "lets nothing wait in a fork",
    (store) =>
      forking(store, (fork) => ({ ...fork, header: { ...fork.header, pendingCalls: null } })),
    ["fork-waiting-calls"],
  ),
  brokenStore(
    "gives a fork the state of its source now",
    (store) => ({
      async create(command) {
        const { fork } = command;
        if (!fork) return await store.create(command);
        const source = { ...keyOf(command), sessionId: fork.sessionId };
        const { state } = (await store.read({ ...source, state: true })) ?? {};
        return await store.create({
          ...command,
          fork: { ...fork, state: state?.session ?? fork.state },
        });
      },
    }),
    ["fork-state-at-sequence", "fork-store-refusals"],
  ),
  brokenStore(
    "copies the window of its source into a fork",
    (store) =>
      forking(store, (fork, { windowFrom }) => ({
        ...fork,
        header: { ...fork.header, windowFrom },
      })),
    ["fork-window"],
  ),
  brokenStore(
    "copies what its source keeps into a fork",
    (store) => ({
      async create(command) {
        const { fork } = command;
        if (!fork) return await store.create(command);
        const source = { ...keyOf(command), sessionId: fork.sessionId };
        const { kept = null } = (await store.read({ ...source, kept: true })) ?? {};
        return await store.create({
          ...command,
          fork: { ...fork, header: { ...fork.header, kept } },
        });
      },
    }),
    ["fork-window"],
  ),
  brokenStore(
    "narrows a session that was forked to nothing",
    (store) => ({
      async create(command) {
        const outcome = await store.create(command);
        const { fork } = command;
        if (outcome.status !== "ok" || !fork) return outcome;
        const source = { ...keyOf(command), sessionId: fork.sessionId };
        const lease = { ...source, leaseId: "fork", owner: "fork", ttlMs: 1_000 };
        if ((await store.lease({ ...lease, op: "acquire" })).status === "ok")
          await store.lease({ ...lease, op: "release", header: { windowFrom: 1, kept: null } });
        return outcome;
      },
    }),
    ["fork-window"],
  ),
  brokenStore(
    "copies a cancel into a fork",
    (store) => {
      const cancelled = new Set<string>();
      return {
        async create(command) {
          const { fork } = command;
          const source =
            fork && (await store.read({ ...keyOf(command), sessionId: fork.sessionId }));
          if (source?.header.cancelRequested) cancelled.add(nameOf(command));
          return await store.create(command);
        },
        async append(command) {
          const outcome = await store.append(command);
          return outcome.status === "ok" && cancelled.has(nameOf(command))
            ? { ...outcome, cancelRequested: true }
            : outcome;
        },
      };
    },
    ["fork-not-cancelled"],
  ),

  // Cancels
  brokenStore(
    "keeps a cancel for the next invocation",
    (store) => {
      const cancelled = new Set<string>();
      return {
        async update(command) {
          const outcome = await store.update(command);
          if (outcome.status === "ok" && command.cancel !== undefined)
            cancelled.add(nameOf(command));
          return outcome;
        },
        async append(command) {
          const outcome = await store.append(command);
          return outcome.status === "ok" && command.lease && cancelled.has(nameOf(command))
            ? { ...outcome, cancelRequested: true }
            : outcome;
        },
      };
    },
    ["cancel-cleared"],
  ),
  brokenStore(
    "fences a holder that is to be cancelled",
    (store) => ({
      async append(command) {
        const header = (await store.read(keyOf(command)))?.header;
        return command.lease && header?.cancelRequested
          ? { status: "fenced", lastSequence: header.lastSequence }
          : await store.append(command);
      },
    }),
    ["cancel-cleared", "cancel-seen-by-append", "store-header"],
  ),
  brokenStore(
    "ends an invocation when it is cancelled",
    (store) => ({
      async update(command) {
        const outcome = await store.update(command);
        if (outcome.status !== "ok" || command.cancel === undefined) return outcome;
        const { incarnation } = outcome.header;
        const lease = { ...keyOf(command), leaseId: `cancel ${incarnation}` };
        const granted = await store.lease({ ...lease, op: "acquire", owner: "o", ttlMs: 1_000 });
        if (granted.status === "ok")
          await store.lease({ ...lease, op: "release", ended: command.cancel });
        return outcome;
      },
    }),
    ["cancel-waits-for-next-holder"],
  ),
  brokenStore(
    "refuses a cancel that was asked for before",
    (store) => ({
      async update(command) {
        const header = (await store.read(keyOf(command)))?.header;
        return command.cancel !== undefined && header?.cancelRequested
          ? { status: "not-open" }
          : await store.update(command);
      },
    }),
    ["cancel-open-invocation", "lost-reply-rest"],
  ),
  brokenStore(
    "cancels the session of another user that has the same id",
    (store) => ({
      async update(command) {
        if (command.cancel === undefined) return await store.update(command);
        const { items } = await store.list({ appName: command.appName, pageSize: 1_000 });
        const found = items.find(({ sessionId }) => sessionId === command.sessionId);
        return await store.update({ ...command, userId: found?.userId ?? command.userId });
      },
    }),
    ["cancel-own-session"],
  ),

  // What waits
  brokenStore(
    "lists every session as one in which something waits",
    (store) => ({
      async list({ pending: _ignored, ...command }) {
        return await store.list(command);
      },
    }),
    ["fork-waiting-calls", "list-pending", "list-pending-pages", "list-pending-several"],
  ),
  brokenStore(
    "looks for what waits on the page that it has cut",
    (store) => ({
      async list({ pending, ...command }) {
        const page = await store.list(command);
        if (!pending) return page;
        const items = page.items.filter(({ pendingCalls }) => pendingCalls !== undefined);
        return items.length === 0 ? { items } : { ...page, items };
      },
    }),
    ["list-pending-pages"],
  ),
  brokenStore(
    "forgets until when a call waits",
    (store) =>
      eachCall(store, (calls) => calls.map(([id, { expiresAt: _gone, ...call }]) => [id, call])),
    ["header-patch-leaves-rest", "list-pending", "list-pending-several"],
  ),
  brokenStore(
    "forgets what a call waits for",
    (store) =>
      eachCall(store, (calls) =>
        calls.map(([id, { responseSchema: _gone, ...call }]) => [id, call]),
      ),
    ["header-patch-leaves-rest", "list-pending", "list-pending-several"],
  ),
  brokenStore(
    "remembers one call that waits",
    (store) => eachCall(store, (calls) => calls.slice(-1)),
    ["list-pending-several"],
  ),
  brokenStore(
    "adds what waits to what has waited before",
    (store) =>
      patching(store, (patch, header) => {
        if (!patch.pendingCalls || header?.pendingCalls === undefined) return patch;
        const before = Object.entries(
          JSON.parse(header.pendingCalls) as Record<string, Record<string, unknown>>,
        );
        return {
          ...patch,
          pendingCalls: withCalls(patch.pendingCalls, (calls) => [...before, ...calls]),
        };
      }),
    ["list-pending-several"],
  ),
  brokenStore(
    "forgets what waits when the lease is given back",
    (store) =>
      leasing(store, async (command) =>
        command.op === "release"
          ? await store.lease({ ...command, header: { ...command.header, pendingCalls: null } })
          : await store.lease(command),
      ),
    ["header-patch-leaves-rest", "list-pending", "list-pending-pages", "list-pending-several"],
  ),
  brokenStore(
    "hides what waits while somebody holds the session",
    (store) => ({
      async list(command) {
        const page = await store.list(command);
        if (!command.pending) return page;
        const items = page.items.filter(({ leaseExpiresInMs }) => leaseExpiresInMs === undefined);
        return { ...page, items };
      },
    }),
    ["list-pending-several"],
  ),

  // Windows
  brokenStore(
    "never lowers the window",
    (store) =>
      patching(store, (patch, header) =>
        patch.windowFrom === undefined
          ? patch
          : { ...patch, windowFrom: Math.max(patch.windowFrom, header?.windowFrom ?? 1) },
      ),
    ["header-window"],
  ),
  brokenStore(
    "never drops what the header keeps",
    (store) =>
      patching(store, ({ kept, ...patch }) =>
        kept === null || kept === undefined ? patch : { ...patch, kept },
      ),
    ["header-window"],
  ),
  brokenStore(
    "keeps nothing from before the window",
    (store) => patching(store, ({ kept: _dropped, ...patch }) => patch),
    ["fork-window", "header-window"],
  ),
  brokenStore(
    "begins the window one late",
    (store) =>
      patching(store, (patch) =>
        patch.windowFrom === undefined ? patch : { ...patch, windowFrom: patch.windowFrom + 1 },
      ),
    ["fork-window", "header-patch-leaves-rest", "header-window"],
  ),
  brokenStore(
    "reads from the window whatever was asked for",
    (store) =>
      reading(store, (snapshot) => ({
        ...snapshot,
        events: snapshot.events.filter(({ sequence }) => sequence >= snapshot.header.windowFrom),
      })),
    ["fork-window"],
  ),
  brokenStore(
    "deletes what lies before the window",
    (store) => {
      const from = new Map<string, number>();
      const overrides = reading(store, (snapshot) => ({
        ...snapshot,
        events: snapshot.events.filter(
          ({ sequence }) => sequence >= (from.get(snapshot.header.incarnation) ?? 1),
        ),
      }));
      return {
        ...overrides,
        async append(command) {
          const outcome = await store.append(command);
          const { windowFrom = 1 } = command.lease?.header ?? {};
          const before = from.get(command.incarnation) ?? 1;
          if (outcome.status === "ok") from.set(command.incarnation, Math.max(before, windowFrom));
          return outcome;
        },
      };
    },
    ["fork-window", "header-window"],
  ),

  // What runs out
  brokenStore(
    "counts the time of a session from its creation",
    (_store, clock) => {
      const inner = new InMemorySessionStore({ clock, ttlMs: 1_000 });
      return { ...spread(inner), ...ageing(inner, clock.now.bind(clock)) };
    },
    // With the cases of leases that take longer than its second.
    [
      "append-fenced-by-lease-id",
      "lease-renew-extends",
      "lease-renew-lapsed",
      "lease-renewed-by-timer",
      "retention-activity-extends",
      "retention-purge",
      "unreachable-is-an-error",
    ],
  ),
  brokenStore(
    "purges the next life of what has expired",
    (store, clock) => {
      const lives = new Map<string, { at: number; key: CreateCommand }>();
      return {
        async create(command) {
          const outcome = await store.create(command);
          if (outcome.status === "ok" && !lives.has(nameOf(command)))
            lives.set(nameOf(command), { at: clock.now(), key: command });
          return outcome;
        },
        async purge(command) {
          const purged = await store.purge!(command);
          for (const { at, key } of lives.values()) {
            if (at + 1_000 > clock.now()) continue;
            const incarnation = (await store.read(keyOf(key)))?.header.incarnation;
            if (incarnation !== undefined) await store.erase({ ...keyOf(key), incarnation });
          }
          return purged;
        },
      };
    },
    ["retention-id-reusable"],
  ),
  brokenStore(
    "purges whatever the limit is",
    (store) => ({
      async purge(command) {
        return await store.purge!({ ...command, limit: 1_000 });
      },
    }),
    ["retention-purge"],
  ),
  brokenStore(
    "lets a lease live for ever",
    (store) =>
      leasing(store, async (command) =>
        command.op === "release"
          ? await store.lease(command)
          : await store.lease({ ...command, ttlMs: 3_600_000_000 }),
      ),
    [
      "close-ends-waits",
      "lease-lost-signal",
      "lease-race-one-winner",
      "lease-renew-extends",
      "lease-renew-lapsed",
      "store-header",
    ],
  ),
];

/** All commands of a store, bound to it. */
function spread(store: InMemorySessionStore): Partial<SessionStore> {
  return {
    read: store.read.bind(store),
    append: store.append.bind(store),
    list: store.list.bind(store),
    update: store.update.bind(store),
    lease: store.lease.bind(store),
    open: store.open.bind(store),
    erase: store.erase.bind(store),
    watch: store.watch.bind(store),
    purge: store.purge.bind(store),
  };
}

/** Takes a session away a second after it was created, whatever has happened since. */
function ageing(store: InMemorySessionStore, now: () => number): Partial<SessionStore> {
  const born = new Map<string, { at: number; key: CreateCommand }>();
  const forget = async (): Promise<void> => {
    for (const [name, { at, key }] of born) {
      if (at + 1_000 > now()) continue;
      born.delete(name);
      await store.erase({ ...keyOf(key), incarnation: key.incarnation });
    }
  };
  return {
    async create(command) {
      await forget();
      const outcome = await store.create(command);
      if (outcome.status === "ok") born.set(nameOf(command), { at: now(), key: command });
      return outcome;
    },
    async append(command) {
      await forget();
      return await store.append(command);
    },
  };
}
