import { AdkError, type Event, getFunctionCalls, type InvocationContext } from "@adk/core";
import { STAMPS_KEY } from "../internal/metadata-keys.ts";
import type { CallStamps } from "./call-stamps.ts";

interface CheckOptions {
  /** For messages. */
  readonly plugin: string;
  /** Whether a call without a stamp ends the run. */
  readonly isStrict: boolean;
  /** Events that were found in order before; they are frozen. */
  readonly checked: WeakSet<Event>;
}

/**
 * Compares the calls in the loaded log with their stamps. Calls whose arguments were redacted do not fit theirs, and are passed
 * over: they are never made from the log.
 *
 * @throws AdkError `FAILED_PRECONDITION` for a call that is not what was stamped, whose stamp is missing where the check is
 *   strict, or that is gone while its stamp is still there.
 */
export async function checkStamps(
  { session, invocation }: InvocationContext,
  stamps: CallStamps,
  { plugin, isStrict, checked }: CheckOptions,
): Promise<void> {
  for (const event of [...invocation.kept, ...session.events]) {
    if (checked.has(event)) continue;
    const stored = stampsOf(event);
    for (const callId of event.redactedCalls ?? []) stored.delete(callId);
    for (const call of getFunctionCalls(event)) {
      if (call.id === undefined || event.redactedCalls?.includes(call.id)) continue;
      const stamp = stored.get(call.id);
      stored.delete(call.id);
      if (stamp === undefined && !isStrict)
        invocation.logger.warn(`Plugin ${plugin}: call ${call.id} has no stamp.`, {
          callId: call.id,
        });
      else if (stamp === undefined) throw failed(call.id, "has no stamp");
      else if (!(await stamps.fits({ session, event, call }, stamp)))
        throw failed(call.id, "is not what was stamped");
    }
    for (const callId of stored.keys())
      throw failed(callId, "is gone, and its stamp is still there");
    checked.add(event);
  }
}

function stampsOf({ customMetadata }: Event): Map<string, unknown> {
  const stored = customMetadata?.[STAMPS_KEY];
  return new Map(typeof stored === "object" && stored !== null ? Object.entries(stored) : []);
}

function failed(callId: string, what: string): AdkError {
  return new AdkError(
    "FAILED_PRECONDITION",
    `Call ${callId} ${what}: somebody may have changed it in the store. Do not approve it; look at who can write there. A session that is older than the plugin needs \`enforcement: "shadow"\`.`,
    { details: { callId } },
  );
}
