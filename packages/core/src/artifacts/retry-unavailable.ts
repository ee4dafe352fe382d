import { AdkError } from "../errors.ts";
import { type Clock, delay } from "../internal/clock.ts";
import type { ArtifactStore } from "./artifact-store.ts";

export interface RetryOptions {
  readonly clock: Clock;
  /** How often a command is sent at the most. */
  readonly maxAttempts: number;
}

const FIRST_PAUSE_MS = 50;

/**
 * A store that repeats commands which the inner one did not answer (`UNAVAILABLE`, `TIMEOUT`); pauses triple from 50 ms and
 * are jittered. What is cancelled is not repeated, nor is a save from a stream: its bytes are gone.
 */
export function retryUnavailable(store: ArtifactStore, options: RetryOptions): ArtifactStore {
  if (options.maxAttempts <= 1) return store;
  const retried =
    <Command, Result>(send: (command: Command, signal?: AbortSignal) => Promise<Result>) =>
    (command: Command, signal?: AbortSignal): Promise<Result> =>
      repeat(() => send.call(store, command, signal), options, signal);
  const { copy, sign, beginUpload, completeUpload, purge, check } = store;
  const save = retried(store.save);
  return {
    save: (command, signal) =>
      command.body.bytes ? save(command, signal) : store.save(command, signal),
    open: retried(store.open),
    list: retried(store.list),
    versions: retried(store.versions),
    erase: retried(store.erase),
    ...(copy && { copy: retried(copy) }),
    ...(sign && { sign: retried(sign) }),
    ...(beginUpload && { beginUpload: retried(beginUpload) }),
    ...(completeUpload && { completeUpload: retried(completeUpload) }),
    ...(purge && { purge: retried(purge) }),
    ...(check && { check: check.bind(store) }),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

async function repeat<Result>(
  send: () => Promise<Result>,
  { clock, maxAttempts }: RetryOptions,
  signal: AbortSignal | undefined,
): Promise<Result> {
  let committed: false | "unknown" = false;
  for (let attempt = 1; ; attempt++) {
    try {
      return await send();
    } catch (error) {
      if (!isUnanswered(error)) throw error;
      if (error.details["committed"] !== false) committed = "unknown";
      if (attempt >= maxAttempts) throw withOutcome(error, committed);
    }
    try {
      const pauseMs = FIRST_PAUSE_MS * 3 ** (attempt - 1) * (0.5 + Math.random() / 2);
      await delay(clock, Math.round(pauseMs), signal);
    } catch (reason) {
      throw new AdkError(
        "ABORTED",
        "The call was cancelled while the store did not answer. Repeat it to learn what became of it.",
        { cause: reason, details: { committed } },
      );
    }
  }
}

function isUnanswered(error: unknown): error is AdkError {
  return (
    AdkError.isInstance(error) &&
    error.retryable &&
    (error.code === "UNAVAILABLE" || error.code === "TIMEOUT")
  );
}

/** A later try that was certainly not carried out does not say what became of an earlier one. */
function withOutcome(error: AdkError, committed: false | "unknown"): AdkError {
  if (error.details["committed"] === committed) return error;
  return new AdkError(error.code, error.message, {
    cause: error.cause,
    retryable: true,
    details: { ...error.details, committed },
  });
}
