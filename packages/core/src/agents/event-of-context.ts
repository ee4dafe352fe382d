import type { Content } from "../content/content.ts";
import type { Context } from "../context/context.ts";
import { newEvent } from "../context/new-event.ts";
import type { Event } from "../events/event.ts";

/** What an agent callback leaves: an event with its content and what it wrote; none when it did neither. */
export function eventOfContext(context: Context, content: Content | undefined): Event | undefined {
  const { actions, stateRemoved } = context.harvest();
  if (content === undefined && stateRemoved === undefined && !hasEffect(actions)) return undefined;
  return newEvent(context.invocationContext, {
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
