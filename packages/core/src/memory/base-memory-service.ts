import type { Content } from "../content/content.ts";
import type { Event } from "../events/event.ts";
import type { Cancellable } from "../sessions/requests.ts";
import type { Session } from "../sessions/session.ts";

/** One thing that is remembered. */
export interface MemoryEntry {
  content: Content;
  /** Stable: the event's id where the entry came from an event. */
  id?: string | undefined;
  author?: string | undefined;
  /** ISO 8601. */
  timestamp?: string | undefined;
  customMetadata?: Record<string, unknown> | undefined;
}

/** What to look for, and in whose memory. */
export interface SearchMemoryRequest extends Cancellable {
  appName: string;
  userId: string;
  query: string;
  /** 1–1,000. @defaultValue 50 */
  limit?: number | undefined;
}

/** What was found, best first. */
export interface SearchMemoryResponse {
  memories: MemoryEntry[];
}

/** Events to remember; without `sessionId` outside of any session. */
export interface AddEventsToMemoryRequest extends Cancellable {
  appName: string;
  userId: string;
  sessionId?: string | undefined;
  events: Event[];
  customMetadata?: Record<string, unknown> | undefined;
}

/** Entries that the application wrote; `customMetadata` is put on each. */
export interface AddMemoryRequest extends Cancellable {
  appName: string;
  userId: string;
  memories: MemoryEntry[];
  customMetadata?: Record<string, unknown> | undefined;
}

/** What to forget of a user. */
export interface DeleteMemoryRequest extends Cancellable {
  appName: string;
  userId: string;
  /** One session's memories. */
  sessionId?: string | undefined;
  /** One entry. Without both, everything of the user. */
  memoryId?: string | undefined;
}

/**
 * What is remembered of a user beyond one session. The Runner never writes memory by itself: the application, a callback
 * or a tool does.
 */
export abstract class BaseMemoryService implements AsyncDisposable {
  /** Remembers a session's events; adding it again replaces what it added before. */
  abstract addSessionToMemory(session: Session): Promise<void>;
  /** What fits the query best, best first; of this app and user only. */
  abstract searchMemory(request: SearchMemoryRequest): Promise<SearchMemoryResponse>;
  /** Remembers events; those whose ids are known already in this session (or outside of any) are left out. */
  abstract addEventsToMemory(request: AddEventsToMemoryRequest): Promise<void>;
  /** Remembers what the application wrote itself; an entry whose id is known takes the place of the earlier one. */
  abstract addMemory(request: AddMemoryRequest): Promise<void>;
  /** Silent when there is nothing. */
  abstract deleteMemory(request: DeleteMemoryRequest): Promise<void>;
  abstract [Symbol.asyncDispose](): Promise<void>;
}
