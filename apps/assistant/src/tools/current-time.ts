import { FunctionTool } from "@adk/core";
import { z } from "zod";
import { findTimeZone } from "../time-zones.ts";

/** The time tool, on a clock: `Date.now` in the program, a fixed one in tests. */
export function createCurrentTime(now: () => number) {
  return new FunctionTool({
    name: "current_time",
    description: "Tells date, weekday and time, here or in another part of the world.",
    parameters: z.object({
      place: z
        .string()
        .optional()
        .describe(
          "An IANA time zone (Asia/Tokyo) or a large city. Without it: where this computer is.",
        ),
    }),
    execute({ place }) {
      const timeZone = place === undefined ? localTimeZone() : findTimeZone(place);
      if (timeZone === undefined)
        return { error: `No time zone is known for ${place}. Name one such as Europe/Berlin.` };
      const at = now();
      const format = (options: Intl.DateTimeFormatOptions): string =>
        new Intl.DateTimeFormat("en-GB", { timeZone, ...options }).format(at);
      return {
        ...(place !== undefined && { place }),
        timeZone,
        weekday: format({ weekday: "long" }),
        date: format({ day: "numeric", month: "long", year: "numeric" }),
        time: format({ hour: "2-digit", minute: "2-digit" }),
      };
    },
  });
}

function localTimeZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}
