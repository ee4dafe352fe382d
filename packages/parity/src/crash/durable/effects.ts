import type { RunAsyncRequest } from "@adk/core";
import { appendFileSync, existsSync, readFileSync } from "node:fs";

/** Something that happened outside of the store. */
export type Effect =
  /** A step of the script begins. */
  | { readonly kind: "step"; readonly index: number; readonly request: RunAsyncRequest }
  | { readonly kind: "body"; readonly name: string }
  | { readonly kind: "model"; readonly agent: string }
  /** An append was acknowledged. */
  | { readonly kind: "stored"; readonly id: string; readonly sequence: number }
  /** A living process was so slow that its lease lapsed: one more run, as after a cut. */
  | { readonly kind: "lost" }
  /** What must not happen and did. */
  | { readonly kind: "violation"; readonly problem: string };

/** A file that outlives the processes that write to it: what the kernel has is not lost when one is killed. */
export class Effects {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  add(effect: Effect): void {
    appendFileSync(this.#path, `${JSON.stringify(effect)}\n`);
  }

  /** All of one kind, in their order. */
  of<Kind extends Effect["kind"]>(kind: Kind): Extract<Effect, { kind: Kind }>[] {
    const lines = existsSync(this.#path) ? readFileSync(this.#path, "utf8").split("\n") : [];
    const all = lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Effect);
    return all.filter((one): one is Extract<Effect, { kind: Kind }> => one.kind === kind);
  }

  /** How often each was seen. */
  counts(kind: "body" | "model"): Map<string, number> {
    const names =
      kind === "body"
        ? this.of("body").map(({ name }) => name)
        : this.of("model").map(({ agent }) => agent);
    const counts = new Map<string, number>();
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
    return counts;
  }
}
