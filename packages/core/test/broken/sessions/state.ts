import { AdkError } from "../../../src/errors.ts";
import type {
  ReadCommand,
  ReadScope,
  ScopeDelta,
  SessionStore,
  Snapshot,
  StoreDelta,
} from "../../../src/sessions/session-store.ts";
import { brokenStore, keyOf, nameOf, reading, type BrokenSessions } from "./broken.ts";

function eachScope(delta: StoreDelta, change: (scope: ScopeDelta) => ScopeDelta): StoreDelta {
  return Object.fromEntries(
    Object.entries(delta).map(([name, scope]: [string, ScopeDelta]) => [name, change(scope)]),
  );
}

/** Stores whose state differs in one thing. */
export const brokenStates: readonly BrokenSessions[] = [
  brokenStore(
    "writes a user's state back as a whole document",
    (store) => {
      const keys = new Map<string, string[]>();
      return {
        async append(command) {
          const { delta, appName, userId } = command;
          if (!delta?.user) return await store.append(command);
          const document = await store.read({ appName, userId });
          await Promise.resolve();
          for (const key of delta.user.remove) delete document[key];
          const set = { ...document, ...delta.user.set };
          const others = keys.get(appName + userId) ?? [];
          const remove = others.filter((key) => !Object.hasOwn(set, key));
          keys.set(appName + userId, Object.keys(set));
          const user = { set, remove: [...remove, ...delta.user.remove] };
          return await store.append({ ...command, delta: { ...delta, user } });
        },
      };
    },
    ["state-race-distinct-keys"],
  ),
  brokenStore(
    "drops what an event changes in the app's state",
    (store) => ({
      async append({ delta, ...command }) {
        const { app: _dropped, ...rest } = delta ?? {};
        return await store.append({ ...command, delta: rest });
      },
    }),
    [
      "append-copies-event",
      "append-duplicate-once",
      "append-updates-handle",
      "fork-leaves-shared-state",
      "state-app-shared",
      "state-null-is-a-value",
      "state-prefix-removed-once",
      "state-race-distinct-keys",
      "state-race-one-key",
      "state-removal",
      "state-three-scopes",
      "values-prototype-names",
    ],
  ),
  brokenStore(
    "removes a key whose value is null",
    (store) => ({
      async append({ delta, ...command }) {
        const changed = eachScope(delta ?? {}, ({ set, remove }) => {
          const entries = Object.entries(set);
          const nulls = entries.filter(([, value]) => value === "null").map(([key]) => key);
          const values = entries.filter(([, value]) => value !== "null");
          return { set: Object.fromEntries(values), remove: [...remove, ...nulls] };
        });
        return await store.append(delta ? { ...command, delta: changed } : command);
      },
    }),
    ["state-null-is-a-value"],
  ),
  brokenStore(
    "ignores removals",
    (store) => ({
      async append({ delta, ...command }) {
        const changed = eachScope(delta ?? {}, ({ set }) => ({ set, remove: [] }));
        return await store.append(delta ? { ...command, delta: changed } : command);
      },
    }),
    [
      "append-catches-up",
      "append-updates-handle",
      "create-initial-state-kept",
      "state-removal",
      "values-prototype-names",
    ],
  ),
  brokenStore(
    "shows user state to users whose id begins alike",
    (store) => {
      const users = new Map<string, Set<string>>();
      return {
        async create(command) {
          const known = users.get(command.appName) ?? new Set();
          users.set(command.appName, known.add(command.userId));
          return await store.create(command);
        },
        ...reading(store, async (snapshot, { appName, userId }) => {
          if (!snapshot.state) return snapshot;
          const user = { ...snapshot.state.user };
          for (const other of users.get(appName) ?? [])
            if (other !== userId && other.startsWith(userId))
              Object.assign(user, await store.read({ appName, userId: other }));
          return { ...snapshot, state: { ...snapshot.state, user } };
        }),
      };
    },
    ["state-user-shared"],
  ),
  brokenStore(
    "shares session state with sessions whose id begins alike",
    (store) =>
      reading(store, async (snapshot, { appName, userId, sessionId }) => {
        if (!snapshot.state) return snapshot;
        const session = { ...snapshot.state.session };
        const { items } = await store.list({ appName, userId, pageSize: 1_000 });
        for (const other of items)
          if (other.sessionId !== sessionId && sessionId.startsWith(other.sessionId))
            Object.assign(
              session,
              (await store.read({ ...keyOf(other), state: true }))?.state?.session,
            );
        return { ...snapshot, state: { ...snapshot.state, session } };
      }),
    ["ids-bytewise", "ids-hostile", "state-session-own"],
  ),
  brokenStore(
    "keeps state in objects that inherit",
    (store) =>
      reading(store, ({ state, ...snapshot }) => {
        if (!state) return snapshot;
        const session: Record<string, string> = {};
        for (const key of Object.keys(state.session)) session[key] = state.session[key]!;
        return { ...snapshot, state: { ...state, session } };
      }),
    ["values-prototype-names"],
  ),
  brokenStore(
    "stores the first 1,000 keys of a delta",
    (store) => ({
      async append({ delta, ...command }) {
        const changed = eachScope(delta ?? {}, ({ set, remove }) => ({
          set: Object.fromEntries(Object.entries(set).slice(0, 1_000)),
          remove,
        }));
        return await store.append(delta ? { ...command, delta: changed } : command);
      },
    }),
    ["state-large-delta"],
  ),
  brokenStore(
    "deadlocks when two set and remove one shared key at once",
    (store) => {
      const set = new Map<string, number>();
      const count = (keys: readonly string[], step: number): void => {
        for (const key of keys) set.set(key, (set.get(key) ?? 0) + step);
      };
      return {
        async append(command) {
          const user = command.delta?.user;
          if (user?.remove.some((key) => (set.get(key) ?? 0) > 0))
            throw new AdkError("UNAVAILABLE", "deadlock detected", { retryable: false });
          const keys = Object.keys(user?.set ?? {});
          count(keys, 1);
          await Promise.resolve();
          count(keys, -1);
          return await store.append(command);
        },
      };
    },
    ["state-race-set-and-remove"],
  ),
  brokenStore(
    "leaves the prefix at the keys of shared state",
    (store) => {
      const read = async (command: Parameters<SessionStore["read"]>[0]): Promise<unknown> => {
        if (command.sessionId !== undefined) return await store.read(command as ReadCommand);
        const values = await store.read(command as ReadScope);
        const prefix = command.userId === undefined ? "app:" : "user:";
        return Object.fromEntries(
          Object.entries(values).map(([key, value]) => [prefix + key, value]),
        );
      };
      // The two overloads of `read`, told apart above.
      return { read: read as SessionStore["read"] };
    },
    [
      "delete-keeps-shared-state",
      "delete-user",
      "fork-leaves-shared-state",
      "ids-bytewise",
      "ids-hostile-scopes",
      "retention-expires",
      "shared-state-alone",
      "state-prefix-removed-once",
      "state-race-one-key",
      "state-race-set-and-remove",
      "state-three-scopes",
      "store-read-parts",
      "values-prototype-names",
    ],
  ),
  brokenStore(
    "drops the shared part of an initial state",
    (store) => ({
      async create({ shared: _dropped, ...command }) {
        return await store.create(command);
      },
    }),
    [
      "create-copies-state",
      "create-existing-refused",
      "create-initial-state-scopes",
      "create-race-fresh-app",
      "delete-keeps-shared-state",
      "delete-user",
      "ids-bytewise",
      "ids-hostile-scopes",
      "lost-reply-create",
      "retention-expires",
      "shared-state-alone",
      "store-read-parts",
    ],
  ),
  brokenStore(
    "fails when two create the first sessions of a user at once",
    (store) => {
      const users = new Map<string, "new" | "known">();
      return {
        async create(command) {
          const name = nameOf({ ...command, sessionId: "" });
          if (users.get(name) === "new")
            throw new AdkError("UNAVAILABLE", "duplicate key", { retryable: false });
          if (!users.has(name)) users.set(name, "new");
          const created = store.create(command);
          await Promise.resolve();
          users.set(name, "known");
          return await created;
        },
      };
    },
    [
      "create-race-fresh-app",
      "create-race-one-winner",
      "get-or-create-race",
      "list-by-last-update",
      "list-pages-complete",
      "state-race-distinct-keys",
      "state-race-one-key",
      "state-race-set-and-remove",
    ],
  ),
  brokenStore(
    "forgets title and labels of a new session",
    (store) => ({
      async create({ title: _title, labels: _labels, ...command }) {
        return await store.create(command);
      },
    }),
    [
      "create-copies-state",
      "create-existing-refused",
      "create-title-and-labels",
      "fork-title-and-labels",
      "get-or-create-existing",
      "list-by-labels",
      "list-private-copy",
      "update-labels",
      "update-title",
    ],
  ),
  brokenStore(
    "keeps times in seconds",
    (store) => {
      const inSeconds = <T extends Snapshot>(snapshot: T): T => ({
        ...snapshot,
        header: {
          ...snapshot.header,
          createTime: Math.floor(snapshot.header.createTime / 1_000),
          lastUpdateTime: Math.floor(snapshot.header.lastUpdateTime / 1_000),
        },
      });
      return {
        ...reading(store, inSeconds),
        async create(command) {
          const outcome = await store.create(command);
          return outcome.status === "ok" ? inSeconds(outcome) : outcome;
        },
      };
    },
    [
      "append-catches-up",
      "append-duplicate-once",
      "append-expected-sequence",
      "append-id-conflict",
      "append-update-time-is-the-stores",
      "append-updates-handle",
      "create-times",
      "list-without-events-and-state",
      "lost-reply-append",
      "unreachable-is-an-error",
    ],
  ),
  brokenStore(
    "copies one event too few into a fork",
    (store) => ({
      async create(command) {
        const { fork } = command;
        if (!fork || fork.atSequence === 0) return await store.create(command);
        return await store.create({
          ...command,
          fork: { ...fork, atSequence: fork.atSequence - 1 },
        });
      },
    }),
    [
      "fork-copies-log",
      "fork-generates-id",
      "fork-of-fork",
      "fork-own-future",
      "fork-state-at-sequence",
      "fork-store-refusals",
      "fork-waiting-calls",
      "fork-window",
    ],
  ),
  brokenStore(
    "copies the open invocation into a fork",
    (store) => ({
      async create(command) {
        const { fork } = command;
        if (!fork) return await store.create(command);
        const source = await store.read({ ...keyOf(command), sessionId: fork.sessionId });
        const { invocationId } = source?.header ?? {};
        const header = { ...fork.header, ...(invocationId !== undefined && { invocationId }) };
        return await store.create({ ...command, fork: { ...fork, header } });
      },
    }),
    ["fork-needs-no-lease", "fork-not-cancelled"],
  ),
  brokenStore(
    "gives a fork no title of its own",
    (store) => ({
      async create(command) {
        const { title: _ignored, ...rest } = command;
        return await store.create(command.fork ? rest : command);
      },
    }),
    ["fork-title-and-labels"],
  ),
  brokenStore(
    "gives the current state for the initial one",
    (store) =>
      reading(store, async (snapshot, command) => {
        if (!command.initialState) return snapshot;
        const { state } = (await store.read({ ...keyOf(command), state: true })) ?? {};
        return state ? { ...snapshot, initialState: state.session } : snapshot;
      }),
    [
      "create-initial-state-kept",
      "fork-own-future",
      "fork-state-at-sequence",
      "fork-store-refusals",
    ],
  ),
  brokenStore(
    "takes the user's state with the session that is deleted",
    (store) => ({
      async erase(command) {
        await store.erase(command);
        const { appName, userId } = command;
        const left = await store.list({ appName, userId, pageSize: 1 });
        if (left.items.length === 0) await store.erase({ appName, userId });
      },
    }),
    ["delete-keeps-shared-state"],
  ),
  brokenStore(
    "keeps the state of a deleted user",
    (store) => ({
      async erase(command) {
        if (command.sessionId !== undefined) return await store.erase(command);
        const { items } = await store.list({ ...command, pageSize: 1_000 });
        for (const header of items)
          await store.erase({ ...keyOf(header), incarnation: header.incarnation });
      },
    }),
    ["delete-user"],
  ),
  brokenStore(
    "replaces a session that is created again",
    (store) => ({
      async create(command) {
        const outcome = await store.create(command);
        if (outcome.status !== "exists") return outcome;
        const incarnation = (await store.read(keyOf(command)))?.header.incarnation ?? "";
        await store.erase({ ...keyOf(command), incarnation });
        return await store.create(command);
      },
    }),
    [
      "create-existing-refused",
      "create-race-one-winner",
      "fork-refusals",
      "get-or-create-race",
      "lost-reply-create",
    ],
  ),
  brokenStore(
    "does not know its own creation when it is repeated",
    (store) => {
      const created = new Set<string>();
      return {
        async create(command) {
          if (created.has(command.incarnation)) return { status: "exists" };
          const outcome = await store.create(command);
          if (outcome.status === "ok") created.add(command.incarnation);
          return outcome;
        },
      };
    },
    ["fork-store-refusals", "lost-reply-create", "lost-reply-rest"],
  ),
  brokenStore(
    "shares a fork's events with its parent",
    (store) => {
      const forks = new Map<string, { sessionId: string; incarnation: string }[]>();
      return {
        async create(command) {
          const outcome = await store.create(command);
          if (outcome.status === "ok" && command.fork) {
            const parent = nameOf({ ...command, sessionId: command.fork.sessionId });
            const { sessionId, incarnation } = command;
            forks.set(parent, [...(forks.get(parent) ?? []), { sessionId, incarnation }]);
          }
          return outcome;
        },
        async append(command) {
          const outcome = await store.append(command);
          for (const fork of forks.get(nameOf(command)) ?? []) {
            const { lease: _none, delta: _own, expectedLastSequence: _any, ...event } = command;
            await store.append({ ...event, ...fork });
          }
          return outcome;
        },
      };
    },
    ["fork-own-future"],
  ),
  brokenStore(
    "applies shared deltas again in a fork",
    (store) => {
      const log = new Map<string, StoreDelta[]>();
      return {
        async append(command) {
          const outcome = await store.append(command);
          const deltas = log.get(nameOf(command)) ?? [];
          log.set(nameOf(command), [...deltas, command.delta ?? {}]);
          return outcome;
        },
        async create(command) {
          const { fork } = command;
          if (!fork) return await store.create(command);
          const shared: Required<Pick<StoreDelta, "app" | "user">> = {
            app: { set: {}, remove: [] },
            user: { set: {}, remove: [] },
          };
          const deltas = log.get(nameOf({ ...command, sessionId: fork.sessionId })) ?? [];
          for (const { app, user } of deltas.slice(0, fork.atSequence)) {
            Object.assign(shared.app.set, app?.set);
            Object.assign(shared.user.set, user?.set);
          }
          return await store.create({ ...command, shared });
        },
      };
    },
    ["fork-leaves-shared-state"],
  ),
];
