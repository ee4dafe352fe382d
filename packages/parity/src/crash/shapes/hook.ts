import type { Content, Context } from "@adk/core";
import type { Kit } from "../kit.ts";

/** A hook that writes how often it was called, and may say something. */
export function hook(
  kit: Kit,
  key: string,
  says?: string,
): (context: Context) => Promise<Content | undefined> {
  return async (context) => {
    await kit.world.outside(() => undefined);
    context.state.set(key, Number(context.state.get(key) ?? 0) + 1);
    return says === undefined ? undefined : { role: "model", parts: [{ text: says }] };
  };
}
