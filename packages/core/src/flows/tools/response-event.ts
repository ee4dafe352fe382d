import type { FunctionCall, Part } from "../../content/content.ts";
import type { InvocationContext } from "../../context/invocation-context.ts";
import type { ContextHarvest } from "../../context/context.ts";
import type { Event } from "../../events/event.ts";
import { mergeEventActions } from "../../events/merge-event-actions.ts";
import type { CallOutcome } from "./call-tool.ts";
import { mergeState } from "./merge-state.ts";

/** One event with the responses of a batch, in the order of its calls, and with all that the tools wrote. */
export function responseEvent(
  context: InvocationContext,
  calls: readonly FunctionCall[],
  outcomes: readonly CallOutcome[],
): Event | undefined {
  const parts: Part[] = [];
  const harvests: ContextHarvest[] = [];
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.kind === "waiting") harvests.push(outcome.context.harvest());
    if (outcome.kind !== "response") continue;
    harvests.push(outcome.context.harvest());
    parts.push({ functionResponse: responseOf(calls[index] as FunctionCall, outcome.response) });
  }
  const { invocation, agent, branch } = context;
  const { stateDelta, stateRemoved } = mergeState(harvests, invocation.state);
  const actions = {
    ...mergeEventActions(harvests.map((harvest) => harvest.actions)),
    stateDelta,
  };
  if (parts.length === 0 && stateRemoved.length === 0 && isEmpty(actions)) return undefined;
  const event: Event = {
    id: invocation.newId(),
    invocationId: invocation.id,
    author: agent.name,
    timestamp: invocation.clock.now(),
    actions,
  };
  if (parts.length > 0) event.content = { role: "user", parts };
  if (branch !== undefined) event.branch = branch;
  if (stateRemoved.length > 0) event.stateRemoved = [...stateRemoved];
  return event;
}

function responseOf(
  { id, name }: FunctionCall,
  response: Record<string, unknown>,
): NonNullable<Part["functionResponse"]> {
  return {
    ...(id === undefined ? {} : { id }),
    ...(name === undefined ? {} : { name }),
    response,
  };
}

function isEmpty(actions: object): boolean {
  return Object.values(actions).every((value) =>
    typeof value === "object" && value !== null
      ? Object.keys(value).length === 0
      : value === undefined,
  );
}
