import type { GenerateContentConfig } from "../content/content.ts";
import type { ReadonlyContext } from "../context/readonly-context.ts";
import { AdkError } from "../errors.ts";
import { checkOptions } from "../internal/check-options.ts";
import type { LlmRequest } from "../models/llm-request.ts";
import { BasePlanner } from "./base-planner.ts";

type ThinkingConfig = NonNullable<GenerateContentConfig["thinkingConfig"]>;

export interface BuiltInPlannerOptions {
  /** Put on every request of the agent. */
  thinkingConfig: ThinkingConfig;
}

/** Uses the thinking that a model has built in. */
export class BuiltInPlanner extends BasePlanner {
  readonly thinkingConfig: ThinkingConfig;

  constructor(options: BuiltInPlannerOptions) {
    super();
    checkOptions("BuiltInPlanner", options, { thinkingConfig: "object" });
    if (options.thinkingConfig === undefined)
      throw new AdkError("INVALID_ARGUMENT", "BuiltInPlanner needs a `thinkingConfig`.");
    this.thinkingConfig = options.thinkingConfig;
  }

  override buildPlanningInstruction(
    _readonlyContext: ReadonlyContext,
    llmRequest: LlmRequest,
  ): string | undefined {
    (llmRequest.config ??= {}).thinkingConfig = { ...this.thinkingConfig };
    return undefined;
  }

  override processPlanningResponse(): undefined {
    return undefined;
  }
}
