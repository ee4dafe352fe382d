import { AdkError } from "../errors.ts";
import type { OpenedSession } from "../sessions/requests.ts";
import type { CheckedRunRequest } from "./run-request.ts";
import type { RunSettings } from "./run-settings.ts";

/**
 * Takes the session's lease and loads it, in one round trip; creates the session first where the runner may.
 *
 * @throws AdkError `SESSION_NOT_FOUND`, `SESSION_BUSY` with `details.expiresInMs`, what the store throws.
 */
export async function open(
  settings: RunSettings,
  { userId, sessionId }: CheckedRunRequest,
  signal: AbortSignal,
): Promise<OpenedSession> {
  const { appName, sessionService, owner, leaseTtlMs: ttlMs } = settings;
  const key = { appName, userId, sessionId };
  try {
    return await sessionService.openSession({ ...key, owner, ttlMs, signal });
  } catch (error) {
    if (!AdkError.isInstance(error, "SESSION_NOT_FOUND")) throw error;
    if (!settings.autoCreateSession)
      throw new AdkError(
        "SESSION_NOT_FOUND",
        `Session not found: ${sessionId} of user ${userId} in app ${appName}. Create it with sessionService.createSession (with this app name), or give the runner \`autoCreateSession: true\`.`,
        { details: key },
      );
  }
  await sessionService.getOrCreateSession({ ...key, signal });
  return await sessionService.openSession({ ...key, owner, ttlMs, signal });
}
