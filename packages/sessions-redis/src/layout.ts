import { AdkError } from "@adk/core";
import { REHEARSE } from "./commands/rehearse.lua.ts";
import { checkDatabase } from "./check-database.ts";
import type { Connection } from "./connection.ts";
import type { Keys, Tag } from "./keys.ts";

/** What the keys mean; an older version works beside a newer one that says so. */
interface StoredLayout {
  readonly version: number;
  /** The oldest version that works on it. */
  readonly worksFrom: number;
  readonly tag: Tag;
}

const VERSION = 1;

/**
 * Looks, once for reading and once for writing and for all callers together, whether the data is laid out as
 * this version knows it.
 */
export class Layout {
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #tag: Tag;
  /** The looks that are under way. */
  #readable: Promise<void> | undefined;
  #writable: Promise<void> | undefined;
  #isReadable = false;
  #isWritable = false;

  constructor(connection: Connection, keys: Keys, tag: Tag) {
    this.#connection = connection;
    this.#keys = keys;
    this.#tag = tag;
  }

  /** Nothing is written. @throws {@link AdkError} `SCHEMA_MISMATCH` or `MISCONFIGURED`. */
  async prepareRead(signal?: AbortSignal): Promise<void> {
    if (this.#isReadable) return;
    this.#readable ??= this.#read().finally(() => (this.#readable = undefined));
    await this.#shared(this.#readable, signal);
  }

  /** Says in an empty store which layout this is, and rehearses what the scripts do. */
  async prepareWrite(signal?: AbortSignal): Promise<void> {
    if (this.#isWritable) return;
    this.#writable ??= this.#write().finally(() => (this.#writable = undefined));
    await this.#shared(this.#writable, signal);
  }

  /** Each caller waits as long as it wants; the look goes on for the others. */
  async #shared(look: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
    // Whoever has left does not hear how it ended.
    look.catch(() => {});
    using deadline = this.#connection.deadline(false, signal);
    await deadline.race(look);
  }

  async #read(): Promise<void> {
    await checkDatabase(this.#connection);
    const stored = await this.#connection.ask(["get", this.#keys.layout]);
    if (stored !== null) this.#check(String(stored));
    this.#isReadable = true;
  }

  async #write(): Promise<void> {
    await this.prepareRead();
    const own: StoredLayout = { version: VERSION, worksFrom: VERSION, tag: this.#tag };
    const stored = await this.#connection.run({
      script: REHEARSE,
      keys: [this.#keys.layout, this.#keys.rehearsal],
      words: [JSON.stringify(own)],
    });
    this.#check(String(stored));
    this.#isWritable = true;
  }

  #check(text: string): void {
    const { version, worksFrom, tag } = readLayout(text);
    if (!(worksFrom <= VERSION))
      throw new AdkError(
        "SCHEMA_MISMATCH",
        `The data has layout ${version}, which works from version ${worksFrom} of the layout on; this package knows ${VERSION}. Update @adk/sessions-redis. Nothing was written.`,
        { details: { found: version, known: VERSION, committed: false } },
      );
    if (tag !== this.#tag)
      throw new AdkError(
        "MISCONFIGURED",
        `The data lies under hash tags of the ${tag}, and the option \`tag\` says ${JSON.stringify(this.#tag)}. Set \`tag: ${JSON.stringify(tag)}\`, or use another \`keyPrefix\`.`,
        { details: { committed: false } },
      );
  }
}

function readLayout(text: string): StoredLayout {
  try {
    const { version, worksFrom, tag } = JSON.parse(text) as StoredLayout;
    if (Number.isSafeInteger(version) && Number.isSafeInteger(worksFrom))
      return { version, worksFrom, tag };
  } catch {
    // Said below.
  }
  throw new AdkError(
    "SCHEMA_MISMATCH",
    "The layout's key holds what no version of this package wrote. Use another `keyPrefix`, or restore the key.",
    { details: { committed: false } },
  );
}
