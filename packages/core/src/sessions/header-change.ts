import { encodeKept } from "../events/codec.ts";
import { AdkError } from "../errors.ts";
import type { HeaderChange } from "./requests.ts";
import type { HeaderPatch, SessionHeader } from "./session-store.ts";
import type { PendingCallInfo } from "./session.ts";

/** What a store writes into the header. Nothing that waits is `null`, so that a store can tell without looking into it. */
export function encodeHeaderChange(change: HeaderChange): HeaderPatch {
  const patch: HeaderPatch = {};
  if (change.invocationId !== undefined) patch.invocationId = change.invocationId;
  if (change.pendingCalls !== undefined) patch.pendingCalls = encodePending(change.pendingCalls);
  if (change.windowFrom !== undefined) patch.windowFrom = change.windowFrom;
  if (change.kept !== undefined)
    patch.kept = change.kept === null || change.kept.length === 0 ? null : encodeKept(change.kept);
  return patch;
}

export function encodePending(
  pending: Readonly<Record<string, PendingCallInfo>> | null,
): string | null {
  return pending === null || Object.keys(pending).length === 0 ? null : JSON.stringify(pending);
}

export function decodePending(header: SessionHeader): Record<string, PendingCallInfo> {
  if (header.pendingCalls === undefined) return {};
  try {
    return JSON.parse(header.pendingCalls) as Record<string, PendingCallInfo>;
  } catch {
    throw new AdkError(
      "SCHEMA_MISMATCH",
      "The stored list of waiting calls is not in the format of @adk/core. Is the store behind a decorator (an encryption, say) that is missing here?",
    );
  }
}
