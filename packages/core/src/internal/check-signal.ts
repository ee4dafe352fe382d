import { AdkError } from "../errors.ts";
import { describe } from "./check-options.ts";

/**
 * @throws {@link AdkError} `ABORTED` (cause: the reason) when the signal has fired and nothing was handed to a store yet;
 *   `INVALID_ARGUMENT` for what is no signal.
 */
export function checkSignal(signal: AbortSignal | undefined): void {
  if (signal !== undefined && typeof signal?.addEventListener !== "function")
    throw new AdkError(
      "INVALID_ARGUMENT",
      `\`signal\` must be an AbortSignal, got ${describe(signal)}. Give \`controller.signal\`, or leave it out.`,
    );
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
