import type { Content } from "../content/content.ts";
import type { Context } from "../context/context.ts";
import { createEvent, type Event } from "../events/event.ts";

/** What an agent callback leaves: an event with its content and what it wrote; none when it did neither. */
export function eventOfContext(context: Context, content: Content | undefined): Event | undefined {
  const { actions, stateRemoved } = context.harvest();
  if (content === undefined && stateRemoved === undefined && !hasEffect(actions)) return undefined;
  const { invocation, agent, branch } = context.invocationContext;
  return createEvent({
    id: invocation.newId(),
    timestamp: invocation.clock.now(),
    invocationId: invocation.id,
    author: agent.name,
    ...(branch === undefined ? {} : { branch }),
    ...(content === undefined ? {} : { content }),
    ...(stateRemoved === undefined ? {} : { stateRemoved }),
    actions,
  });
}

function hasEffect(actions: object): boolean {
  return Object.values(actions).some((value) =>
    typeof value === "object" && value !== null
      ? Object.keys(value).length > 0
      : value !== undefined,
  );
}
