import { AdkError } from "../errors.ts";

/** @throws {@link AdkError} `ABORTED` (cause: the reason) when the signal has fired and nothing was handed to a store yet. */
export function checkSignal(signal: AbortSignal | undefined): void {
  if (signal?.aborted)
    throw new AdkError(
      "ABORTED",
      "The call was cancelled before it started; nothing was changed.",
      {
        cause: signal.reason,
        details: { committed: false },
      },
    );
}
