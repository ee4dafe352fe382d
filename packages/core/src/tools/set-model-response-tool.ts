import type { FunctionDeclaration } from "../content/content.ts";
import { BaseTool, type RunAsyncToolRequest } from "./base-tool.ts";
import { describeArgumentIssues } from "./schema/describe-argument-issues.ts";
import type { ReadSchema } from "./schema/read-schema.ts";

export const SET_MODEL_RESPONSE_TOOL_NAME = "set_model_response";

/** How the value stands in the arguments: as they are, or under a name of its own. */
type Wrapping = "items" | "response" | undefined;

/**
 * How an agent with tools gives its structured answer: models that cannot be asked for tools and for a schema at once call
 * this tool with the answer. The flow adds it.
 */
export class SetModelResponseTool extends BaseTool {
  readonly #format: ReadSchema;
  readonly #wrapping: Wrapping;

  constructor(format: ReadSchema) {
    super({
      name: SET_MODEL_RESPONSE_TOOL_NAME,
      description:
        "Gives your final answer in its required form. Call it once, when you are done with all other tools.",
    });
    this.#format = format;
    const { type } = format.jsonSchema;
    if (type === "array") this.#wrapping = "items";
    else if (type !== "object" && type !== undefined) this.#wrapping = "response";
  }

  override _getDeclaration(): FunctionDeclaration {
    const { jsonSchema } = this.#format;
    const wrapping = this.#wrapping;
    return {
      name: this.name,
      description: this.description,
      parametersJsonSchema:
        wrapping === undefined
          ? jsonSchema
          : { type: "object", properties: { [wrapping]: jsonSchema }, required: [wrapping] },
    };
  }

  /** A value that does not fit is told to the model, which tries again. */
  override async runAsync({ args, toolContext }: RunAsyncToolRequest): Promise<unknown> {
    const value = this.#wrapping === undefined ? args : args[this.#wrapping];
    const result = await this.#format.validate(value);
    if (result.issues)
      return {
        error: `${describeArgumentIssues(this.name, args, result.issues)} Mend them and call it again.`,
      };
    toolContext.actions.setModelResponse = result.value;
    return result.value;
  }
}
