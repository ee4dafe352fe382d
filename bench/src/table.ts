import { cpus, totalmem } from "node:os";
import type { Row, Subject } from "./bench.ts";

const HEAD = ["", "work", "@adk/core", "@google/adk", "times less", "goal", "met"];

function cells({ name, must, ours, peer, ratio, goal, met }: Row): string[] {
  const judged = met === undefined ? "" : met ? "yes" : must ? "**MISSED**" : "missed";
  const times = ratio === undefined ? "–" : ratio.toFixed(ratio >= 10 ? 0 : 1);
  return [must ? "!" : "", name, ours, peer ?? "–", times, goal ?? "–", judged];
}

/** A Markdown table whose columns also line up in a terminal. */
export function table(rows: readonly Row[]): string {
  return markdown(HEAD, rows.map(cells));
}

export function markdown(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, ...rows];
  const widths = header.map((_, column) =>
    Math.max(3, ...lines.map((line) => line[column]!.length)),
  );
  const say = (line: readonly string[]): string =>
    `| ${line.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  const [head, ...body] = lines.map(say);
  return [head, say(widths.map((width) => "-".repeat(width))), ...body].join("\n");
}

/** The machine that was measured on. */
export function machine(): string {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `Node ${process.versions.node}, ${process.platform}-${process.arch}, ${cpus().length} × ${cpu?.model.trim() || "unknown processor"}, ${memory} GB`;
}

/** What the figures were measured with, and by whom they may be compared. */
export function conditions(ours: Subject, peer: Subject, repetitions: number): string {
  return [
    `${ours.name} ${ours.version} (built, packed and installed as its users get it) and ${peer.name} ${peer.version},`,
    `in turn on ${machine()}.`,
    `Medians of ${repetitions} repetitions, each in a process of its own.`,
  ].join("\n");
}
