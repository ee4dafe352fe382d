import { appendInstructions } from "../models/append-to-request.ts";
import type { ToolProcessLlmRequest } from "./base-tool.ts";
import { FunctionTool } from "./function-tool.ts";
import { memoryText } from "./memory-text.ts";
import type { JsonSchema } from "./schema/json-schema.ts";

const INSTRUCTION = `You have memory. You can use it to answer questions. If any questions need
you to look up the memory, you should call load_memory function with a query.`;

/** Lets the model search what is remembered of the user. Only texts are handed on. */
export class LoadMemoryTool extends FunctionTool<JsonSchema> {
  constructor() {
    super({
      name: "load_memory",
      description:
        "Loads the memory for the current user.\n\nNOTE: Currently this tool only uses text part from the memory.",
      parameters: {
        type: "object",
        properties: {
          query: { type: "string", description: "The query to load the memory for." },
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
