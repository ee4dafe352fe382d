import type {
  BaseSessionService,
  BaseSessionServiceOptions,
} from "../../../src/sessions/base-session-service.ts";
import { decorateStore } from "../../../src/sessions/decorate-store.ts";
import type {
  AcquireCommand,
  Grant,
  LeaseCommand,
  Outcome,
  ReadCommand,
  SessionKey,
  SessionStore,
  Snapshot,
} from "../../../src/sessions/session-store.ts";
import { inMemorySessionSubject } from "../../../src/testing/sessions/in-memory-session-subject.ts";
import type { SessionSubject } from "../../../src/testing/sessions/subject.ts";
import type { VirtualClock } from "../../../src/testing/virtual-clock.ts";

/** The service in memory with one difference, and exactly the keys that fail for it. */
export interface BrokenSessions {
  readonly name: string;
  readonly subject: () => SessionSubject;
  /** Sorted. */
  readonly fails: readonly string[];
}

/** A store that differs from the one in memory in what `overrides` answer. */
export function brokenStore(
  name: string,
  overrides: (store: SessionStore, clock: VirtualClock) => Partial<SessionStore>,
  fails: readonly string[],
): BrokenSessions {
  const decorate = (store: SessionStore, clock: VirtualClock): SessionStore =>
    decorateStore(store, overrides(store, clock));
  return { name, subject: () => inMemorySessionSubject({ decorate }), fails };
}

/** A service that differs from the base one. */
export function brokenService(
  name: string,
  service: (store: SessionStore, options: BaseSessionServiceOptions) => BaseSessionService,
  fails: readonly string[],
): BrokenSessions {
  return { name, subject: () => inMemorySessionSubject({ service }), fails };
}

/** `lease`, and an `open` that goes through it. */
export function leasing(
  store: SessionStore,
  lease: (command: LeaseCommand) => Promise<Outcome<{ grant: Grant }>>,
): Partial<SessionStore> {
  return {
    lease,
    async open(command: AcquireCommand) {
      const outcome = await lease(command);
      if (outcome.status !== "ok") return outcome;
      const { appName, userId, sessionId } = command;
      const snapshot = await store.read({
        appName,
        userId,
        sessionId,
        state: true,
        kept: true,
        events: { from: "window" },
      });
      return snapshot ? { ...outcome, snapshot } : { status: "not-found" };
    },
  };
}

/** `read` of one session and `open`, with every snapshot changed. */
export function reading(
  store: SessionStore,
  change: (snapshot: Snapshot, command: ReadCommand) => Promise<Snapshot> | Snapshot,
): Partial<SessionStore> {
  const read = async (command: Parameters<SessionStore["read"]>[0]): Promise<unknown> => {
    if (command.sessionId === undefined) return await store.read(command as { appName: string });
    const snapshot = await store.read(command as ReadCommand);
    return snapshot && (await change(snapshot, command as ReadCommand));
  };
  return {
    // The two overloads of `read`, told apart above.
    read: read as SessionStore["read"],
    async open(command) {
      const outcome = await store.open!(command);
      if (outcome.status !== "ok") return outcome;
      const events = { from: "window" } as const;
      const wanted = { ...keyOf(command), events, state: true, kept: true };
      return { ...outcome, snapshot: await change(outcome.snapshot, wanted) };
    },
  };
}

export function keyOf({ appName, userId, sessionId }: SessionKey): SessionKey {
  return { appName, userId, sessionId };
}

/** One text that no two sessions share. */
export function nameOf(key: SessionKey): string {
  return JSON.stringify([key.appName, key.userId, key.sessionId]);
}
