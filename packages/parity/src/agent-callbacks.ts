import {
  AdkError,
  type BaseTool,
  type Context,
  type LlmAgentConfig,
  type LlmRequest,
} from "@adk/core";
import type { Rule } from "./scenario.ts";
import type { RuleBook, Subject } from "./rule-book.ts";

type Callbacks = Pick<
  LlmAgentConfig,
  | "beforeAgentCallback"
  | "afterAgentCallback"
  | "beforeModelCallback"
  | "afterModelCallback"
  | "onModelErrorCallback"
  | "beforeToolCallback"
  | "afterToolCallback"
  | "onToolErrorCallback"
>;

/** The callbacks of an agent: one for each hook that its rules name. */
export function agentCallbacks(rules: readonly Rule[], book: RuleBook): Callbacks {
  const all = everyCallback(book);
  const chosen: Callbacks = {};
  for (const { on } of rules) {
    const name = `${on}Callback`;
    if (!Object.hasOwn(all, name))
      throw new AdkError(
        "INVALID_ARGUMENT",
        `An agent has no callback ${on}. It has: ${Object.keys(all)
          .map((key) => key.replace(/Callback$/, ""))
          .join(", ")}.`,
      );
    Object.assign(chosen, { [name]: all[name as keyof Callbacks] });
  }
  return chosen;
}

function everyCallback(book: RuleBook): Required<Callbacks> {
  return {
    beforeAgentCallback: (context) => book.call("beforeAgent", subject(context))?.content,
    afterAgentCallback: (context) => book.call("afterAgent", subject(context))?.content,
    beforeModelCallback: ({ context, request }) =>
      book.call("beforeModel", subject(context, request))?.response,
    afterModelCallback: ({ context }) => book.call("afterModel", subject(context))?.response,
    onModelErrorCallback: ({ context }) => book.call("onModelError", subject(context))?.response,
    beforeToolCallback: (params) => book.call("beforeTool", toolSubject(params))?.result,
    afterToolCallback: (params) => book.call("afterTool", toolSubject(params))?.result,
    onToolErrorCallback: (params) => book.call("onToolError", toolSubject(params))?.result,
  };
}

function subject(context: Context, llmRequest?: LlmRequest): Subject {
  return {
    agent: context.agentName,
    ...(llmRequest && { llmRequest }),
    setState: (key, value) => context.state.set(key, value),
  };
}

function toolSubject(params: {
  tool: BaseTool;
  args: Record<string, unknown>;
  context: Context;
}): Subject {
  return { ...subject(params.context), tool: params.tool.name, args: params.args };
}
