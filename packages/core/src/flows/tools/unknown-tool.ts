import { BaseTool } from "../../tools/base-tool.ts";

/** Stands in for a tool that the model made up, so that hooks can see the call. */
export class UnknownTool extends BaseTool {
  constructor(name: string) {
    super({ name: "unknown", description: "A tool that does not exist." });
    Object.defineProperty(this, "name", { value: name });
  }

  override async runAsync(): Promise<unknown> {
    return undefined;
  }
}
