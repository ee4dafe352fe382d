import type { History } from "./operation.ts";

/** How long after their acknowledgement events reached followers, sorted; a follower may be faster than that. */
export function latenciesMs({
  operations,
  followed,
}: Pick<History, "operations" | "followed">): number[] {
  const acknowledged = new Map<string, number>();
  for (const operation of operations)
    if (operation.op === "append" && operation.outcome === "ok")
      acknowledged.set(`${operation.session} ${operation.eventId}`, operation.return);
  const all: number[] = [];
  for (const { session, events } of followed)
    for (const { id, at } of events) {
      const since = acknowledged.get(`${session} ${id}`);
      if (since !== undefined && at !== undefined) all.push(Math.max(0, at - since));
    }
  return all.toSorted((left, right) => left - right);
}

/** Of sorted numbers; 100 is the greatest. */
export function percentile(sorted: readonly number[], percent: number): number {
  return sorted[Math.ceil((sorted.length * percent) / 100) - 1] ?? 0;
}
