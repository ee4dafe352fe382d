import { AdkError } from "../../../src/errors.ts";
import { InMemorySessionStore } from "../../../src/sessions/in-memory-session-store.ts";
import type { SessionHeader } from "../../../src/sessions/session-store.ts";
import { inMemorySessionSubject } from "../../../src/testing/sessions/in-memory-session-subject.ts";
import { brokenStore, keyOf, reading, type BrokenSessions } from "./broken.ts";

/** Stores whose lists, updates or retention differ in one thing. */
export const brokenLists: readonly BrokenSessions[] = [
  brokenStore(
    "lists the sessions of all users",
    (store) => ({
      async list({ userId: _ignored, orderBy: _also, ...command }) {
        return await store.list(command);
      },
    }),
    [
      "delete-user",
      "interrupted-list",
      "list-by-last-update",
      "list-hides-neighbours",
      "list-newest-first",
      "list-pages-complete",
      "list-scopes",
    ],
  ),
  brokenStore(
    "lists the sessions of users whose id begins alike",
    (store) => ({
      async list(command) {
        const { userId, pageToken, pageSize, orderBy: _none, ...all } = command;
        if (userId === undefined || command.orderBy) return await store.list(command);
        const items: SessionHeader[] = [];
        for (let token: string | undefined; ;) {
          const page = await store.list({
            ...all,
            pageSize: 1_000,
            ...(token && { pageToken: token }),
          });
          items.push(...page.items.filter((header) => header.userId.startsWith(userId)));
          token = page.nextPageToken;
          if (token === undefined) break;
        }
        if (pageToken !== undefined) return await store.list(command);
        const page = await store.list({ ...command, pageSize });
        const known = new Set(page.items.map(({ incarnation }) => incarnation));
        const leaked = items.filter(
          (header) => header.userId !== userId && !known.has(header.incarnation),
        );
        return { ...page, items: [...page.items, ...leaked] };
      },
    }),
    ["delete-user", "list-hides-neighbours"],
  ),
  brokenStore(
    "skips a session between two pages",
    (store) => ({
      async list(command) {
        const page = await store.list(command);
        return command.pageToken === undefined ? page : { ...page, items: page.items.slice(1) };
      },
    }),
    [
      "ids-hostile",
      "interrupted-pages",
      "list-by-labels",
      "list-by-last-update",
      "list-newest-first",
      "list-pages-beside-changes",
      "list-pages-complete",
      "list-pending-pages",
    ],
  ),
  brokenStore(
    "repeats a session on the next page",
    (store) => {
      let last: SessionHeader | undefined;
      return {
        async list(command) {
          const page = await store.list(command);
          const items =
            command.pageToken !== undefined && last ? [last, ...page.items] : page.items;
          last = page.items.at(-1);
          return { ...page, items: items.slice(0, command.pageSize) };
        },
      };
    },
    [
      "ids-hostile",
      "interrupted-pages",
      "list-by-labels",
      "list-by-last-update",
      "list-newest-first",
      "list-pages-beside-changes",
      "list-pages-complete",
      "list-pending-pages",
    ],
  ),
  brokenStore(
    "pages by the time of creation alone",
    (store) => ({
      async list(command) {
        if (command.orderBy === "lastUpdateTime") return await store.list(command);
        const { pageToken, pageSize, ...all } = command;
        if (pageToken !== undefined && !/^\d+$/.test(pageToken)) return await store.list(command);
        const { items } = await store.list({ ...all, pageSize: 1_000 });
        const rest = items.filter(
          ({ createTime }) => pageToken === undefined || createTime < Number(pageToken),
        );
        const page = rest.slice(0, pageSize);
        const nextPageToken = String(page.at(-1)?.createTime);
        return rest.length > pageSize ? { items: page, nextPageToken } : { items: page };
      },
    }),
    [
      "ids-hostile",
      "interrupted-pages",
      "list-by-labels",
      "list-pages-beside-changes",
      "list-pages-complete",
    ],
  ),
  brokenStore(
    "takes any page token for the first page",
    (store) => ({
      async list(command) {
        const { pageToken: _bad, ...first } = command;
        return await store.list(command).catch(async () => await store.list(first));
      },
    }),
    ["interrupted-pages", "list-bad-requests"],
  ),
  brokenStore(
    "ignores the order by last update",
    (store) => ({
      async list({ orderBy: _ignored, ...command }) {
        return await store.list(command);
      },
    }),
    ["list-by-last-update"],
  ),
  brokenStore(
    "shows a session that carries any of the labels",
    (store) => ({
      async list({ labels, ...command }) {
        const page = await store.list(command);
        const wanted = Object.entries(labels ?? {});
        if (wanted.length === 0) return page;
        const items = page.items.filter((header) =>
          wanted.some(([name, value]) => header.labels?.[name] === value),
        );
        return { ...page, items };
      },
    }),
    ["list-by-labels"],
  ),
  brokenStore(
    "lists what runs as interrupted",
    (store) => ({
      async list({ interrupted, ...command }) {
        const page = await store.list(command);
        if (!interrupted) return page;
        const items = page.items.filter(({ invocationId }) => invocationId !== undefined);
        return { ...page, items };
      },
    }),
    ["interrupted-list"],
  ),
  brokenStore(
    "replaces the labels instead of patching them",
    (store) => ({
      async update(command) {
        if (!command.labels) return await store.update(command);
        const old = (await store.read(keyOf(command)))?.header.labels ?? {};
        const labels: Record<string, string | null> = {};
        for (const name of Object.keys(old)) labels[name] = null;
        return await store.update({ ...command, labels: { ...labels, ...command.labels } });
      },
    }),
    ["update-labels"],
  ),
  brokenStore(
    "creates what is updated",
    (store) => ({
      async update(command) {
        const outcome = await store.update(command);
        if (outcome.status !== "not-found" || command.cancel !== undefined) return outcome;
        await store.create({ ...keyOf(command), incarnation: "made-up", initialState: {} });
        return await store.update(command);
      },
    }),
    ["update-unknown"],
  ),
  {
    name: "keeps expired sessions",
    subject: () =>
      inMemorySessionSubject({ decorate: (_store, clock) => new InMemorySessionStore({ clock }) }),
    fails: [
      "retention-activity-extends",
      "retention-expires",
      "retention-id-reusable",
      "retention-purge",
    ],
  },
  brokenStore(
    "lets sessions expire only when they are purged",
    (_store, clock) => {
      const inner = new InMemorySessionStore({ clock });
      return {
        create: inner.create.bind(inner),
        read: inner.read.bind(inner),
        append: inner.append.bind(inner),
        list: inner.list.bind(inner),
        update: inner.update.bind(inner),
        lease: inner.lease.bind(inner),
        open: inner.open.bind(inner),
        erase: inner.erase.bind(inner),
        watch: inner.watch.bind(inner),
        async purge({ limit }) {
          const { items } = await inner.list({ appName: "app", pageSize: 1_000 });
          const expired = items
            .filter(({ lastUpdateTime }) => lastUpdateTime + 1_000 <= clock.now())
            .slice(0, limit);
          for (const { incarnation, ...key } of expired)
            await inner.erase({ ...keyOf(key), incarnation });
          return expired.length;
        },
      };
    },
    ["retention-activity-extends", "retention-expires", "retention-id-reusable"],
  ),
  brokenStore(
    "hands out the labels that it keeps",
    (store) => {
      const labels = new Map<string, Record<string, string>>();
      const alias = (header: SessionHeader): SessionHeader => {
        if (!header.labels) return header;
        const known = labels.get(header.incarnation) ?? header.labels;
        labels.set(header.incarnation, known);
        return { ...header, labels: known };
      };
      return {
        async list(command) {
          const page = await store.list(command);
          return { ...page, items: page.items.map(alias) };
        },
        async update(command) {
          const outcome = await store.update(command);
          if (outcome.status === "ok") labels.delete(outcome.header.incarnation);
          return outcome;
        },
        ...reading(store, (snapshot) => ({ ...snapshot, header: alias(snapshot.header) })),
      };
    },
    ["get-private-copy", "list-private-copy"],
  ),
  brokenStore(
    "does not remove a title",
    (store) => ({
      async update(command) {
        if (command.title !== null) return await store.update(command);
        const { title: _kept, ...rest } = command;
        return await store.update(rest);
      },
    }),
    ["update-title"],
  ),
  brokenStore(
    "refuses updates of a session that runs",
    (store) => ({
      async update(command) {
        const header = (await store.read(keyOf(command)))?.header;
        return header?.leaseExpiresInMs !== undefined && command.cancel === undefined
          ? { status: "gone" }
          : await store.update(command);
      },
    }),
    ["update-needs-no-lease"],
  ),
  brokenStore(
    "fails when two migrate at once",
    (store) => {
      let running = 0;
      return {
        async migrate() {
          if (++running > 1) throw new AdkError("SCHEMA_MISMATCH", "Another one migrates.");
          await store.migrate!();
          running--;
        },
      };
    },
    ["administration-answers"],
  ),
];
