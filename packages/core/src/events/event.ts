import { randomId } from "../internal/ids.ts";
import type { LlmResponse } from "../models/llm-response.ts";
import { createEventActions, type EventActions } from "./event-actions.ts";

/** A call that waits for an answer from outside. */
export interface PendingCall {
  /** Milliseconds since the Unix epoch after which nobody may answer any more. */
  expiresAt?: number | undefined;
  /** JSON Schema of the answer. */
  responseSchema?: unknown;
  /** The call of the outermost agent tool inside which this one waits. */
  via?: string | undefined;
}

/** Something a tool call left in the log before the response event that carries it; stored only, never shown to a model. */
export interface ToolRecord {
  callId: string;
  response?: Record<string, unknown> | undefined;
  actions?: Partial<EventActions> | undefined;
  /** State keys that the tool removed. */
  stateRemoved?: string[] | undefined;
  /** State containers that were changed in place, whole. */
  inPlace?: Record<string, unknown> | undefined;
  /** The copied state an agent tool's session started with. */
  state?: Record<string, unknown> | undefined;
  /** An event of an agent tool's own run. */
  event?: Event | undefined;
}

/** Where in a workflow of ADK for Python an event was made; kept, and not used here. */
export interface NodeInfo {
  path: string;
  outputFor?: string[] | undefined;
  messageAsOutput?: boolean | undefined;
}

/**
 * One thing that happened in a conversation. ADK's event, plus what stands under "Ours" (ADK ignores it).
 *
 * Stored events are frozen, at every depth.
 */
export interface Event extends LlmResponse {
  /** Unique within its session; an append is repeated safely under it. */
  id: string;
  invocationId: string;
  /** `user`, the name of an agent, or `model` when a hook answered instead of the agent. */
  author: string;
  actions: EventActions;
  /** Milliseconds since the Unix epoch, an integer. Data, never order: `sequence` is the order. */
  timestamp: number;
  /** Ids of the calls in this event that wait for an answer from outside. */
  longRunningToolIds?: string[] | undefined;
  /** The dotted path of parallel agents this event belongs to; absent outside of them. */
  branch?: string | undefined;
  isolationScope?: string | undefined;
  output?: unknown;
  nodeInfo?: NodeInfo | undefined;

  // Ours
  /** Position in the session's log: 1, 2, 3 … without gaps, given by the store. Absent on partial events. */
  sequence?: number | undefined;
  /** State keys that this event removes, prefix included. */
  stateRemoved?: string[] | undefined;
  /** The range a summary covers. */
  compactedSequences?: { from: number; to: number } | undefined;
  /** Position of the first event that a rewind takes back, and with it all up to the rewind. */
  rewoundFrom?: number | undefined;
  pending?: Record<string, PendingCall> | undefined;
  toolRecord?: ToolRecord | undefined;
  /** Calls whose arguments were altered before storing; they are never run from the log. */
  redactedCalls?: string[] | undefined;
}

/** Some members of an event; those of `actions` may be left out too. */
export type CreateEventParams = Partial<Omit<Event, "actions">> & {
  actions?: Partial<EventActions>;
};

/**
 * An event from some of its members; `id` and `timestamp` are made up when they are missing.
 *
 * Inside an agent, prefer `createEvent({ invocationId: context.invocationId, author: this.name, branch: context.branch, … })`.
 */
export function createEvent(params: CreateEventParams = {}): Event {
  return {
    ...params,
    id: params.id || randomId(),
    invocationId: params.invocationId ?? "",
    author: params.author ?? "",
    actions: createEventActions(params.actions),
    timestamp: params.timestamp ?? Date.now(),
  };
}
