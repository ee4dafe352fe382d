import type { FunctionDeclaration } from "../content/content.ts";
import { AdkError } from "../errors.ts";
import { appendTools } from "../models/append-to-request.ts";
import { BaseTool, type ToolProcessLlmRequest } from "./base-tool.ts";

/**
 * The tool under another name. It is the original in everything else: its class, its options, its private fields; so
 * whatever asks for a kind of tool finds it, and calls go to the original.
 */
export function renameTool(tool: BaseTool, name: string): BaseTool {
  if (!/^[\w.:-]{1,128}$/.test(name))
    throw new AdkError(
      "INVALID_ARGUMENT",
      `The prefix makes the tool name ${JSON.stringify(name.slice(0, 150))}, which is longer than 128 characters. Shorten the prefix or the name.`,
    );
  const own: Partial<Record<PropertyKey, unknown>> = {
    name,
    _getDeclaration(): FunctionDeclaration | undefined {
      const declaration = tool._getDeclaration();
      return declaration && { ...declaration, name };
    },
    processLlmRequest: (request: ToolProcessLlmRequest) =>
      processLlmRequest(tool, renamed, request),
  };
  // The target inherits from the tool and has no members of its own: a frozen tool can be renamed too.
  const renamed: BaseTool = new Proxy<BaseTool>(Object.create(tool) as BaseTool, {
    get(_target, key) {
      if (Object.hasOwn(own, key)) return own[key];
      const value: unknown = Reflect.get(tool, key);
      return typeof value === "function" && key !== "constructor"
        ? (value.bind(tool) as unknown)
        : value;
    },
    set: (_target, key, value) => Reflect.set(tool, key, value),
  });
  return renamed;
}

/** A tool that shapes requests itself does so on a request without other tools; what it adds is moved over, renamed. */
async function processLlmRequest(
  tool: BaseTool,
  renamed: BaseTool,
  { toolContext, llmRequest }: ToolProcessLlmRequest,
): Promise<void> {
  if (tool.processLlmRequest === BaseTool.prototype.processLlmRequest)
    return appendTools(llmRequest, [renamed]);
  const { toolsDict, config } = llmRequest;
  const { tools = [], ...restOfConfig } = config ?? {};
  llmRequest.toolsDict = {};
  llmRequest.config = restOfConfig;
  try {
    await tool.processLlmRequest({ toolContext, llmRequest });
  } finally {
    const added = Object.values(llmRequest.toolsDict);
    const builtIn = (llmRequest.config?.tools ?? []).filter(
      (entry) => !("functionDeclarations" in entry),
    );
    llmRequest.toolsDict = toolsDict;
    if (tools.length > 0 || builtIn.length > 0)
      llmRequest.config = { ...llmRequest.config, tools: [...tools, ...builtIn] };
    appendTools(
      llmRequest,
      added.map((one) => (one === tool ? renamed : one)),
    );
  }
}
