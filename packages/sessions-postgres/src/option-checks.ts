import type { OptionCheck } from "@adk/core";

/** Something to send statements with. */
export const queryable: OptionCheck = (value) =>
  typeof value === "object" &&
  value !== null &&
  typeof (value as { query?: unknown }).query === "function"
    ? undefined
    : "a client with `query`: a Pool of pg";
