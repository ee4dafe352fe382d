import type { Operation } from "../history/operation.ts";

/** A line that a child prints: JSON. Numbers that JSON has not are `null`, and mean `Infinity`. */
export type Told =
  | { readonly asked: Operation; readonly n: number }
  | { readonly settled: Operation; readonly n: number }
  /** It waits for a line. */
  | { readonly ready: true }
  | { readonly problem: string };
