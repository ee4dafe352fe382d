import type { Event, Session } from "@adk/core";
import type { Json, JsonObject } from "../json.ts";
import { responsesOf, seenEvents } from "./log.ts";
import { neutralLog } from "./neutral-log.ts";

/** What a script has left behind in its store. */
export interface Remains {
  readonly session: Session | undefined;
  /** Whether the session holds all that was stored. */
  readonly isWhole: boolean;
  /** Whether lists of what waits show the session. */
  readonly isListed: boolean;
  /** The open invocation. */
  readonly openInvocationId: string | undefined;
  readonly artifactText: (name: string, version: number) => Json;
}

/** What must be the same with and without cuts. */
export function outcomeOf(remains: Remains): JsonObject {
  const { session, artifactText } = remains;
  const state = neutralLog([stateAsEvent(session?.state ?? {})], artifactText);
  return {
    log: neutralLog(session?.events ?? [], artifactText),
    state: (state["branches"] as JsonObject)[""],
    stored: remains.isWhole,
    pending: Object.values(session?.pendingCalls ?? {}).map(
      ({ name, agent }) => `${agent}.${name}`,
    ),
    listed: remains.isListed,
    open: remains.openInvocationId ?? null,
  } as JsonObject;
}

function stateAsEvent(stateDelta: Record<string, unknown>): Event {
  return { actions: { stateDelta } } as unknown as Event;
}

/** No call has two responses of its agent for one release. */
export function doubledResponses(log: readonly Event[]): string[] {
  const doubled: string[] = [];
  const responded = new Set<string>();
  const originals = new Map<string, string>();
  for (const event of seenEvents(log)) {
    for (const part of event.content?.parts ?? []) {
      const { id, args } = part.functionCall ?? {};
      const original = args?.["originalFunctionCall"] as { id?: string } | undefined;
      if (id !== undefined && original?.id !== undefined) originals.set(id, original.id);
    }
    for (const { id = "", name } of responsesOf(event))
      if (event.author === "user") responded.delete(originals.get(id) ?? "");
      else if (responded.has(id)) doubled.push(`a call of ${name} has two response events`);
      else responded.add(id);
  }
  return doubled;
}
