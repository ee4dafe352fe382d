import { AdkError, type Refusal, type SessionKey, type Values } from "@adk/core";

/** A script's reply, with its first word apart. */
export function splitReply(reply: unknown): { status: string; rest: readonly unknown[] } {
  const [status, ...rest] = reply as unknown[];
  return { status: String(status), rest };
}

/**
 * Any reply but `ok`.
 *
 * @throws {@link AdkError} `STORE_CORRUPT` when a part of the session is gone.
 */
export function toRefusal(reply: unknown, key: SessionKey): Refusal {
  const { status, rest } = splitReply(reply);
  switch (status) {
    case "busy":
      return { status, expiresInMs: Number(rest[0]) };
    case "id-conflict":
    case "fenced":
    case "conflict":
      return { status, lastSequence: Number(rest[0]) };
    case "damaged":
      throw damaged(key, String(rest[0]));
    default:
      // The scripts give no other words.
      return { status: status as "not-found" | "exists" | "gone" | "not-open" };
  }
}

/** The names of the keys, for people. */
const PARTS: Readonly<Record<string, string>> = {
  header: "header (`:h`)",
  events: "events (`:e`)",
  ids: "event ids (`:i`)",
  state: "state (`:s`)",
  initial: "initial state (`:n`)",
  kept: "kept events (`:k`)",
};

/** Redis evicted a key, or somebody deleted it: what is left is not read as if it were whole. */
export function damaged({ sessionId }: SessionKey, part: string): AdkError {
  return new AdkError(
    "STORE_CORRUPT",
    `Session ${JSON.stringify(sessionId)} lacks its ${PARTS[part]}, in whole or in part: the server evicted keys (\`maxmemory-policy\` must be noeviction), or somebody deleted them. Restore them from a backup, or delete the rest of its keys.`,
    { details: { sessionId, part, committed: false } },
  );
}

/** A record without a prototype, `__proto__` is a key like any other: from the reply of `HGETALL`, as any driver gives it. */
export function toValues(reply: unknown): Values {
  const values = Object.create(null) as Values;
  if (Array.isArray(reply))
    for (let index = 0; index < reply.length; index += 2)
      values[String(reply[index])] = String(reply[index + 1]);
  else
    for (const [key, value] of reply instanceof Map ? reply : Object.entries(reply ?? {}))
      values[String(key)] = String(value);
  return values;
}
