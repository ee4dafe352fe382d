/**
 * What an adapter writes: seven commands, two optional ones for speed, a few for administration.
 *
 * A store keeps sessions, gives each event its position and merges state, inside one atomic round trip a command.
 * It never looks into encoded events or values; what it needs stands beside them. Expected outcomes are a status;
 * the service words the errors. Only failures of the driver are thrown, as an `AdkError` of the store group
 * (`UNAVAILABLE`, `TIMEOUT`, `ABORTED` with `details.committed`, `PERMISSION_DENIED`, `SCHEMA_MISMATCH`, `MISCONFIGURED`,
 * `CLOSED`). Every command may be repeated: the service does so when an outcome is unknown.
 */

/** Names one session. Ids are 1–512 UTF-8 bytes, well-formed, without NUL, compared byte by byte. */
export interface SessionKey {
  appName: string;
  userId: string;
  sessionId: string;
}

/** Text that the codec of core (or a decorator, an encryption say) wrote: opaque, not necessarily JSON. */
export type Encoded = string;

/** Encoded state values by key, without scope prefix. Any string is a legal key, `__proto__` too: use null-prototype records or maps. */
export type Values = Record<string, Encoded>;

/** What changes in one scope, keys without prefix. No key stands in both. */
export interface ScopeDelta {
  set: Values;
  remove: string[];
}

/** What an event changes, by scope. An absent scope is not touched. */
export interface StoreDelta {
  app?: ScopeDelta;
  user?: ScopeDelta;
  session?: ScopeDelta;
}

/** The difference to the header as stored. An absent member stays as it is; `null` clears. */
export interface HeaderPatch {
  /** Names the open invocation: sets it, and `attempt` to 1 when another one (or none) was open. */
  invocationId?: string;
  pendingCalls?: Encoded | null;
  windowFrom?: number;
  kept?: Encoded | null;
}

/** Why a command was not carried out. Nothing was written. */
export type Refusal =
  | { status: "not-found" | "exists" | "gone" | "not-open" }
  | { status: "id-conflict" | "fenced" | "conflict"; lastSequence: number }
  | { status: "busy"; expiresInMs: number };
/** What a command gives, or why it was refused. */
export type Outcome<T> = ({ status: "ok" } & T) | Refusal;

/** A session without its events and state. */
export interface SessionHeader extends SessionKey {
  /** One life of this id: a session created again under it has another. */
  incarnation: string;
  /** Milliseconds since the Unix epoch, by the store's clock. */
  createTime: number;
  /** Milliseconds since the Unix epoch, by the store's clock, non-decreasing. */
  lastUpdateTime: number;
  /** Position of the last stored event; 0 without events. */
  lastSequence: number;
  /** First position that a run has to load; 1 until something was compacted. */
  windowFrom: number;
  title?: string;
  labels?: Record<string, string>;
  forkedFrom?: { sessionId: string; sequence: number };
  /** Calls that wait, as of the last write under a lease. Kept for lists; the fold over the log is the truth. */
  pendingCalls?: Encoded;
  /** The open invocation, if any. */
  invocationId?: string;
  /** Leases granted while the open invocation is open; 0 without one. */
  attempt: number;
  cancelRequested: boolean;
  /** Absent when nobody holds the lease. */
  leaseExpiresInMs?: number;
}

/** The three stored scopes, without prefixes. */
export interface ScopedValues {
  app: Values;
  user: Values;
  session: Values;
}

/** An event as a store keeps it. */
export interface StoredEvent {
  readonly sequence: number;
  readonly id: string;
  readonly data: Encoded;
}

/** A consistent view: header, state and events of one moment. Members that were not asked for are absent, `events` empty. */
export interface Snapshot {
  header: SessionHeader;
  state?: ScopedValues;
  initialState?: Values;
  kept?: Encoded;
  /** Ascending by sequence, unless `descending` was asked for. */
  events: StoredEvent[];
}

/** A session to be made, or (with `fork`) copied. */
export interface CreateCommand extends SessionKey {
  /** Made by the service: a repeated create finds its own and succeeds. */
  incarnation: string;
  /** The session scope at birth; kept unchanged beside the state, for exact rewinds and forks. */
  initialState: Values;
  /** Applied to the shared scopes when the session is really created. */
  shared?: Pick<StoreDelta, "app" | "user">;
  title?: string;
  labels?: Record<string, string>;
  /** Copies the events up to `atSequence` and `initialState` of another session of this user (title and labels too, unless given). */
  fork?: {
    sessionId: string;
    incarnation: string;
    atSequence: number;
    state: Values;
    header: HeaderPatch;
  };
}

/** What to read of a session, all of one moment. */
export interface ReadCommand extends SessionKey {
  /** Which events; none when absent. `from` and `to` are inclusive, `"window"` is the header's `windowFrom`. */
  events?: { from?: number | "window"; to?: number; limit?: number; descending?: boolean };
  state?: boolean;
  initialState?: boolean;
  kept?: boolean;
}

/** Shared state alone: a user's with `userId`, else the app's. */
export interface ReadScope {
  appName: string;
  userId?: string;
  sessionId?: never;
}

/**
 * One event, the state it changes, and the conditions it is stored under. With `lease` it extends the lease by `ttlMs`
 * milliseconds and patches the header.
 */
export interface AppendCommand extends SessionKey {
  incarnation: string;
  /** The event's id; the append may be repeated under it. */
  id: string;
  /** The event's own time, milliseconds since the Unix epoch. Data, never order. */
  timestamp: number;
  data: Encoded;
  delta?: StoreDelta;
  expectedLastSequence?: number;
  lease?: { leaseId: string; ttlMs: number; header: HeaderPatch };
}

/** What became of an append. */
export interface Appended {
  sequence: number;
  lastUpdateTime: number;
  /** The same event was stored before; nothing was written. */
  duplicate: boolean;
  cancelRequested: boolean;
}

/** Which sessions, and which page of them. */
export interface ListCommand {
  appName: string;
  userId?: string;
  /** Only sessions that carry all of these. */
  labels?: Record<string, string>;
  /** Only sessions in which something waits for an answer. */
  pending?: true;
  /** Only sessions with an open invocation whose lease nobody holds. */
  interrupted?: true;
  /** Newest first. `lastUpdateTime` needs `userId`. @defaultValue "createTime" */
  orderBy?: "createTime" | "lastUpdateTime";
  pageSize: number;
  pageToken?: string;
}

/** A part of a list. */
export interface Page<T> {
  items: T[];
  /** Absent on the last page. */
  nextPageToken?: string;
}

/** Title and labels (a patch: `null` removes), or the wish to cancel an invocation. */
export type UpdateCommand = SessionKey & { incarnation?: string } & (
    | { title?: string | null; labels?: Record<string, string | null>; cancel?: never }
    | { cancel: string; title?: never; labels?: never }
  );

/** Asks for the lease, for `ttlMs` milliseconds by the store's clock. */
export type AcquireCommand = SessionKey & {
  op: "acquire";
  /** Made by the service, one an acquire: a repeat finds its own. */
  leaseId: string;
  /** Who asks, for people and logs. */
  owner: string;
  ttlMs: number;
};

/** Asks for the lease, extends it, or gives it back. `ended` clears the open invocation when it is that one. */
export type LeaseCommand =
  | AcquireCommand
  | (SessionKey & { op: "renew"; leaseId: string; ttlMs: number })
  | (SessionKey & { op: "release"; leaseId: string; ended?: string; header?: HeaderPatch });

/** A lease as granted or extended. */
export interface Grant {
  incarnation: string;
  /** Grows with every grant, over incarnations too: a fencing token for other systems. */
  epoch: number;
  attempt: number;
  expiresInMs: number;
  cancelRequested: boolean;
  lastSequence: number;
  /** The open invocation, if any. */
  invocationId?: string;
}

/** One life of a session, or everything of a user. */
export type EraseCommand =
  | (SessionKey & { incarnation: string })
  | { appName: string; userId: string; sessionId?: never };

/** A hint that a session grew, was erased or is to be cancelled. Hints may be lost, doubled or late. */
export interface Wake {
  incarnation: string;
  lastSequence?: number;
  cancel?: true;
}

/** What to delete of what has expired. */
export interface PurgeCommand {
  appName?: string;
  /** How many sessions at the most. */
  limit: number;
}

/** What is misconfigured, in words for an administrator; empty when all is well. */
export interface StoreCheck {
  problems: { code: string; message: string }[];
}

/** Semantics a store cannot give; what it can do is told by the methods it has. */
export interface SessionStoreCapabilities {
  /** Whether an append changes `app:` state in the same atomic step as the rest. */
  readonly atomicAppState: boolean;
}

/** The contract of a session adapter: the comment at the head of this file says what holds for every command. */
export interface SessionStore extends AsyncDisposable {
  /** Absent: everything the contract says. */
  readonly capabilities?: SessionStoreCapabilities;
  /** Refusals: `exists`; of a fork `not-found`, `gone`, `conflict` (the source). */
  create(command: CreateCommand, signal?: AbortSignal): Promise<Outcome<Snapshot>>;
  read(command: ReadCommand, signal?: AbortSignal): Promise<Snapshot | undefined>;
  read(command: ReadScope, signal?: AbortSignal): Promise<Values>;
  /**
   * Checks, in this order: duplicate (same id, same bytes: wins over every refusal, writes and extends nothing); incarnation
   * (`gone`); id (`id-conflict`); lease (`fenced`: not the current, unreleased one); `expectedLastSequence` (`conflict`).
   */
  append(command: AppendCommand, signal?: AbortSignal): Promise<Outcome<Appended>>;
  list(command: ListCommand, signal?: AbortSignal): Promise<Page<SessionHeader>>;
  /** Refusals: `not-found`, `gone`; of a cancel `not-open`. */
  update(command: UpdateCommand, signal?: AbortSignal): Promise<Outcome<{ header: SessionHeader }>>;
  /** Refusals: `not-found`, `busy`, `fenced` (the id released last, or another's). A release never fails. */
  lease(command: LeaseCommand, signal?: AbortSignal): Promise<Outcome<{ grant: Grant }>>;
  /** Silent when absent, or when the session has another incarnation by now. */
  erase(command: EraseCommand, signal?: AbortSignal): Promise<void>;
  /** Acquire and read in one round trip: events from the window, state and kept. */
  open?(
    command: AcquireCommand,
    signal?: AbortSignal,
  ): Promise<Outcome<{ grant: Grant; snapshot: Snapshot }>>;
  /** Hints until the signal is aborted. */
  watch?(signal: AbortSignal): AsyncIterable<Wake>;
  /** Deletes what has expired. @returns how many sessions went. */
  purge?(command: PurgeCommand, signal?: AbortSignal): Promise<number>;
  migrate?(signal?: AbortSignal): Promise<void>;
  check?(signal?: AbortSignal): Promise<StoreCheck>;
  /** Waits until what was acknowledged is as durable as the store promises. */
  flush?(signal?: AbortSignal): Promise<void>;
}
