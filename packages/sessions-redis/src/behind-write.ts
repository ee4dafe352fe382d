import { AdkError } from "@adk/core";

/**
 * Reads what stands behind a write that was carried out: when that fails, its error does not say that nothing was written. Core
 * gives up a lease by it that its caller has not got.
 */
export async function behindWrite<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!AdkError.isInstance(error)) throw error;
    const { code, message, cause, retryable, details } = error;
    throw new AdkError(code, message, {
      cause,
      retryable,
      details: { ...details, committed: "unknown" },
    });
  }
}
