import type { Content, Event } from "@adk/core";
import type { Outcome } from "./drive.ts";
import { isEmpty, type Json, type JsonObject } from "./json.ts";
import { numberIds } from "./number-ids.ts";

/** Members that say when and where something was stored, not what happened. */
const UNTOLD: ReadonlySet<string> = new Set([
  "timestamp",
  "sequence",
  "stateRemoved",
  "compactedSequences",
  "rewoundFrom",
  "pending",
  "redactedCalls",
  "lastUpdateTime",
  "createTime",
  "startTimestamp",
  "endTimestamp",
  "nodeInfo",
  "avgLogprobs",
  "cacheMetadata",
]);

/** An outcome without what two equal runs need not share: times, positions, empty members, the ids' own texts. */
export function neutral(outcome: Outcome, { unordered }: { unordered: boolean }): JsonObject {
  const { session, steps, modelRequests, hooks } = outcome;
  const told = withoutUntold({
    steps: steps.map((step) => ({ ...step, events: step.events && shown(step.events) })),
    session: session && { ...session, events: shown(session.events) },
    modelRequests: modelRequests.map((request) => ({
      ...request,
      contents: request.contents.map(withoutCallIds),
    })),
    hooks,
  });
  return numberIds(told as JsonObject, { unordered });
}

/** Without records, and without the actions of partial events. */
function shown(events: readonly Event[]): Partial<Event>[] {
  return events
    .filter((event) => !event.toolRecord)
    .map((event) => {
      if (!event.partial) return event;
      const { actions: _, ...rest } = event;
      return rest;
    });
}

function withoutCallIds(content: Content): object {
  return {
    ...content,
    parts: content.parts?.map(({ functionCall, functionResponse, ...part }) => ({
      ...part,
      functionCall: functionCall && withoutId(functionCall),
      functionResponse: functionResponse && withoutId(functionResponse),
    })),
  };
}

function withoutId(call: { id?: string }): object {
  return { ...call, id: undefined };
}

/** A copy in which members that are untold or empty are left out, at every depth; elements of lists stay. */
function withoutUntold(value: unknown): Json {
  if (Array.isArray(value)) return value.map(withoutUntold);
  if (typeof value !== "object" || value === null) return (value ?? null) as Json;
  const result: JsonObject = {};
  for (const [key, member] of Object.entries(value)) {
    if (UNTOLD.has(key)) continue;
    const told = withoutUntold(member);
    if (!isEmpty(told)) result[key] = told;
  }
  return result;
}
