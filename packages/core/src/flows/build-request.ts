import type { InvocationContext } from "../context/invocation-context.ts";
import type { Event } from "../events/event.ts";
import type { LlmRequest } from "../models/llm-request.ts";
import { agentOf } from "./agent-of.ts";
import { agentTransfer } from "./processors/agent-transfer.ts";
import { basic } from "./processors/basic.ts";
import { compaction } from "./processors/compaction.ts";
import { contents } from "./processors/contents.ts";
import { identity } from "./processors/identity.ts";
import { instructions, placeInstructions } from "./processors/instructions.ts";
import { outputSchema } from "./processors/output-schema.ts";
import { planning } from "./processors/planning.ts";
import type { RequestProcessor } from "./processors/request-processor.ts";
import { tools } from "./processors/tools.ts";

/** In this order; the agent's own processors follow. */
const PROCESSORS: readonly RequestProcessor[] = [
  basic,
  instructions,
  identity,
  compaction,
  contents,
  placeInstructions,
  planning,
  outputSchema,
  agentTransfer,
  tools,
];

/** Makes the request for the agent's next model call. Yields the events of the agent's own processors. */
export async function* buildRequest(
  context: InvocationContext,
): AsyncGenerator<Event, LlmRequest, undefined> {
  const request: LlmRequest = { contents: [], liveConnectConfig: {}, toolsDict: {} };
  for (const process of PROCESSORS) {
    const pending = process(context, request);
    if (pending) await pending;
  }
  for (const processor of agentOf(context).requestProcessors)
    yield* processor.runAsync(context, request);
  return request;
}
