import type { Event, EventActions, ToolRecord } from "@adk/core";
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

/** A copy of the event without what the rules find: what was said, state, results, records, errors, metadata. */
export function redactEvent(event: Event, redactor: Redactor): Event {
  const { content, actions, toolRecord, pending, ...rest } = event;
  const redacted: Event = {
    ...redactRest(rest, redactor),
    actions: redactActions(actions, redactor),
  };
  if (content) redacted.content = redactContent(content, redactor);
  if (toolRecord) redacted.toolRecord = redactRecord(toolRecord, redactor);
  if (pending) redacted.pending = redactMembers(pending, redactor);
  return redacted;
}

function redactRest(rest: Omit<Event, "actions">, redactor: Redactor): Omit<Event, "actions"> {
  const redacted: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(rest))
    redacted[name] = STRUCTURE.has(name) ? value : redactor.value(value);
  return redacted as unknown as Omit<Event, "actions">;
}

function redactActions<Actions extends Partial<EventActions>>(
  actions: Actions,
  redactor: Redactor,
): Actions {
  const { compaction, requestedAuthConfigs, requestedToolConfirmations, ...rest } = actions;
  const { artifactDelta, transferToAgent, rewindBeforeInvocationId, route, ...free } = rest;
  const kept: Partial<EventActions> = {};
  if (artifactDelta) kept.artifactDelta = artifactDelta;
  if (transferToAgent !== undefined) kept.transferToAgent = transferToAgent;
  if (route !== undefined) kept.route = route;
  if (rewindBeforeInvocationId !== undefined)
    kept.rewindBeforeInvocationId = rewindBeforeInvocationId;
  if (requestedAuthConfigs)
    kept.requestedAuthConfigs = redactMembers(requestedAuthConfigs, redactor);
  if (requestedToolConfirmations)
    kept.requestedToolConfirmations = redactMembers(requestedToolConfirmations, redactor);
  if (compaction)
    kept.compaction = {
      ...compaction,
      compactedContent: redactContent(compaction.compactedContent, redactor),
    };
  return { ...redactor.value(free), ...kept } as Actions;
}

function redactRecord(record: ToolRecord, redactor: Redactor): ToolRecord {
  const { callId, actions, event, ...free } = record;
  const redacted: ToolRecord = { ...redactor.value(free), callId };
  if (actions) redacted.actions = redactActions(actions, redactor);
  if (event) redacted.event = redactEvent(event, redactor);
  return redacted;
}

/** Under ids of calls, which stay. */
function redactMembers<T>(members: Record<string, T>, redactor: Redactor): Record<string, T> {
  return Object.fromEntries(
    Object.entries(members).map(([id, value]) => [id, redactor.value(value)]),
  );
}
