import { checkOptions, integer, type OptionCheck } from "../internal/check-options.ts";
import {
  BaseSessionService,
  type BaseSessionServiceOptions,
  SESSION_SERVICE_OPTIONS,
} from "./base-session-service.ts";
import { InMemorySessionStore } from "./in-memory-session-store.ts";

/** Options of the service in memory. */
export interface InMemorySessionServiceOptions extends BaseSessionServiceOptions {
  /** Sessions that nothing was appended to for so many milliseconds are gone. @defaultValue never */
  readonly ttlMs?: number | undefined;
}

const OPTIONS: Readonly<Record<keyof InMemorySessionServiceOptions, OptionCheck>> = {
  ...SESSION_SERVICE_OPTIONS,
  ttlMs: integer(1),
};

/** Sessions in this process's memory: for tests, and for what need not outlive the process. */
export class InMemorySessionService extends BaseSessionService {
  constructor(options: InMemorySessionServiceOptions = {}) {
    checkOptions("InMemorySessionService", options, OPTIONS);
    const { ttlMs, ...others } = options;
    super(new InMemorySessionStore({ clock: options.clock, ttlMs }), others);
  }
}
