import type { InvocationContext } from "../context/invocation-context.ts";
import { Context } from "../context/context.ts";
import { newEvent } from "../context/new-event.ts";
import type { Event } from "../events/event.ts";
import { agentOf } from "./agent-of.ts";
import { saveOutput } from "./save-output.ts";

/** The answer that an agent gave through `set_model_response`, as its final text. */
export function structuredOutputEvent(context: InvocationContext, value: unknown): Event {
  const callbackContext = new Context({ invocationContext: context });
  const event = newEvent(context, {
    content: { role: "model", parts: [{ text: spacedJson(value) }] },
  });
  event.actions = callbackContext.actions;
  saveOutput(agentOf(context), event, callbackContext);
  return event;
}

/** JSON with a space behind each colon and comma, as ADK for Python writes it. */
function spacedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spacedJson).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}: ${spacedJson(member)}`).join(", ")}}`;
}
