import { AdkError } from "../errors.ts";
import { type Clock, delay } from "../internal/clock.ts";
import type { ArtifactStore } from "./artifact-store.ts";

export interface RetryOptions {
  readonly clock: Clock;
  /** The first included. */
  readonly maxAttempts: number;
}

const FIRST_WAIT_MS = 50;

/**
 * A store whose commands are repeated when the backend did not answer, each wait about three times the one before.
 *
 * All commands may be repeated; a save from a stream cannot, its bytes are gone.
 */
export function retryUnavailable(store: ArtifactStore, options: RetryOptions): ArtifactStore {
  if (options.maxAttempts <= 1) return store;
  const repeat = <Command, Result>(
    call: (command: Command, signal?: AbortSignal) => Promise<Result>,
  ) => {
    return (command: Command, signal?: AbortSignal): Promise<Result> =>
      attempt(() => call.call(store, command, signal), options, signal);
  };
  const { copy, sign, beginUpload, completeUpload, purge, check } = store;
  const save = repeat(store.save);
  return {
    save: (command, signal) =>
      command.body.bytes ? save(command, signal) : store.save(command, signal),
    open: repeat(store.open),
    list: repeat(store.list),
    versions: repeat(store.versions),
    erase: repeat(store.erase),
    ...(copy && { copy: repeat(copy) }),
    ...(sign && { sign: repeat(sign) }),
    ...(beginUpload && { beginUpload: repeat(beginUpload) }),
    ...(completeUpload && { completeUpload: repeat(completeUpload) }),
    ...(purge && { purge: repeat(purge) }),
    ...(check && { check: (signal?: AbortSignal) => check.call(store, signal) }),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

async function attempt<Result>(
  call: () => Promise<Result>,
  { clock, maxAttempts }: RetryOptions,
  signal: AbortSignal | undefined,
): Promise<Result> {
  for (let tried = 1; ; tried++)
    try {
      return await call();
    } catch (error) {
      if (tried >= maxAttempts || signal?.aborted || !isUnanswered(error)) throw error;
      const wait = FIRST_WAIT_MS * 3 ** (tried - 1) * (0.5 + Math.random());
      // When the wait is cancelled, the answer that is missing is what the caller gets.
      await delay(clock, Math.round(wait), signal).catch(() => Promise.reject(error));
    }
}

function isUnanswered(error: unknown): boolean {
  return (
    AdkError.isInstance(error) &&
    error.retryable &&
    (error.code === "UNAVAILABLE" || error.code === "TIMEOUT")
  );
}
