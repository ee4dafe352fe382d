import { AdkError } from "../errors.ts";
import { delay, type Clock } from "../internal/clock.ts";
import { decorateStore } from "./decorate-store.ts";
import type { ReadCommand, ReadScope, SessionStore, Snapshot, Values } from "./session-store.ts";

export interface RetryOptions {
  readonly clock: Clock;
  /** How often a command is sent at the most. */
  readonly tries: number;
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

/**
 * A store that repeats commands which the inner one did not answer (`UNAVAILABLE`, `TIMEOUT`): every command may be
 * repeated, and one that had been carried out answers what it answered before. Pauses double from 50 ms to 1 s and are
 * jittered. What is cancelled is not repeated. The error of a command that was given up says in `details.tries` how often it
 * was sent.
 */
export function retryUnknown(store: SessionStore, options: RetryOptions): SessionStore {
  const { clock, tries } = options;
  if (tries <= 1) return store;

  /** One `.catch` on the way of a command that succeeds. */
  function retried<Command, Result>(
    send: (command: Command, signal?: AbortSignal) => Promise<Result>,
  ): (command: Command, signal?: AbortSignal) => Promise<Result> {
    return (command, signal) =>
      send(command, signal).catch((error: unknown) => again(send, command, signal, error));
  }

  async function again<Command, Result>(
    send: (command: Command, signal?: AbortSignal) => Promise<Result>,
    command: Command,
    signal: AbortSignal | undefined,
    firstError: unknown,
  ): Promise<Result> {
    let error = firstError;
    let isUnknown = false;
    for (let attempt = 1; ; attempt++) {
      if (!isRetryable(error)) throw error;
      isUnknown ||= error.details["committed"] !== false;
      if (attempt >= tries) throw givenUp(error, attempt, isUnknown);
      await pause(attempt, signal, isUnknown);
      try {
        return await send(command, signal);
      } catch (next) {
        error = next;
      }
    }
  }

  async function pause(
    attempt: number,
    signal: AbortSignal | undefined,
    isUnknown: boolean,
  ): Promise<void> {
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1));
    try {
      await delay(clock, longest * (0.5 + Math.random() / 2), signal);
    } catch (reason) {
      throw new AdkError(
        "ABORTED",
        "The call was cancelled while it was being repeated. Repeat it to learn what became of it.",
        { cause: reason, details: { committed: isUnknown ? "unknown" : false } },
      );
    }
  }

  const read = retried(
    store.read.bind(store) as (
      command: ReadCommand | ReadScope,
      signal?: AbortSignal,
    ) => Promise<(Snapshot & Values) | undefined>,
  );
  return decorateStore(store, {
    create: retried(store.create.bind(store)),
    read: read as SessionStore["read"],
    append: retried(store.append.bind(store)),
    list: retried(store.list.bind(store)),
    update: retried(store.update.bind(store)),
    lease: retried(store.lease.bind(store)),
    erase: retried(store.erase.bind(store)),
    ...(store.open && { open: retried(store.open.bind(store)) }),
  });
}

function isRetryable(error: unknown): error is AdkError {
  return (
    AdkError.isInstance(error) &&
    error.retryable &&
    (error.code === "UNAVAILABLE" || error.code === "TIMEOUT")
  );
}

/**
 * The last try's error, for all of them: it says how many there were. A later try that was certainly not carried out does not
 * say what became of an earlier one.
 */
function givenUp(error: AdkError, tries: number, isUnknown: boolean): AdkError {
  return new AdkError(error.code, `${error.message} It was tried ${tries} times.`, {
    cause: error.cause,
    retryable: true,
    details: { ...error.details, tries, ...(isUnknown && { committed: "unknown" }) },
  });
}
