import { strict as assert } from "node:assert";
import { AdkError, type AdkErrorCode } from "../../src/index.ts";

/** What to do, or what was expected. */
const NEXT_STEP =
  /\b(?:must|may|Add|needs|takes|Give|Pass|Use|Return|Leave|Make|Load|Reload|Save|Install|Update|See|Send|Encode|Choose|Check|Create|Call|Correct|Wrap|Answer|cancelled)\b|\b(?:It knows|It has|There are|Known|is one of|is lower-case|is missing: the|is missing: how|is not a list|is no (?:whole )?number)/i;

/** What a use throws or rejects with; `undefined` when it does not. */
export async function failure(use: () => unknown): Promise<unknown> {
  try {
    await use();
  } catch (error) {
    return error;
  }
  return undefined;
}

/**
 * The use fails with an `AdkError` of this code, whose message has these words and says what to do.
 *
 * @param isWrapped whether it stands around what somebody else threw, who says what to do.
 */
export async function refused(
  use: () => unknown,
  code: AdkErrorCode,
  says: string,
  isWrapped: boolean = false,
): Promise<AdkError> {
  const error = await failure(use);
  assert.ok(AdkError.isInstance(error), `expected an AdkError, got ${String(error)}`);
  assert.equal(error.code, code, error.message);
  assert.ok(error.message.includes(says), `${JSON.stringify(says)} is not in: ${error.message}`);
  if (!isWrapped) assert.match(error.message, NEXT_STEP);
  return error;
}
