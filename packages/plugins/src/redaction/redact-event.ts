import type { Content, Event, EventActions, EventCompaction, ToolRecord } from "@adk/core";
import { CHARGES_KEY, STAMPS_KEY } from "../internal/metadata-keys.ts";
import { mapMembers } from "./map-members.ts";
import { redactContent } from "./redact-content.ts";
import type { Redactor } from "./redactor.ts";

/** What the engine goes by, and no text of anybody's. */
const STRUCTURE: ReadonlySet<string> = new Set([
  "id",
  "invocationId",
  "author",
  "timestamp",
  "branch",
  "sequence",
  "partial",
  "turnComplete",
  "interrupted",
  "finishReason",
  "usageMetadata",
  "modelVersion",
  "longRunningToolIds",
  "redactedCalls",
  "nodeInfo",
  "isolationScope",
  "compactedSequences",
  "rewoundFrom",
  "interactionId",
  "environmentId",
  "liveSessionId",
] satisfies readonly (keyof Event)[]);

/** The event without what the rules find: what was said, state, results, records, errors, metadata. */
export function redactEvent(event: Event, redactor: Redactor): Event {
  return mapMembers(event, (name, value) => {
    if (STRUCTURE.has(name) || value === undefined) return value;
    switch (name) {
      case "content":
        return redactContent(value as Content, redactor);
      case "actions":
        return redactActions(value as EventActions, redactor);
      case "toolRecord":
        return redactRecord(value as ToolRecord, redactor);
      case "customMetadata":
        return redactMetadata(value as object, redactor);
      case "pending":
        return redactPending(value as NonNullable<Event["pending"]>, redactor);
      default:
        return redactor.value(value);
    }
  });
}

/** Plugins of this package go by ids and stamps, which a rule for keys may well match. */
function redactMetadata(metadata: object, redactor: Redactor): object {
  const rest = redactor.value(metadata);
  if (rest === metadata) return metadata;
  const kept = Object.entries(metadata).filter(
    ([name]) => name === CHARGES_KEY || name === STAMPS_KEY,
  );
  return { ...rest, ...Object.fromEntries(kept) };
}

/** By the ids of calls; `via` is one too. */
function redactPending(
  pending: NonNullable<Event["pending"]>,
  redactor: Redactor,
): NonNullable<Event["pending"]> {
  return mapMembers(pending, (_, waiting) =>
    mapMembers(waiting as object, (name, value) =>
      name === "via" ? value : redactor.value(value),
    ),
  );
}

function redactActions(actions: Partial<EventActions>, redactor: Redactor): Partial<EventActions> {
  return mapMembers(actions, (name, value) => {
    switch (name) {
      case "artifactDelta":
      case "transferToAgent":
      case "rewindBeforeInvocationId":
      case "route":
        return value;
      case "requestedAuthConfigs":
      case "requestedToolConfirmations":
        return value && redactUnderIds(value, redactor);
      case "compaction":
        return value && redactCompaction(value as EventCompaction, redactor);
      default:
        return redactor.value(value);
    }
  });
}

function redactCompaction(compaction: EventCompaction, redactor: Redactor): EventCompaction {
  return mapMembers(compaction, (name, value) =>
    name === "compactedContent" ? redactContent(value as Content, redactor) : value,
  );
}

function redactRecord(record: ToolRecord, redactor: Redactor): ToolRecord {
  return mapMembers(record, (name, value) => {
    if (name === "callId" || value === undefined) return value;
    if (name === "actions") return redactActions(value as Partial<EventActions>, redactor);
    return name === "event" ? redactEvent(value as Event, redactor) : redactor.value(value);
  });
}

/** The names are ids of calls, which stay. */
function redactUnderIds(members: object, redactor: Redactor): object {
  return mapMembers(members, (_, value) => redactor.value(value));
}
