import type { Part } from "../content/content.ts";
import type { Context } from "../context/context.ts";
import { BasePlanner } from "./base-planner.ts";

// The tags are ADK's: prompts and logs of both can be read by either.
const PLANNING = "/*PLANNING*/";
const REPLANNING = "/*REPLANNING*/";
const REASONING = "/*REASONING*/";
const ACTION = "/*ACTION*/";
const FINAL_ANSWER = "/*FINAL_ANSWER*/";
const THOUGHT_TAGS: readonly string[] = [PLANNING, REPLANNING, REASONING, ACTION];

const INSTRUCTION = `Work in this order, and mark each section of your answer with its tag:
1. ${PLANNING} a numbered plan that covers the whole request and uses only the tools you have.
2. ${ACTION} the next tool call of the plan; after its result, ${REASONING} what it shows and what follows from it. Repeat until the plan is done.
3. ${REPLANNING} a new plan, whenever a result shows that the old one does not work.
4. ${FINAL_ANSWER} the answer for the user, and nothing but the answer.
Answer only from what the user said and what the tools returned. When something is missing that no tool can give, ask the user in the final answer.`;

/** Lets any model plan: it writes plan, reasoning and answer under tags, and all but the answer are kept as thoughts. */
export class PlanReActPlanner extends BasePlanner {
  override buildPlanningInstruction(): string {
    return INSTRUCTION;
  }

  /** Text up to the final answer becomes thoughts; of the calls the first run in a row is kept, and nothing behind it. */
  override processPlanningResponse(_callbackContext: Context, parts: Part[]): Part[] | undefined {
    const result: Part[] = [];
    for (const [index, part] of parts.entries()) {
      if (part.functionCall) {
        result.push(...callsFrom(parts, index));
        break;
      }
      result.push(...split(part));
    }
    return result;
  }
}

function callsFrom(parts: readonly Part[], start: number): Part[] {
  const rest = parts.slice(start);
  const end = rest.findIndex((part) => !part.functionCall);
  return end === -1 ? rest : rest.slice(0, end);
}

function split(part: Part): Part[] {
  const { text } = part;
  if (text === undefined) return [part];
  const at = text.lastIndexOf(FINAL_ANSWER);
  if (at === -1)
    return [THOUGHT_TAGS.some((tag) => text.startsWith(tag)) ? { ...part, thought: true } : part];
  const before = text.slice(0, at);
  const answer = text.slice(at + FINAL_ANSWER.length);
  return [
    ...(before.trim() === "" ? [] : [{ text: before, thought: true }]),
    ...(answer === "" ? [] : [{ ...part, text: answer }]),
  ];
}
