import { AdkError } from "../errors.ts";
import { idProblem } from "./id-problem.ts";

/**
 * Checks an id that a request carries.
 *
 * @throws {@link AdkError} `INVALID_ARGUMENT` that names the member, when it is none.
 */
export function checkId(member: string, value: unknown): asserts value is string {
  const problem = idProblem(value);
  if (problem !== undefined)
    throw new AdkError(
      "INVALID_ARGUMENT",
      `\`${member}\` ${problem}. Give it 1 to 512 bytes of text without NUL.`,
      { details: { member } },
    );
}
