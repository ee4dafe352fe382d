import { AdkError } from "@adk/core";
import { toAdkError } from "./errors.ts";
import type { BatchReply, Command } from "./redis-client.ts";

/** What must have happened before a write is acknowledged, beyond the server's own answer. */
export interface Durability {
  /** How many replicas have it in memory. */
  readonly replicas?: number | undefined;
  /** Whether it is on the master's disk; wants an append-only file, and Redis 7.2. */
  readonly localFsync?: boolean | undefined;
}

/** What is sent right behind a write, on its connection: it waits for what this connection has written. */
export function waitCommands(
  { replicas = 0, localFsync = false }: Durability,
  waitMs: number,
): Command[] {
  return [
    ...(replicas > 0 ? [["wait", replicas, waitMs] as const] : []),
    ...(localFsync ? [["waitaof", 1, 0, waitMs] as const] : []),
  ];
}

/**
 * Looks at what the waits said.
 *
 * @throws {@link AdkError} with `committed: "unknown"`: `UNAVAILABLE` when too few confirmed it, else why the wait failed.
 */
export function checkWaits(
  { replicas = 0, localFsync = false }: Durability,
  replies: readonly BatchReply[],
): void {
  for (const [error] of replies) if (error) throw unconfirmedBy(error);
  const waits = [...replies];
  const reached = replicas > 0 ? Number(waits.shift()?.[1]) : 0;
  const [onDisk = 0] = localFsync ? ((waits.shift()?.[1] ?? []) as number[]) : [1];
  if (reached < replicas)
    throw unconfirmed(`${reached} of ${replicas} replicas confirmed it`, { reached, replicas });
  if (Number(onDisk) < 1) throw unconfirmed("the server's disk did not confirm it", {});
}

/** It is in the master's memory: whoever repeats it finds it there. */
function unconfirmed(what: string, details: Record<string, unknown>): AdkError {
  return new AdkError(
    "UNAVAILABLE",
    `It was written, but ${what} in time (\`durability\`): a failover may lose it. Repeat the call, which confirms it.`,
    { retryable: true, details: { ...details, committed: "unknown" } },
  );
}

/** The wait itself failed. */
function unconfirmedBy(error: Error): AdkError {
  const { code, message, cause, retryable, details } = toAdkError(error, {
    isSent: true,
    isWrite: true,
  });
  return new AdkError(code, `It was written, but not confirmed (\`durability\`). ${message}`, {
    cause,
    retryable,
    details: { ...details, committed: "unknown" },
  });
}
