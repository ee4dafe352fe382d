import type { HeaderPatch, ScopeDelta, Values } from "@adk/core";
import type { AppKeys, SessionKeys, UserKeys } from "./keys.ts";
import type { Word } from "./redis-client.ts";

/** The keys of a session's script, in their order (`commands/lua-parts.ts`). `app` where they are reachable from there. */
export function keysOf(session: SessionKeys, user: UserKeys, app: AppKeys | undefined): string[] {
  const { header, events, ids, state, initial, kept, outbox } = session;
  return [
    header,
    events,
    ids,
    state,
    initial,
    kept,
    outbox,
    user.state,
    user.index,
    user.waiting,
    user.open,
    ...(app ? [app.state, app.index, app.waiting, app.open] : []),
  ];
}

/** A change as `merge` of the scripts reads it. */
export function deltaWords(delta: ScopeDelta | undefined): Word[] {
  if (!delta) return [0, 0];
  const keys = Object.keys(delta.set);
  const words: Word[] = [delta.remove.length, ...delta.remove, keys.length];
  for (const key of keys) words.push(key, delta.set[key] as string);
  return words;
}

export function valuesWords(values: Values): Word[] {
  return deltaWords({ set: values, remove: [] });
}

/** A header's patch as `patch` of the scripts reads it. */
export function patchWords(patch: HeaderPatch | undefined): Word[] {
  const { invocationId = "", windowFrom = "", pendingCalls, kept } = patch ?? {};
  return [invocationId, windowFrom, ...changeWords(pendingCalls), ...changeWords(kept)];
}

/** `s` and a text that is set, `d` for one that goes, nothing for one that stays. */
export function changeWords(text: string | null | undefined): Word[] {
  if (text === undefined) return ["", ""];
  return text === null ? ["d", ""] : ["s", text];
}
