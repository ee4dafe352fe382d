import { AdkError } from "../errors.ts";
import { describe } from "../internal/check-options.ts";
import type { PluginHook } from "./base-plugin.ts";
import { expectedAnswer } from "./check-answer.ts";

/**
 * The first answer of a list of callbacks; they are asked in order until one has one.
 *
 * @param hook what they are called at, which says what an answer must be. @defaultValue any object will do
 * @throws AdkError `INVALID_ARGUMENT` for an answer of the wrong type; what a callback throws.
 */
export async function firstAnswer<P, T>(
  callbacks: readonly ((params: P) => T | undefined | void | Promise<T | undefined | void>)[],
  params: P,
  hook: PluginHook = "afterToolCallback",
): Promise<T | undefined> {
  for (const callback of callbacks) {
    const answer = await callback(params);
    if (answer === undefined || answer === null) continue;
    const expected = expectedAnswer(hook, answer);
    if (expected !== undefined)
      throw new AdkError(
        "INVALID_ARGUMENT",
        `The callback ${callback.name || "without a name"} answered with ${describe(answer)}. Return ${expected}, or nothing.`,
      );
    return answer;
  }
  return undefined;
}
