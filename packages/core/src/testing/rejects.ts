import { strict as assert } from "node:assert";
import { AdkError, type AdkErrorCode } from "../errors.ts";

/** Asserts that a call rejects with an `AdkError` of one of these codes that says what happened. */
export async function rejects(
  promise: Promise<unknown>,
  ...codes: [AdkErrorCode, ...AdkErrorCode[]]
): Promise<AdkError> {
  const outcome = await promise.then(
    () => "nothing",
    (error: unknown) => error,
  );
  if (!AdkError.isInstance(outcome))
    assert.fail(
      `expected an AdkError ${codes.join(" or ")}, got ${outcome instanceof Error ? `${outcome.name}: ${outcome.message}` : String(outcome)}`,
    );
  assert.ok(
    codes.includes(outcome.code),
    `expected ${codes.join(" or ")}, got ${outcome.code}: ${outcome.message}`,
  );
  assert.ok(outcome.message.length > 0, `${outcome.code} has no message`);
  return outcome;
}
