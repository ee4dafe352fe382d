import { FunctionTool, LongRunningFunctionTool, type BaseTool, type Context } from "@adk/core";
import type { Recorder } from "./recorder.ts";
import type { ToolSpec } from "./scenario.ts";
import { ScriptedFailure } from "./scripted-failure.ts";

/** A tool that does and returns what its specification says; its calls are counted across all agents that have it. */
export function buildTool(name: string, spec: ToolSpec, recorder: Recorder): BaseTool {
  let calls = 0;
  const options = {
    name,
    description: spec.description ?? "",
    ...(spec.parameters && { parameters: jsonSchema(spec.parameters) }),
    ...(spec.requireConfirmation && { requireConfirmation: true }),
    async execute(input: unknown, context: Context): Promise<unknown> {
      const args = structuredClone(input ?? {}) as Record<string, unknown>;
      recorder.hooks.push({ hook: "tool", tool: name, args });
      return await perform(spec, calls++, context);
    },
  };
  return spec.longRunning ? new LongRunningFunctionTool(options) : new FunctionTool(options);
}

async function perform(spec: ToolSpec, call: number, context: Context): Promise<unknown> {
  if (spec.saveArtifact)
    await context.saveArtifact(spec.saveArtifact.filename, structuredClone(spec.saveArtifact.part));
  for (const [key, value] of Object.entries(spec.stateDelta ?? {})) context.state.set(key, value);
  if (spec.escalate) context.actions.escalate = true;
  if (spec.skipSummarization) context.actions.skipSummarization = true;
  if (spec.transferTo !== undefined) context.actions.transferToAgent = spec.transferTo;
  const message = typeof spec.raises === "string" ? spec.raises : spec.raises?.[call];
  if (typeof message === "string") throw new ScriptedFailure(message);
  if (spec.asks) {
    const answer = context.toolConfirmation;
    if (answer) return { confirmed: answer.confirmed, payload: answer.payload };
    context.requestConfirmation(structuredClone(spec.asks));
    return { status: "asked" };
  }
  const returns = spec.returns ?? [];
  return structuredClone(returns[Math.min(call, returns.length - 1)]) ?? undefined;
}

function jsonSchema(parameters: NonNullable<ToolSpec["parameters"]>): {
  type: "object";
  properties: Record<string, { type: string }>;
  required: string[];
} {
  return {
    type: "object",
    properties: Object.fromEntries(parameters.map(({ name, type }) => [name, { type }])),
    required: parameters.filter(({ optional }) => !optional).map(({ name }) => name),
  };
}
