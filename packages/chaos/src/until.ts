import { now } from "./history/now.ts";
import { pause } from "./pause.ts";

const WITHIN_MS = 60_000;

/** Looks again and again. @throws Error with `what` when it has not come to be in a minute. */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  withinMs: number = WITHIN_MS,
): Promise<void> {
  for (const deadline = now() + withinMs; !(await isSo());) {
    if (now() > deadline) throw new Error(`It did not come to be in ${withinMs} ms that ${what}.`);
    await pause(5);
  }
}
