import type { Content } from "../content/content.ts";
import { withOlder } from "../log/window.ts";
import type { OpenedSession } from "../sessions/requests.ts";
import { type Accepted, accept } from "./accept.ts";
import { isAboutLog, readOn } from "./read-on.ts";
import type { RunSettings } from "./run-settings.ts";

export interface AcceptOnLogRequest {
  readonly message: Content | undefined;
  readonly invocationId: string | undefined;
  /** Whether answers that come too late by now are taken all the same: they were in time where they were given. */
  readonly takesLateAnswers: boolean;
  readonly newInvocationId: () => string;
}

/**
 * What the request means on the session's log, of which as much is read as it takes.
 *
 * @throws AdkError as `accept` says; what the store throws.
 */
export async function acceptOnLog(
  settings: RunSettings,
  opened: OpenedSession,
  request: AcceptOnLogRequest,
): Promise<Accepted> {
  const { message, invocationId, newInvocationId, takesLateAnswers } = request;
  const isAbout = isAboutLog(request);
  if (isAbout) await readOn(settings, opened, request);
  const { session, kept } = opened;
  return accept({
    message,
    invocationId,
    events: isAbout ? withOlder(kept, session.events) : session.events,
    resumable: settings.resumable,
    newInvocationId,
    now: takesLateAnswers ? 0 : settings.clock.now(),
  });
}
