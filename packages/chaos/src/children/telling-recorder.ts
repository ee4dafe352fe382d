import { writeSync } from "node:fs";
import type { Operation } from "../history/operation.ts";
import type { Recorder } from "../history/recorder.ts";
import type { Told } from "./told.ts";

/** Tells the parent at once: what was told before a SIGKILL arrives. */
export class TellingRecorder implements Recorder {
  readonly #numbers = new WeakMap<Operation, number>();
  #last = 0;

  asked(operation: Operation): void {
    const n = ++this.#last;
    this.#numbers.set(operation, n);
    tell({ asked: operation, n });
  }

  settled(operation: Operation): void {
    tell({ settled: operation, n: this.#numbers.get(operation) ?? 0 });
  }
}

export function tell(told: Told): void {
  writeSync(1, `${JSON.stringify(told)}\n`);
}
