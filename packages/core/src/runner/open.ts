import { AdkError } from "../errors.ts";
import type { OpenedSession } from "../sessions/requests.ts";
import type { SessionKey } from "../sessions/session-store.ts";
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
      throw sessionNotFound(key, ", or give the runner `autoCreateSession: true`");
  }
  await sessionService.getOrCreateSession({ ...key, signal });
  return await sessionService.openSession({ ...key, owner, ttlMs, signal });
}

/** @param orElse another way out, besides creating it. */
export function sessionNotFound(key: SessionKey, orElse: string = ""): AdkError {
  const { appName, userId, sessionId } = key;
  return new AdkError(
    "SESSION_NOT_FOUND",
    `Session not found: ${sessionId} of user ${userId} in app ${appName}. Create it with sessionService.createSession (with this app name)${orElse}.`,
    { details: { appName, userId, sessionId } },
  );
}
