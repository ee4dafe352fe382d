import { checkOptions, integer } from "../internal/check-options.ts";
import { BaseSessionService, type BaseSessionServiceOptions } from "./base-session-service.ts";
import { InMemorySessionStore } from "./in-memory-session-store.ts";

/** Options of the service in memory. */
export interface InMemorySessionServiceOptions extends BaseSessionServiceOptions {
  /** Sessions that nothing was appended to for so many milliseconds are gone. @defaultValue never */
  readonly ttlMs?: number | undefined;
}

/** Sessions in this process's memory: for tests, and for what need not outlive the process. */
export class InMemorySessionService extends BaseSessionService {
  constructor(options: InMemorySessionServiceOptions = {}) {
    const { ttlMs, ...others } = options;
    checkOptions("InMemorySessionService", { ttlMs }, { ttlMs: integer(1) });
    super(new InMemorySessionStore({ clock: options.clock, ttlMs }), others);
  }
}
