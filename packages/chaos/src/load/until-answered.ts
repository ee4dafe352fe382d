import { AdkError } from "@adk/core";
import { now } from "../history/now.ts";
import { pause } from "../pause.ts";
import type { Random } from "../random.ts";
import type { Tally } from "./tally.ts";

/** What passes: the same call may succeed later. */
const PASSING = new Set(["UNAVAILABLE", "TIMEOUT", "STORE_FULL"]);

export interface UntilAnsweredOptions {
  readonly tally: Tally;
  readonly random: Random;
}

/** Makes a call again and again until it is answered or refused, as a caller does who must know what became of it. */
export async function untilAnswered<T>(
  call: () => Promise<T>,
  { tally, random }: UntilAnsweredOptions,
): Promise<T> {
  for (;;) {
    const sentAt = now();
    try {
      const answer = await call();
      tally.took(now() - sentAt);
      return answer;
    } catch (error) {
      tally.took(now() - sentAt);
      if (!AdkError.isInstance(error)) throw error;
      tally.failed(error);
      if (!PASSING.has(error.code)) throw error;
      await pause(5 + random() * 20);
    }
  }
}
