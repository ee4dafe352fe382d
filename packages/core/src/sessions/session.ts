import type { Event } from "../events/event.ts";

/** A call that waits, as a session and `listSessions` show it. */
export interface PendingCallInfo {
  /** First sequence of the invocation the call belongs to. */
  since: number;
  /** The agent that asked. */
  agent: string;
  /** The name of the called function. */
  name: string;
  /** Milliseconds since the Unix epoch. */
  expiresAt?: number | undefined;
  responseSchema?: unknown;
  via?: string | undefined;
}

/**
 * One conversation, as a service returned it: a snapshot that shares nothing mutable with the store or another caller.
 * Its events are frozen. `appendEvent` brings the snapshot it is given up to date.
 */
export interface Session {
  id: string;
  appName: string;
  userId: string;
  /** The whole current state of the three scopes, prefixes included. */
  state: Record<string, unknown>;
  events: Event[];
  /** Milliseconds since the Unix epoch, by the store's clock. */
  lastUpdateTime: number;
  /** Milliseconds since the Unix epoch, by the store's clock. */
  createTime: number;
  /** Position of the last event the snapshot knows of; 0 without events. */
  lastSequence: number;
  /** Position of `events[0]`; `lastSequence + 1` when no event was loaded. */
  firstSequence: number;
  /** One life of this id. */
  incarnation: string;
  /** What waits for an answer, by call id. */
  pendingCalls: Record<string, PendingCallInfo>;
  title?: string | undefined;
  labels?: Record<string, string> | undefined;
  forkedFrom?: { sessionId: string; sequence: number } | undefined;
  /** The session scope at birth, when `config.includeInitialState` asked for it. */
  initialState?: Record<string, unknown> | undefined;
}
