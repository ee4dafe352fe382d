import type { Followed, Operation } from "./operation.ts";
import type { Recorder } from "./recorder.ts";

/** The history of one run, as it grows. */
export class RecordedHistory implements Recorder {
  readonly operations: Operation[] = [];
  readonly followed: Followed[] = [];
  #acknowledged = 0;

  /** How many appends were acknowledged. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** The sessions that anything was sent to, and whose they are. */
  get sessions(): Map<string, string> {
    return new Map(this.operations.map(({ session, user }) => [session, user]));
  }

  /** Leaves out what was read in this time. */
  forgetReads({ from, to }: { readonly from: number; readonly to: number }): void {
    for (const [index, { op, invoke, return: answered }] of [
      ...this.operations.entries(),
    ].toReversed())
      if (op === "read" && answered > from && invoke < to) this.operations.splice(index, 1);
  }

  asked(operation: Operation): void {
    this.operations.push(operation);
  }

  settled({ op, outcome }: Operation): void {
    if (op === "append" && outcome === "ok") this.#acknowledged++;
  }
}
