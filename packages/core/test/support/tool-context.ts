import type { BaseAgent } from "../../src/agents/base-agent.ts";
import { Context, type ContextOptions } from "../../src/context/context.ts";
import { InvocationContext } from "../../src/context/invocation-context.ts";
import type { Invocation } from "../../src/context/invocation.ts";
import { WorkingState } from "../../src/context/working-state.ts";
import type { LlmRequest } from "../../src/models/llm-request.ts";

/** The context of a tool call for tests that need no runner: what a test does not give is absent. */
export function toolContext(
  invocation: Partial<Invocation> = {},
  options: Omit<ContextOptions, "invocationContext"> & { agent?: Partial<BaseAgent> } = {},
): Context {
  const { agent = { name: "root" }, ...rest } = options;
  const session = { id: "s", appName: "app", userId: "u", state: {}, events: [] };
  // Only what the tools under test read is filled in.
  const whole = {
    id: "e-1",
    session,
    state: new WorkingState(session),
    signal: new AbortController().signal,
    runConfig: {},
    ...invocation,
  } as Partial<Invocation> as Invocation;
  return new Context({
    functionCallId: "call-1",
    ...rest,
    invocationContext: new InvocationContext({ invocation: whole, agent: agent as BaseAgent }),
  });
}

export function llmRequest(request: Partial<LlmRequest> = {}): LlmRequest {
  return { contents: [], liveConnectConfig: {}, toolsDict: {}, ...request };
}
