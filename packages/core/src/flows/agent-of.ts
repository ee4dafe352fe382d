import type { LlmAgent } from "../agents/llm-agent.ts";
import type { InvocationContext } from "../context/invocation-context.ts";

/** The LLM agent that the context belongs to: everything in this room runs for one. */
export function agentOf(context: InvocationContext): LlmAgent {
  return context.agent as LlmAgent;
}
