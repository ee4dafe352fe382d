import type { InvocationContext } from "../context/invocation-context.ts";
import { AdkError } from "../errors.ts";
import { isRewind } from "../log/rewind.ts";
import type { StoreSummary } from "./compactor.ts";

/** How often a summary is sent again when others are faster. */
const TRIES = 20;

/**
 * Stores a summary without a lease; the header is brought up to date by the next run. What was rewound in the meantime must
 * not come back: then it is dropped.
 */
export function storeBeside({ session, sessionService }: InvocationContext): StoreSummary {
  const { appName, userId, id: sessionId } = session;
  let expectedLastSequence = session.lastSequence;
  return async (event) => {
    for (let left = TRIES; left > 0; left--)
      try {
        await sessionService.appendEvent({ session, event, expectedLastSequence });
        return false;
      } catch (error) {
        if (AdkError.isInstance(error, "EVENT_ID_CONFLICT")) return false;
        if (!AdkError.isInstance(error, "SESSION_CONFLICT")) throw error;
        for (let more = true; more;) {
          const afterSequence = expectedLastSequence;
          const key = { appName, userId, sessionId, afterSequence, pageSize: 1_000 };
          const { events, nextPageToken } = await sessionService.listEvents(key);
          if (events.some(isRewind)) return false;
          expectedLastSequence = events.at(-1)?.sequence ?? expectedLastSequence;
          more = nextPageToken !== undefined;
        }
      }
    return false;
  };
}
