import type { Line } from "./lines/line.ts";
import { repliesLost } from "./lines/replies-lost.ts";
import { serverKilled } from "./lines/server-killed.ts";
import { writerKilled } from "./lines/writer-killed.ts";

/** Every line of the matrix, in the order in which they run. */
export const LINES: readonly Line[] = [serverKilled, writerKilled, repliesLost];
