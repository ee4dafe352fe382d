import { markdown } from "../table.ts";
import type { Line } from "./sessions-bench.ts";

const HEAD = ["", "work", "@adk", "bare driver", "@google/adk", "goal", "found", "met"];

function cells({ name, must, ours, bare, peer, goal, found, met }: Line): string[] {
  const judged = met === undefined ? "" : met ? "yes" : must ? "**MISSED**" : "missed";
  const rest = [bare ?? "–", peer ?? "–", goal ?? "–", found ?? "–", judged];
  return [must ? "!" : "", name, ours, ...rest];
}

export function linesTable(lines: readonly Line[]): string {
  return markdown(HEAD, lines.map(cells));
}
