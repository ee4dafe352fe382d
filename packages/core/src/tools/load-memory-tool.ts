import { appendInstructions } from "../models/append-to-request.ts";
import type { ToolProcessLlmRequest } from "./base-tool.ts";
import { FunctionTool } from "./function-tool.ts";
import { memoryText } from "./memory-text.ts";
import type { JsonSchema } from "./schema/json-schema.ts";

const INSTRUCTION =
  "Earlier conversations with this user are remembered. When an answer may need them, call `load_memory` with what to look for.";

/** Lets the model search what is remembered of the user. Only texts are handed on. */
export class LoadMemoryTool extends FunctionTool<JsonSchema> {
  constructor() {
    super({
      name: "load_memory",
      description:
        "Finds what is remembered of this user from earlier conversations. Gives texts only.",
      parameters: {
        type: "object",
        properties: {
          query: { type: "string", description: "What to look for, in words." },
        },
        required: ["query"],
      },
      async execute({ query }: { query: string }, toolContext) {
        const { memories } = await toolContext.searchMemory(query);
        return {
          memories: memories.map((memory) => ({
            content: memoryText(memory),
            author: memory.author,
            timestamp: memory.timestamp,
          })),
        };
      },
    });
  }

  override async processLlmRequest(request: ToolProcessLlmRequest): Promise<void> {
    await super.processLlmRequest(request);
    if (request.toolContext.invocationContext.memoryService !== undefined)
      appendInstructions(request.llmRequest, [INSTRUCTION]);
  }
}

/** A {@link LoadMemoryTool} for an agent's `tools`. */
export const LOAD_MEMORY: LoadMemoryTool = new LoadMemoryTool();
