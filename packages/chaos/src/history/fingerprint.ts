import type { Event } from "@adk/core";
import { hash } from "node:crypto";

/** Equal for an event as it was sent and as a store gives it back, and for no other. */
export function fingerprint(event: Event): string {
  const { id, invocationId, author, timestamp, content, actions } = event;
  const text = JSON.stringify([id, invocationId, author, timestamp, content, actions.stateDelta]);
  return hash("sha1", text, "base64url");
}
