import { LongRunningFunctionTool } from "./long-running-function-tool.ts";
import type { JsonSchema } from "./schema/json-schema.ts";

/** Lets the model offer the user a choice; the user's answer to the call is its result. */
export class GetUserChoiceTool extends LongRunningFunctionTool<JsonSchema> {
  constructor() {
    super({
      name: "get_user_choice",
      description: "Offers the user some options to choose from.",
      parameters: {
        type: "object",
        properties: {
          options: {
            type: "array",
            items: { type: "string" },
            description: "What to choose from.",
          },
        },
        required: ["options"],
      },
      execute(_input, toolContext) {
        toolContext.actions.skipSummarization = true;
        return null;
      },
    });
  }
}

export const getUserChoiceTool: GetUserChoiceTool = new GetUserChoiceTool();
