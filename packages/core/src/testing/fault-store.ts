import { AdkError } from "../errors.ts";
import { type Clock, delay, systemClock } from "../internal/clock.ts";
import { decorateStore } from "../sessions/decorate-store.ts";
import type { SessionStore } from "../sessions/session-store.ts";

/** The commands of a `SessionStore` that can be made to fail. */
export type FaultCommand =
  | "create"
  | "read"
  | "append"
  | "list"
  | "update"
  | "lease"
  | "erase"
  | "open"
  | "purge"
  | "migrate"
  | "check"
  | "flush";

type Fault =
  | { readonly kind: "lost-reply" | "refusal"; left: number }
  | { readonly kind: "delay"; readonly delayMs: number; left: number };

/**
 * What goes wrong next, by command: give it to {@link faultStore}, then call a method when a test wants a fault.
 *
 * Faults of one command happen in the order they were asked for. `"any"` counts for every command that has none of its own.
 */
export class StoreFaults {
  readonly #faults = new Map<FaultCommand | "any", Fault[]>();

  /** The next `times` calls are applied, but their caller gets `UNAVAILABLE`, `details.committed: "unknown"`. */
  loseReply(command: FaultCommand | "any", times: number = 1): void {
    this.#add(command, { kind: "lost-reply", left: times });
  }

  /** The next `times` calls are not applied: `UNAVAILABLE`, `details.committed: false`. */
  refuse(command: FaultCommand | "any", times: number = 1): void {
    this.#add(command, { kind: "refusal", left: times });
  }

  /** The next `times` calls reach the store `delayMs` milliseconds later. */
  delay(command: FaultCommand | "any", delayMs: number, times: number = 1): void {
    this.#add(command, { kind: "delay", delayMs, left: times });
  }

  /** Forgets what has not happened yet. */
  heal(): void {
    this.#faults.clear();
  }

  /** How many faults have not happened yet. */
  get pending(): number {
    let sum = 0;
    for (const faults of this.#faults.values()) for (const fault of faults) sum += fault.left;
    return sum;
  }

  /** @internal Takes the next fault of a command. */
  take(command: FaultCommand): Fault | undefined {
    for (const name of [command, "any"] as const) {
      const faults = this.#faults.get(name);
      const fault = faults?.[0];
      if (!faults || !fault) continue;
      fault.left--;
      if (fault.left <= 0) faults.shift();
      return fault;
    }
    return undefined;
  }

  #add(command: FaultCommand | "any", fault: Fault): void {
    if (!Number.isInteger(fault.left) || fault.left < 1)
      throw new AdkError(
        "INVALID_ARGUMENT",
        `A fault happens a whole number of times, at least once; ${fault.left} was asked for.`,
      );
    const faults = this.#faults.get(command);
    if (faults) faults.push(fault);
    else this.#faults.set(command, [fault]);
  }
}

/** What goes wrong, and whose time delays are measured by. */
export interface FaultStoreOptions {
  readonly faults: StoreFaults;
  /** Measures delays. @defaultValue the machine's clock */
  readonly clock?: Clock | undefined;
}

/** A store in front of another that fails as `faults` says, the way a network does. Absent commands stay absent. */
export function faultStore(store: SessionStore, options: FaultStoreOptions): SessionStore {
  const clock = options.clock ?? systemClock;
  const afflict = async <T>(
    command: FaultCommand,
    signal: AbortSignal | undefined,
    call: () => Promise<T>,
  ): Promise<T> => {
    const fault = options.faults.take(command);
    if (fault?.kind === "refusal") throw unavailable(command, false);
    if (fault?.kind === "delay") await delay(clock, fault.delayMs, signal);
    const result = await call();
    if (fault?.kind === "lost-reply") throw unavailable(command, "unknown");
    return result;
  };
  const failing: Record<string, unknown> = {};
  for (const command of COMMANDS) {
    // One shape for twelve: what a command takes is only handed through.
    const inner = store[command] as ((...parameters: unknown[]) => Promise<unknown>) | undefined;
    if (!inner) continue;
    failing[command] = async (...parameters: unknown[]) => {
      const signal = parameters.find((parameter) => parameter instanceof AbortSignal);
      return await afflict(command, signal, async () => await inner.apply(store, parameters));
    };
  }
  return decorateStore(store, failing as Partial<SessionStore>);
}

const COMMANDS: readonly FaultCommand[] = [
  "create",
  "read",
  "append",
  "list",
  "update",
  "lease",
  "erase",
  "open",
  "purge",
  "migrate",
  "check",
  "flush",
];

function unavailable(command: FaultCommand, committed: false | "unknown"): AdkError {
  const what = committed === false ? "was not carried out" : "may have been carried out";
  return new AdkError(
    "UNAVAILABLE",
    `The store did not answer; the command ${command} ${what} (a fault asked for by a test). Repeat it.`,
    { retryable: true, details: { command, committed } },
  );
}
