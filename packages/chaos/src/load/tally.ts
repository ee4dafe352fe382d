import type { AdkError } from "@adk/core";

/** What a line counts beside its history. */
export class Tally {
  /** Answers that left open whether an append was carried out. */
  unknown = 0;
  /** How often a call ended with which code. */
  readonly codes: Map<string, number> = new Map();
  /** The longest time in which one call was answered or failed, in milliseconds. */
  longestCallMs = 0;
  /** What no store may do, in words. */
  readonly problems: string[] = [];

  failed({ code, details }: AdkError): void {
    this.codes.set(code, (this.codes.get(code) ?? 0) + 1);
    if (details["committed"] === "unknown") this.unknown++;
  }

  took(ms: number): void {
    this.longestCallMs = Math.max(this.longestCallMs, ms);
  }

  /** `TIMEOUT 12, UNAVAILABLE 3` */
  get words(): string {
    const all = [...this.codes].toSorted(([left], [right]) => left.localeCompare(right));
    return all.map(([code, count]) => `${code} ${count}`).join(", ");
  }
}
