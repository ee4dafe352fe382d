import type { FunctionDeclaration } from "../content/content.ts";
import { BaseTool, type RunAsyncToolRequest } from "./base-tool.ts";

/** Lets an agent inside a `LoopAgent` end the loop; its response is not told to the model. */
export class ExitLoopTool extends BaseTool {
  constructor() {
    super({
      name: "exit_loop",
      description: "Ends the loop that you work in. Call it only when your instructions say so.",
    });
  }

  override _getDeclaration(): FunctionDeclaration {
    return { name: this.name, description: this.description };
  }

  override async runAsync({ toolContext }: RunAsyncToolRequest): Promise<null> {
    toolContext.actions.escalate = true;
    toolContext.actions.skipSummarization = true;
    return null;
  }
}

/** An {@link ExitLoopTool} for `tools` of an agent inside a loop. */
export const EXIT_LOOP: ExitLoopTool = new ExitLoopTool();
