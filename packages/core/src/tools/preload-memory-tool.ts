import { AdkError } from "../errors.ts";
import type { MemoryEntry } from "../memory/base-memory-service.ts";
import { appendInstructions } from "../models/append-to-request.ts";
import { BaseTool, type ToolProcessLlmRequest } from "./base-tool.ts";
import { memoryText } from "./memory-text.ts";

/**
 * Searches the memory with the user's message and tells the model what was found, on every request. The model cannot call
 * it. A search that fails is logged, and the request goes on without it.
 */
export class PreloadMemoryTool extends BaseTool {
  constructor() {
    super({ name: "preload_memory", description: "preload_memory" });
  }

  override async runAsync(): Promise<never> {
    throw new AdkError(
      "UNSUPPORTED",
      "preload_memory cannot be called: it only adds to requests. Give the agent `LOAD_MEMORY` to let the model search.",
    );
  }

  override async processLlmRequest({
    toolContext,
    llmRequest,
  }: ToolProcessLlmRequest): Promise<void> {
    const query = toolContext.userContent?.parts?.find((part) => part.text)?.text;
    if (query === undefined || toolContext.invocationContext.memoryService === undefined) return;
    let memories: MemoryEntry[];
    try {
      ({ memories } = await toolContext.searchMemory(query));
    } catch (error) {
      toolContext.invocationContext.invocation.logger.warn(
        "preload_memory: the memory could not be searched; the request goes without it.",
        {
          error: AdkError.isInstance(error) ? error.code : error instanceof Error ? error.name : "",
        },
      );
      return;
    }
    const lines = memories.flatMap(describeMemory);
    if (lines.length === 0) return;
    appendInstructions(llmRequest, [
      `The following content is from your previous conversations with the user.
They may be useful for answering the user's current query.
<PAST_CONVERSATIONS>
${lines.join("\n")}
</PAST_CONVERSATIONS>
`,
    ]);
  }
}

function describeMemory(memory: MemoryEntry): string[] {
  const text = memoryText(memory);
  if (text === "") return [];
  const said = memory.author ? `${memory.author}: ${text}` : text;
  return memory.timestamp ? [`Time: ${memory.timestamp}`, said] : [said];
}

/** A {@link PreloadMemoryTool} for an agent's `tools`. */
export const PRELOAD_MEMORY: PreloadMemoryTool = new PreloadMemoryTool();
