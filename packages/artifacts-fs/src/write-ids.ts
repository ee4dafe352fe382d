/** A save is repeated within seconds, by the service that made its id. */
const REMEMBERED = 4_096;

/** The ids of the latest saves: only one that comes again has to be looked for among the versions. */
export class WriteIds {
  readonly #ids = new Set<string>();

  /** Remembers the id. @returns whether it was there already. */
  isRepeated(writeId: string): boolean {
    if (this.#ids.has(writeId)) return true;
    this.#ids.add(writeId);
    if (this.#ids.size > REMEMBERED)
      for (const oldest of this.#ids) {
        this.#ids.delete(oldest);
        break;
      }
    return false;
  }
}
