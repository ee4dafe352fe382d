import { isDeepStrictEqual } from "node:util";
import type { Append, Final } from "../history/operation.ts";
import type { IndexedSession } from "./indexed.ts";
import type { Violation } from "./violation.ts";

/**
 * I6: a shared key has the value of the last delta to it, and no delta to another key was lost.
 *
 * Sessions that write one key at the same time may do it in either order: the last delta is one that no other followed,
 * neither in time nor in the same log.
 */
export function* sharedState(
  sessions: Iterable<IndexedSession>,
  { user, app }: Pick<Final, "user" | "app">,
): Generator<Violation> {
  const writes = new Map<string, Write[]>();
  for (const of of sessions)
    for (const append of of.appends.values())
      for (const [key, value] of Object.entries(append.delta)) {
        if (!key.startsWith("user:") && !key.startsWith("app:")) continue;
        const sequence = of.places.get(append.eventId)?.[0];
        if (append.outcome === "fail" || (of.log && sequence === undefined)) continue;
        const all = writes.get(key);
        const write = { append, value, sequence };
        if (all) all.push(write);
        else writes.set(key, [write]);
      }
  const final = { ...user, ...app };
  for (const key of new Set([...writes.keys(), ...Object.keys(final)])) {
    const words = wrongValue(writes.get(key) ?? [], Object.hasOwn(final, key), final[key]);
    if (words !== undefined)
      yield {
        invariant: "I6",
        session: key.slice(0, key.indexOf(":") + 1),
        words: `${key} ${words}`,
      };
  }
}

interface Write {
  readonly append: Append;
  readonly value: unknown;
  readonly sequence: number | undefined;
}

function wrongValue(
  writes: readonly Write[],
  isThere: boolean,
  value: unknown,
): string | undefined {
  const certain = writes.filter(
    ({ append, sequence }) => append.outcome === "ok" || sequence !== undefined,
  );
  if (!isThere) return certain.length > 0 ? "was written and is not there" : undefined;
  const latest = certain.reduce((time, { append }) => Math.max(time, append.invoke), -Infinity);
  const lastIn = new Map<string, number>();
  for (const { append, sequence = 0 } of certain)
    lastIn.set(append.session, Math.max(lastIn.get(append.session) ?? 0, sequence));
  const isLast = writes.some(
    ({ append, value: written, sequence }) =>
      isDeepStrictEqual(written, value) &&
      append.return >= latest &&
      (sequence === undefined || sequence === lastIn.get(append.session)),
  );
  return isLast ? undefined : "has not the value of the last delta to it";
}
