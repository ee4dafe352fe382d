import { AdkError } from "../errors.ts";
import { describe } from "../internal/check-options.ts";

/**
 * The first answer of a list of callbacks; they are asked in order until one has one.
 *
 * @throws AdkError `INVALID_ARGUMENT` for an answer that is no object; what a callback throws.
 */
export async function firstAnswer<P, T>(
  callbacks: readonly ((params: P) => T | undefined | void | Promise<T | undefined | void>)[],
  params: P,
): Promise<T | undefined> {
  for (const callback of callbacks) {
    const answer = await callback(params);
    if (answer === undefined || answer === null) continue;
    if (typeof answer !== "object" || Array.isArray(answer))
      throw new AdkError(
        "INVALID_ARGUMENT",
        `The callback ${callback.name || "without a name"} answered with ${describe(answer)}. Return an object, as its type says, or nothing.`,
      );
    return answer;
  }
  return undefined;
}
