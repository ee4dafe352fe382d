import type { Clock } from "../../internal/clock.ts";
import {
  BaseSessionService,
  type BaseSessionServiceOptions,
} from "../../sessions/base-session-service.ts";
import { decorateStore } from "../../sessions/decorate-store.ts";
import type { SessionStore } from "../../sessions/session-store.ts";
import { faultStore, StoreFaults } from "../fault-store.ts";
import type { VirtualClock } from "../virtual-clock.ts";
import type { SessionSubject, SessionWorkerModule } from "./subject.ts";

/** What a case asks of the store it is given. */
export interface SessionStoreConnectOptions {
  readonly clock?: Clock | undefined;
  /** Retention, milliseconds. */
  readonly ttlMs?: number | undefined;
}

/** How the kit reaches a store. */
export interface SessionStoreSubjectOptions {
  /** Connects to the subject's one store: once for each service, as another process would. */
  readonly connect: (options: SessionStoreConnectOptions) => SessionStore | Promise<SessionStore>;
  /** Only when the store's own time follows it. */
  readonly clock?: VirtualClock | undefined;
  /** @defaultValue `BaseSessionService` */
  readonly service?:
    | ((store: SessionStore, options: BaseSessionServiceOptions) => BaseSessionService)
    | undefined;
  /** How another process opens the same store; without it the level `processes` cannot be asked. */
  readonly worker?: SessionWorkerModule | undefined;
  /** Removes the store, after all services are closed. */
  readonly remove?: (() => Promise<void>) | undefined;
}

/** A subject for `sessionServiceSuite` over any store: services and faults are made here. */
export function sessionStoreSubject(options: SessionStoreSubjectOptions): SessionSubject {
  const { clock, connect, remove, worker } = options;
  const makeService =
    options.service ?? ((store, serviceOptions) => new BaseSessionService(store, serviceOptions));
  const faults = new StoreFaults();
  const opened: AsyncDisposable[] = [];
  return {
    faults,
    clock,
    worker,
    async open({ maxEventBytes, ttlMs, withoutWatch } = {}) {
      const store = await connect({ clock, ttlMs });
      const failing = faultStore(store, { faults, clock });
      const service = makeService(withoutWatch ? deaf(failing) : failing, { clock, maxEventBytes });
      opened.push(service);
      return service;
    },
    async openStore() {
      const store = await connect({ clock });
      opened.push(store);
      return store;
    },
    async [Symbol.asyncDispose]() {
      for (const each of opened) await each[Symbol.asyncDispose]();
      await remove?.();
    },
  };
}

/** A store without hints. */
function deaf(store: SessionStore): SessionStore {
  const { watch: _absent, ...rest } = decorateStore(store, {});
  return rest;
}
