import { membersOf } from "../internal/check-options.ts";
import type * as requests from "./requests.ts";
import type { SessionKey } from "./session-store.ts";

const signal = { signal: true } as const;
const user = { appName: true, userId: true, ...signal } as const;
const session = { ...user, sessionId: true } as const;
const page = { pageSize: true, pageToken: true } as const;

const create: ReadonlySet<string> = membersOf<requests.CreateSessionRequest>({
  ...session,
  state: true,
  title: true,
  labels: true,
});
const acquire: ReadonlySet<string> = membersOf<requests.AcquireLeaseRequest>({
  ...session,
  owner: true,
  ttlMs: true,
  waitMs: true,
});
const cancellable: ReadonlySet<string> = membersOf<requests.Cancellable>(signal);

/** The methods of a session service that take a request. */
export type RequestMethod =
  | "createSession"
  | "getOrCreateSession"
  | "getSession"
  | "updateSession"
  | "listSessions"
  | "listEvents"
  | "deleteSession"
  | "deleteUser"
  | "appendEvent"
  | "getUserState"
  | "getAppState"
  | "openSession"
  | "acquireLease"
  | "requestCancel"
  | "listInterrupted"
  | "forkSession"
  | "subscribe"
  | "purgeExpired"
  | "migrate"
  | "check"
  | "flush";

/** What each method's request may have. Others are refused: a misspelt one would be ignored. */
export const REQUEST_MEMBERS: Readonly<Record<RequestMethod, ReadonlySet<string>>> = {
  createSession: create,
  getOrCreateSession: create,
  getSession: membersOf<requests.GetSessionRequest>({ ...session, config: true }),
  updateSession: membersOf<requests.UpdateSessionRequest>({
    ...session,
    title: true,
    labels: true,
  }),
  listSessions: membersOf<requests.ListSessionsRequest>({
    ...user,
    ...page,
    labels: true,
    pending: true,
    orderBy: true,
  }),
  listEvents: membersOf<requests.ListEventsRequest>({
    ...session,
    ...page,
    afterSequence: true,
    beforeSequence: true,
    order: true,
  }),
  deleteSession: membersOf<requests.DeleteSessionRequest>(session),
  deleteUser: membersOf<requests.DeleteUserRequest>(user),
  // `{ ...opened, event }` too: what `openSession` gave beside session and lease is let pass.
  appendEvent: membersOf<requests.AppendEventRequest & requests.OpenedSession>({
    ...signal,
    session: true,
    event: true,
    expectedLastSequence: true,
    lease: true,
    header: true,
    openInvocationId: true,
    kept: true,
  }),
  // Reads of shared state take a session's whole key too; what deletes or lists does not, for it would do more than was asked.
  getUserState: membersOf<requests.GetUserStateRequest & SessionKey>(session),
  getAppState: membersOf<requests.GetAppStateRequest & SessionKey>(session),
  openSession: acquire,
  acquireLease: acquire,
  requestCancel: membersOf<requests.RequestCancelRequest>({ ...session, invocationId: true }),
  listInterrupted: membersOf<requests.ListInterruptedRequest>({ ...user, ...page }),
  forkSession: membersOf<requests.ForkSessionRequest>({
    ...session,
    atSequence: true,
    newSessionId: true,
    title: true,
    labels: true,
  }),
  subscribe: membersOf<requests.SubscribeRequest>({ ...session, afterSequence: true }),
  purgeExpired: membersOf<requests.PurgeExpiredRequest>({
    ...signal,
    appName: true,
    limit: true,
  }),
  migrate: cancellable,
  check: cancellable,
  flush: cancellable,
};
