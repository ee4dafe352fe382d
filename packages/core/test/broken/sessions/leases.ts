import type { Grant, HeaderPatch } from "../../../src/sessions/session-store.ts";
import { brokenStore, keyOf, leasing, nameOf, type BrokenSessions } from "./broken.ts";

/** Stores whose leases, open invocation or header differ in one thing. */
export const brokenLeases: readonly BrokenSessions[] = [
  brokenStore(
    "ignores the fence",
    (store) => ({
      async append(command) {
        const outcome = await store.append(command);
        const { lease: _ignored, ...unfenced } = command;
        return outcome.status === "fenced" ? await store.append(unfenced) : outcome;
      },
    }),
    [
      "append-fenced-by-lease-id",
      "append-order-of-checks",
      "append-refusal-tells-last-sequence",
      "append-under-released-lease",
      "lease-lapsed-taken-over",
    ],
  ),
  brokenStore(
    "accepts an append under a released lease",
    (store) => {
      const released = new Map<string, string>();
      return {
        ...leasing(store, async (command) => {
          if (command.op === "release") released.set(nameOf(command), command.leaseId);
          if (command.op === "acquire") released.delete(nameOf(command));
          return await store.lease(command);
        }),
        async append(command) {
          const outcome = await store.append(command);
          if (outcome.status !== "fenced") return outcome;
          const { lease, ...unfenced } = command;
          return released.get(nameOf(command)) === lease?.leaseId
            ? await store.append(unfenced)
            : outcome;
        },
      };
    },
    ["append-fenced-by-lease-id", "append-under-released-lease"],
  ),
  brokenStore(
    "fences a holder whose lease has lapsed although nobody took it",
    (store, clock) => {
      const until = new Map<string, number>();
      return {
        ...leasing(store, async (command) => {
          if (command.op === "renew" && (until.get(command.leaseId) ?? 0) <= clock.now())
            return { status: "fenced", lastSequence: 0 };
          if (command.op !== "release") until.set(command.leaseId, clock.now() + command.ttlMs);
          return await store.lease(command);
        }),
        async append(command) {
          const { lease } = command;
          if (lease && (until.get(lease.leaseId) ?? 0) <= clock.now())
            return { status: "fenced", lastSequence: 0 };
          if (lease) until.set(lease.leaseId, clock.now() + lease.ttlMs);
          return await store.append(command);
        },
      };
    },
    [
      "append-fenced-by-lease-id",
      "append-order-of-checks",
      "append-refusal-tells-last-sequence",
      "lease-lapsed-taken-over",
      "lease-renew-lapsed",
    ],
  ),
  brokenStore(
    "grants the lease to two",
    (store, clock) =>
      leasing(store, async (command) => {
        const outcome = await store.lease(command);
        if (outcome.status !== "busy" || command.op !== "acquire") return outcome;
        const header = (await store.read(keyOf(command)))!.header;
        const grant: Grant = { ...header, epoch: clock.now(), expiresInMs: command.ttlMs };
        return { status: "ok", grant };
      }),
    [
      "abort-while-waiting",
      "append-extends-lease",
      "append-fenced-by-lease-id",
      "lease-acquire-repeated",
      "lease-lost-signal",
      "lease-race-one-winner",
      "lease-release-never-fails",
      "lease-renew-extends",
      "lease-renew-lapsed",
      "lease-renewed-by-timer",
      "lease-wait",
      "lease-wait-across-services",
      "lease-wait-ends",
      "open-loads-and-leases",
    ],
  ),
  brokenStore(
    "keeps the epoch when a lapsed lease is taken over",
    (store) => {
      const epochs = new Map<string, number>();
      const released = new Set<string>();
      return leasing(store, async (command) => {
        const outcome = await store.lease(command);
        const name = nameOf(command);
        if (command.op === "release") released.add(name);
        if (command.op !== "acquire" || outcome.status !== "ok") return outcome;
        const old = epochs.get(name);
        const epoch = old !== undefined && !released.has(name) ? old : outcome.grant.epoch;
        epochs.set(name, epoch);
        released.delete(name);
        return { status: "ok", grant: { ...outcome.grant, epoch } };
      });
    },
    ["lease-lapsed-taken-over", "lease-renew-lapsed"],
  ),
  brokenStore(
    "counts epochs from one in each life",
    (store) => {
      const epochs = new Map<string, number>();
      return leasing(store, async (command) => {
        const outcome = await store.lease(command);
        if (outcome.status !== "ok") return outcome;
        const { incarnation, epoch } = outcome.grant;
        const first = epochs.get(incarnation) ?? epoch - 1;
        epochs.set(incarnation, first);
        return { status: "ok", grant: { ...outcome.grant, epoch: epoch - first } };
      });
    },
    ["lease-epoch-over-lives"],
  ),
  brokenStore(
    "takes the lease again for a late copy of an acquire",
    (store) =>
      leasing(store, async (command) => {
        const outcome = await store.lease(command);
        if (outcome.status !== "fenced" || command.op !== "acquire") return outcome;
        return await store.lease({ ...command, leaseId: `${command.leaseId} again` });
      }),
    ["lease-late-acquire-fenced"],
  ),
  brokenStore(
    "does not know its own acquire when it is repeated",
    (store) => {
      const seen = new Set<string>();
      return leasing(store, async (command) => {
        if (command.op === "acquire" && seen.has(command.leaseId)) {
          const left = (await store.read(keyOf(command)))?.header.leaseExpiresInMs;
          if (left !== undefined) return { status: "busy", expiresInMs: left };
        }
        const outcome = await store.lease(command);
        if (command.op === "acquire" && outcome.status === "ok") seen.add(command.leaseId);
        return outcome;
      });
    },
    ["lease-acquire-repeated", "lost-reply-lease"],
  ),
  brokenStore(
    "lets anybody release a lease",
    (store) => {
      const holders = new Map<string, string>();
      return leasing(store, async (command) => {
        const outcome = await store.lease(command);
        const name = nameOf(command);
        if (command.op === "acquire" && outcome.status === "ok") holders.set(name, command.leaseId);
        const leaseId = holders.get(name);
        return command.op === "release" && leaseId !== undefined
          ? await store.lease({ ...command, leaseId })
          : outcome;
      });
    },
    ["lease-release-never-fails"],
  ),
  brokenStore(
    "does not extend the lease by an append",
    (store, clock) => {
      const until = new Map<string, number>();
      return {
        ...leasing(store, async (command) => {
          if (command.op !== "release") until.set(command.leaseId, clock.now() + command.ttlMs);
          return await store.lease(command);
        }),
        async append(command) {
          const { lease } = command;
          if (!lease) return await store.append(command);
          const left = (until.get(lease.leaseId) ?? clock.now()) - clock.now();
          return await store.append({ ...command, lease: { ...lease, ttlMs: Math.max(0, left) } });
        },
      };
    },
    ["append-extends-lease", "append-fenced-by-lease-id"],
  ),
  brokenStore(
    "extends the lease by a duplicate",
    (store) => ({
      async append(command) {
        const outcome = await store.append(command);
        const { lease } = command;
        if (outcome.status === "ok" && outcome.duplicate && lease)
          await store.lease({
            ...keyOf(command),
            op: "renew",
            leaseId: lease.leaseId,
            ttlMs: lease.ttlMs,
          });
        return outcome;
      },
    }),
    ["append-extends-lease"],
  ),
  brokenStore(
    "refuses appends beside a lease",
    (store) => ({
      async append(command) {
        const header = (await store.read(keyOf(command)))?.header;
        return header?.leaseExpiresInMs !== undefined && !command.lease
          ? { status: "fenced", lastSequence: header.lastSequence }
          : await store.append(command);
      },
    }),
    ["append-beside-lease"],
  ),
  brokenStore(
    "ends the open invocation by a release that names another",
    (store) =>
      leasing(store, async (command) => {
        if (command.op !== "release" || command.ended === undefined)
          return await store.lease(command);
        const ended = (await store.read(keyOf(command)))?.header.invocationId ?? command.ended;
        return await store.lease({ ...command, ended });
      }),
    ["invocation-kept-without-end", "invocation-replaced"],
  ),
  brokenStore(
    "ends the open invocation by every release",
    (store) =>
      leasing(store, async (command) => {
        if (command.op !== "release") return await store.lease(command);
        const ended = (await store.read(keyOf(command)))?.header.invocationId;
        return await store.lease(ended === undefined ? command : { ...command, ended });
      }),
    [
      "attempt-counts-leases",
      "cancel-cleared",
      "cancel-waits-for-next-holder",
      "header-patch-leaves-rest",
      "interrupted-list",
      "interrupted-pages",
      "invocation-kept-without-end",
      "invocation-replaced",
      "lost-reply-lease",
    ],
  ),
  brokenStore(
    "never counts a second attempt",
    (store) =>
      leasing(store, async (command) => {
        const outcome = await store.lease(command);
        if (outcome.status !== "ok") return outcome;
        return {
          status: "ok",
          grant: { ...outcome.grant, attempt: Math.min(1, outcome.grant.attempt) },
        };
      }),
    ["attempt-counts-leases", "invocation-replaced", "lost-reply-lease"],
  ),
  brokenStore(
    "accepts a cancel of what is not open",
    (store) => ({
      async update(command) {
        const outcome = await store.update(command);
        if (outcome.status !== "not-open") return outcome;
        return { status: "ok", header: (await store.read(keyOf(command)))!.header };
      },
    }),
    ["cancel-not-open", "store-header"],
  ),
  brokenStore(
    "cancels whatever is open",
    (store) => ({
      async update(command) {
        const outcome = await store.update(command);
        if (outcome.status !== "not-open") return outcome;
        const open = (await store.read(keyOf(command)))?.header.invocationId;
        return open === undefined
          ? outcome
          : await store.update({ ...keyOf(command), cancel: open });
      },
    }),
    ["cancel-not-open", "store-header"],
  ),
  brokenStore(
    "forgets a cancel when the lease changes hands",
    (store) => ({
      ...leasing(store, async (command) => {
        const outcome = await store.lease(command);
        return outcome.status === "ok" && command.op === "acquire"
          ? { status: "ok", grant: { ...outcome.grant, cancelRequested: false } }
          : outcome;
      }),
    }),
    ["cancel-waits-for-next-holder"],
  ),
  brokenStore(
    "never clears waiting calls",
    (store) => {
      const keep = ({ pendingCalls, ...patch }: HeaderPatch): HeaderPatch =>
        pendingCalls === null || pendingCalls === undefined ? patch : { ...patch, pendingCalls };
      return {
        ...leasing(store, async (command) =>
          command.op === "release" && command.header
            ? await store.lease({ ...command, header: keep(command.header) })
            : await store.lease(command),
        ),
        async append(command) {
          const { lease } = command;
          if (!lease) return await store.append(command);
          return await store.append({
            ...command,
            lease: { ...lease, header: keep(lease.header) },
          });
        },
      };
    },
    ["header-patch-leaves-rest", "list-pending", "list-pending-several"],
  ),
  brokenStore(
    "takes a header patch for the whole header",
    (store) => ({
      async append(command) {
        const { lease } = command;
        if (!lease) return await store.append(command);
        const header = { pendingCalls: null, kept: null, windowFrom: 1, ...lease.header };
        return await store.append({ ...command, lease: { ...lease, header } });
      },
    }),
    ["header-patch-leaves-rest"],
  ),
  brokenStore(
    "drops the header patch of a release",
    (store) =>
      leasing(store, async (command) => {
        if (command.op !== "release") return await store.lease(command);
        const { header: _dropped, ...bare } = command;
        return await store.lease(bare);
      }),
    ["header-patch-leaves-rest", "header-window"],
  ),
  brokenStore(
    "keeps a released lease until it lapses",
    (store) =>
      leasing(store, async (command) => {
        if (command.op !== "release") return await store.lease(command);
        const { leaseId } = command;
        const { leaseExpiresInMs } = (await store.read(keyOf(command)))?.header ?? {};
        const outcome = await store.lease(command);
        if (leaseExpiresInMs !== undefined)
          await store.lease({
            ...keyOf(command),
            op: "acquire",
            leaseId: `${leaseId} kept`,
            owner: "nobody",
            ttlMs: leaseExpiresInMs,
          });
        return outcome;
      }),
    [
      "abort-while-waiting",
      "attempt-counts-leases",
      "cancel-cleared",
      "cancel-not-open",
      "cancel-waits-for-next-holder",
      "fork-window",
      "header-patch-leaves-rest",
      "header-window",
      "interrupted-list",
      "interrupted-pages",
      "invocation-kept-without-end",
      "invocation-only-by-header",
      "invocation-opened-and-ended",
      "invocation-replaced",
      "lease-epoch-over-lives",
      "lease-late-acquire-fenced",
      "lease-release-frees-at-once",
      "lease-release-never-fails",
      "lease-renew-not-held",
      "lease-renewed-by-timer",
      "lease-wait",
      "lease-wait-across-services",
      "lease-wait-ends",
      "list-pending-several",
      "lost-reply-lease",
      "open-again-after-others-wrote",
      "open-handle-private",
      "open-loads-and-leases",
      "store-header",
    ],
  ),
  brokenStore(
    "renews a lease that was given back",
    (store) =>
      leasing(store, async (command) => {
        const outcome = await store.lease(command);
        if (command.op !== "renew" || outcome.status !== "fenced") return outcome;
        const { leaseId, ttlMs } = command;
        const again = `${leaseId} again`;
        return await store.lease({
          ...keyOf(command),
          op: "acquire",
          leaseId: again,
          owner: "o",
          ttlMs,
        });
      }),
    ["lease-lost-signal", "lease-renew-lapsed", "lease-renew-not-held"],
  ),
  brokenStore(
    "binds the next life of an id by the lease of the one before",
    (store) => {
      const held = new Map<string, string>();
      return leasing(store, async (command) => {
        const name = nameOf(command);
        const incarnation = (await store.read(keyOf(command)))?.header.incarnation ?? "";
        const holder = held.get(name);
        if (command.op === "acquire" && holder !== undefined && holder !== incarnation)
          return { status: "busy", expiresInMs: 1_000 };
        const outcome = await store.lease(command);
        if (command.op === "acquire" && outcome.status === "ok") held.set(name, incarnation);
        if (command.op === "release") held.delete(name);
        return outcome;
      });
    },
    ["delete-frees-lease"],
  ),
  brokenStore(
    "creates what is leased",
    (store) =>
      leasing(store, async (command) => {
        const outcome = await store.lease(command);
        if (outcome.status !== "not-found" || command.op !== "acquire") return outcome;
        await store.create({ ...keyOf(command), incarnation: command.leaseId, initialState: {} });
        return await store.lease(command);
      }),
    ["lease-unknown-session", "retention-expires"],
  ),
  brokenStore(
    "does not end the open invocation",
    (store) =>
      leasing(store, async (command) => {
        if (command.op !== "release") return await store.lease(command);
        const { ended: _ignored, ...rest } = command;
        return await store.lease(rest);
      }),
    [
      "cancel-cleared",
      "cancel-not-open",
      "header-patch-leaves-rest",
      "interrupted-list",
      "interrupted-pages",
      "invocation-kept-without-end",
      "invocation-opened-and-ended",
      "lease-release-never-fails",
      "store-header",
    ],
  ),
  brokenStore(
    "opens an invocation with every append under a lease",
    (store) => ({
      async append(command) {
        const { lease } = command;
        if (!lease) return await store.append(command);
        const open = (await store.read(keyOf(command)))?.header.invocationId;
        const header = { invocationId: open ?? "made-up", ...lease.header };
        return await store.append({ ...command, lease: { ...lease, header } });
      },
    }),
    ["invocation-only-by-header"],
  ),
  brokenStore(
    "does not tell the holder of a cancel",
    (store) => ({
      watch: async function* () {},
      ...leasing(store, async (command) => {
        const outcome = await store.lease(command);
        return outcome.status === "ok"
          ? { status: "ok", grant: { ...outcome.grant, cancelRequested: false } }
          : outcome;
      }),
      async append(command) {
        const outcome = await store.append(command);
        return outcome.status === "ok" ? { ...outcome, cancelRequested: false } : outcome;
      },
    }),
    [
      "cancel-open-invocation",
      "cancel-own-session",
      "cancel-seen-by-append",
      "cancel-seen-by-timer",
      "cancel-waits-for-next-holder",
      "fork-not-cancelled",
      "store-header",
    ],
  ),
  brokenStore(
    "does not load from the window",
    (store) => {
      const whole = ({ windowFrom: _ignored, ...patch }: HeaderPatch): HeaderPatch => patch;
      return {
        async append(command) {
          const { lease } = command;
          if (!lease) return await store.append(command);
          return await store.append({
            ...command,
            lease: { ...lease, header: whole(lease.header) },
          });
        },
      };
    },
    ["fork-window", "header-patch-leaves-rest", "header-window"],
  ),
];
