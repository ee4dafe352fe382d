import type { Event } from "@adk/core";
import { describeError } from "./describe-error.ts";
import type { View } from "./view.ts";

/** Events as JSON, one a line, on `out`; what else there is to say goes to `aside`. */
export class JsonView implements View {
  readonly #out: (text: string) => void;
  readonly #aside: (text: string) => void;

  constructor(out: (text: string) => void, aside: (text: string) => void) {
    this.#out = out;
    this.#aside = aside;
  }

  notice(text: string): void {
    this.#aside(`${text}\n`);
  }
  event(event: Event): void {
    this.#out(`${JSON.stringify(event)}\n`);
  }
  turnEnds(error?: unknown): void {
    if (error !== undefined) this.#aside(`${describeError(error)}\n`);
  }
  ready(): void {}
  turnStarts(): void {}
  tool(): void {}
  ends(): void {}
}
