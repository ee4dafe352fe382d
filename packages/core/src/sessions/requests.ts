import type { Event } from "../events/event.ts";
import type { SessionLease } from "./lease.ts";
import type { PendingCallInfo, Session } from "./session.ts";
import type { SessionKey } from "./session-store.ts";

/** Every request may carry a signal; a call that it cancels rejects with `ABORTED`. */
export interface Cancellable {
  signal?: AbortSignal | undefined;
}

/** A session to be made. */
export interface CreateSessionRequest extends Cancellable {
  appName: string;
  userId: string;
  /** Initial state; keys with `app:` and `user:` go to the shared scopes, `temp:` is dropped. */
  state?: Record<string, unknown> | undefined;
  /** Made up when absent or blank. */
  sessionId?: string | undefined;
  title?: string | undefined;
  labels?: Record<string, string> | undefined;
}

/** Which events are loaded; the filters add up. */
export interface GetSessionConfig {
  /** The last so many events; 0 for none. Counted after the other filters. */
  numRecentEvents?: number | undefined;
  /** Only events with `timestamp >= afterTimestamp` (milliseconds since the Unix epoch; 0 is a filter). */
  afterTimestamp?: number | undefined;
  /** Only events with `sequence > afterSequence`. */
  afterSequence?: number | undefined;
  /** Also the session's state at its birth, as `initialState`. @defaultValue false */
  includeInitialState?: boolean | undefined;
}

/** A session, and which of its events. */
export interface GetSessionRequest extends SessionKey, Cancellable {
  config?: GetSessionConfig | undefined;
}

/** The session to delete. */
export interface DeleteSessionRequest extends SessionKey, Cancellable {}

/** Shared state and sessions of one user. */
export interface DeleteUserRequest extends Cancellable {
  appName: string;
  userId: string;
}

/** The user whose shared state is read. */
export interface GetUserStateRequest extends Cancellable {
  appName: string;
  userId: string;
}

/** The app whose shared state is read. */
export interface GetAppStateRequest extends Cancellable {
  appName: string;
}

/** What changes on a session; what is absent stays. */
export interface UpdateSessionRequest extends SessionKey, Cancellable {
  /** `null` removes the title. */
  title?: string | null | undefined;
  /** A patch: `null` removes a label. */
  labels?: Record<string, string | null> | undefined;
}

/** Which sessions, and which page of them. */
export interface ListSessionsRequest extends Cancellable {
  appName: string;
  /** All users of the app when absent. */
  userId?: string | undefined;
  labels?: Record<string, string> | undefined;
  /** Only sessions in which something waits for an answer. */
  pending?: true | undefined;
  /** `lastUpdateTime` needs `userId`. Newest first. @defaultValue "createTime" */
  orderBy?: "createTime" | "lastUpdateTime" | undefined;
  /** 1–1,000. @defaultValue 100 */
  pageSize?: number | undefined;
  pageToken?: string | undefined;
}

/** Sessions without their events and state. */
export interface ListSessionsResponse {
  sessions: Session[];
  /** Absent on the last page. */
  nextPageToken?: string | undefined;
}

/** Which events of a session, and which page of them. */
export interface ListEventsRequest extends SessionKey, Cancellable {
  /** Events after (ascending) this sequence. */
  afterSequence?: number | undefined;
  /** Events before (descending) this sequence. */
  beforeSequence?: number | undefined;
  /** @defaultValue "ascending" */
  order?: "ascending" | "descending" | undefined;
  /** 1–1,000. @defaultValue 100 */
  pageSize?: number | undefined;
  pageToken?: string | undefined;
}

/** A page of events. `nextPageToken` is absent on the last one. */
export interface ListEventsResponse {
  events: Event[];
  nextPageToken?: string | undefined;
  lastSequence: number;
}

/** What core's folds say about the log, as a difference to what the header holds. */
export interface HeaderChange {
  invocationId?: string | undefined;
  /** Absent: kept up to date by the service, from the events. */
  pendingCalls?: Record<string, PendingCallInfo> | null | undefined;
  windowFrom?: number | undefined;
  kept?: Event[] | null | undefined;
}

/** One event for a session, and the conditions it is stored under. */
export interface AppendEventRequest extends Cancellable {
  /** The caller's snapshot; brought up to date when the store has said yes, and only then. */
  session: Session;
  event: Event;
  /** Compare-and-set: succeeds only when the session's last event has this sequence. */
  expectedLastSequence?: number | undefined;
  /** Appends under this lease; without one the append commutes with other writers. */
  lease?: SessionLease | undefined;
  /** Only with a lease. */
  header?: HeaderChange | undefined;
}

/** A session, who wants to run it, and for how long (milliseconds) without a sign of life. */
export interface AcquireLeaseRequest extends SessionKey, Cancellable {
  /** Who asks, for people and logs; 1–512 bytes. */
  owner: string;
  /** 100–3,600,000. */
  ttlMs: number;
  /** How long to wait for another holder. @defaultValue 0 */
  waitMs?: number | undefined;
}

/** Lease and load in one round trip. */
export interface OpenedSession {
  session: Session;
  lease: SessionLease;
  /** The invocation that was open when the lease was granted. */
  openInvocationId?: string | undefined;
  /** Older events, before `session.firstSequence`, that still matter. */
  kept: Event[];
}

/** The invocation to stop. */
export interface RequestCancelRequest extends SessionKey, Cancellable {
  invocationId: string;
}

/** A session whose run ended without saying so. */
export interface InterruptedSession extends SessionKey {
  invocationId: string;
  lastSequence: number;
  attempt: number;
}

/** Of one user, or of all users of the app when `userId` is absent. */
export interface ListInterruptedRequest extends Cancellable {
  appName: string;
  userId?: string | undefined;
  /** 1–1,000. @defaultValue 100 */
  pageSize?: number | undefined;
  pageToken?: string | undefined;
}

/** A page of sessions. `nextPageToken` is absent on the last one. */
export interface ListInterruptedResponse {
  sessions: InterruptedSession[];
  nextPageToken?: string | undefined;
}

/** The session to copy, and up to where. Title and labels are copied unless given. */
export interface ForkSessionRequest extends SessionKey, Cancellable {
  /** The fork's last event; 0 for none. */
  atSequence: number;
  /** Made up when absent. */
  newSessionId?: string | undefined;
  title?: string | undefined;
  labels?: Record<string, string> | undefined;
}

/** When its signal fires, the subscription ends; it does not reject. */
export interface SubscribeRequest extends SessionKey, Cancellable {
  /** Events after this sequence. @defaultValue the session's last sequence at the call */
  afterSequence?: number | undefined;
}

/** Where to look for what has expired, and how much of it to delete. */
export interface PurgeExpiredRequest extends Cancellable {
  /** Sessions of all apps when absent. */
  appName?: string | undefined;
  /** How many at the most. @defaultValue 1,000 */
  limit?: number | undefined;
}
