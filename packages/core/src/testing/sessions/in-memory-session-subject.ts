import { decorateStore } from "../../sessions/decorate-store.ts";
import { InMemorySessionStore } from "../../sessions/in-memory-session-store.ts";
import type { SessionStore } from "../../sessions/session-store.ts";
import { VirtualClock } from "../virtual-clock.ts";
import { sessionStoreSubject, type SessionStoreSubjectOptions } from "./session-store-subject.ts";
import type { SessionSubject } from "./subject.ts";

export interface InMemorySessionSubjectOptions extends Pick<SessionStoreSubjectOptions, "service"> {
  /** Changes the one store of the subject, to see what the kit says. */
  readonly decorate?: ((store: SessionStore, clock: VirtualClock) => SessionStore) | undefined;
}

/** A subject over `InMemorySessionStore`, on a virtual clock. */
export function inMemorySessionSubject(
  options: InMemorySessionSubjectOptions = {},
): SessionSubject {
  const clock = new VirtualClock();
  let store: SessionStore | undefined;
  return sessionStoreSubject({
    clock,
    service: options.service,
    connect({ ttlMs }) {
      if (!store) {
        const plain = new InMemorySessionStore({ clock, ttlMs });
        store = options.decorate?.(plain, clock) ?? plain;
      }
      // Closing one connection leaves the others.
      return decorateStore(store, { [Symbol.asyncDispose]: async () => {} });
    },
  });
}
