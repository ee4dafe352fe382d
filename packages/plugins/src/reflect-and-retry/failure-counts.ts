/** Names that are counted at a time: a model can make up any number of them. */
const MAX_NAMES = 1_000;

/** Failures in a row, by name. Beyond 1,000 names the one that failed longest ago starts anew. */
export class FailureCounts {
  readonly #counts: Map<string, number> = new Map();

  /** @param start of a name that has not failed yet. @returns how often it has failed in a row, this time included. */
  increment(name: string, start: () => number = () => 0): number {
    const count = (this.#counts.get(name) ?? start()) + 1;
    this.#counts.delete(name);
    this.#counts.set(name, count);
    const [oldest] = this.#counts.keys();
    if (this.#counts.size > MAX_NAMES && oldest !== undefined) this.#counts.delete(oldest);
    return count;
  }

  reset(name: string): void {
    this.#counts.set(name, 0);
  }
}
