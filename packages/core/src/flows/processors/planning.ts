import type { Content, Part } from "../../content/content.ts";
import type { Context } from "../../context/context.ts";
import { ReadonlyContext } from "../../context/readonly-context.ts";
import { appendInstructions } from "../../models/append-to-request.ts";
import type { LlmResponse } from "../../models/llm-response.ts";
import { BuiltInPlanner } from "../../planners/built-in-planner.ts";
import { agentOf } from "../agent-of.ts";
import type { RequestProcessor } from "./request-processor.ts";

/** Asks the model to plan. Beside a planner that works by words, its earlier thoughts are words like others. */
export const planning: RequestProcessor = (context, request) => {
  const { planner } = agentOf(context);
  if (planner === undefined) return;
  const instruction = planner.buildPlanningInstruction(new ReadonlyContext(context), request);
  if (instruction !== undefined && instruction !== "") appendInstructions(request, [instruction]);
  if (!(planner instanceof BuiltInPlanner))
    request.contents = request.contents.map(withoutThoughtFlags);
};

function withoutThoughtFlags(content: Content): Content {
  if (!content.parts?.some((part) => part.thought)) return content;
  return {
    ...content,
    parts: content.parts.map((part): Part => {
      const { thought: _thought, ...rest } = part;
      return rest;
    }),
  };
}

/** The response with its plan told apart from its answer. */
export function planned(context: Context, response: LlmResponse): LlmResponse {
  const { planner } = agentOf(context.invocationContext);
  const parts = response.content?.parts;
  if (planner === undefined || response.partial || !parts?.length) return response;
  const processed = planner.processPlanningResponse(context, [...parts]);
  return processed ? { ...response, content: { ...response.content, parts: processed } } : response;
}
