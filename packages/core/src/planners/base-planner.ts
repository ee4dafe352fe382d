import type { Part } from "../content/content.ts";
import type { Context } from "../context/context.ts";
import type { ReadonlyContext } from "../context/readonly-context.ts";
import type { LlmRequest } from "../models/llm-request.ts";

/** Lets a model plan before it acts. Extend it, and give it to an agent as `planner`. */
export abstract class BasePlanner {
  /** What to add to the system instruction; nothing when the planner only shapes the request. */
  abstract buildPlanningInstruction(
    readonlyContext: ReadonlyContext,
    llmRequest: LlmRequest,
  ): string | undefined;

  /** The parts of a whole answer as they shall be stored and acted on; nothing leaves them as they are. */
  abstract processPlanningResponse(callbackContext: Context, parts: Part[]): Part[] | undefined;
}
