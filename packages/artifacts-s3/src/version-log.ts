import { AdkError, type ArtifactKey } from "@adk/core";
import type { BucketRequests, ListedObject, PutRequest } from "./bucket-requests.ts";
import { FIRST, type Keys, parsePosition, type Position } from "./keys.ts";
import { Lru } from "./lru.ts";
import { whileItMayStand } from "./errors.ts";
import { beingPurged, fateOf } from "./purge-mark.ts";
import { encodeWriteId, isWithdrawn, type VersionRecord, WITHDRAWN, WRITE_ID } from "./record.ts";
import { erasedMeanwhile, withdraw } from "./versions.ts";

/** A position that is there. */
export interface Newest {
  readonly position: Position;
  /** The name was deleted there. */
  readonly isDeleted: boolean;
  readonly modified: number;
}

/** A place that is taken, and what is listed of its object. */
export type Taken = ListedObject & Newest;

/** Whether the life in which a place is has ended: there is a later one, or its end is anywhere in it. */
export function isEnded({ life }: Position, taken: readonly Taken[]): boolean {
  return taken.some(({ position, isDeleted }) => {
    return position.life > life || (position.life === life && isDeleted);
  });
}

/** What is written as the next version. */
export type Entry = Omit<PutRequest, "key" | "signal">;

const NOTHING = new Uint8Array(0);
const KNOWN_NAMES = 10_000;
const KNOWN_WRITES = 10_000;
const MOST_TRIES = 200;

/**
 * The versions of a name are a log: each is one object, written only if there is none. Whoever finds its place taken looks
 * what is there, and goes on behind it.
 *
 * A deletion takes the next place with an empty object, and empties those before it: none is ever free again, so that a
 * process which remembers an old number, however old, meets an empty object and begins the next life at 0. Where nothing is
 * remembered the first place of all is tried. So a save is one request, of a new name too.
 */
export class VersionLog {
  readonly #bucket: BucketRequests;
  readonly #keys: Keys;
  /** The next place of a name; `isSure`: we wrote behind something, or looked. */
  readonly #next = new Lru<{ position: Position; isSure: boolean }>(KNOWN_NAMES);
  /** The last append of each name that is under way: those of one process wait for each other instead of missing. */
  readonly #queues = new Map<string, Promise<unknown>>();
  /** Where a write was last tried: a repeated one looks there for itself. */
  readonly #writes = new Lru<Position>(KNOWN_WRITES);

  constructor(bucket: BucketRequests, keys: Keys) {
    this.#bucket = bucket;
    this.#keys = keys;
  }

  /** The newest place that is taken; one request. */
  async newest(key: ArtifactKey, signal?: AbortSignal): Promise<Newest | undefined> {
    const prefix = this.#keys.name(key);
    const { objects } = await this.#bucket.list({ prefix, maxKeys: 1 }, signal);
    const [object] = objects;
    return object && newestOf(prefix, object);
  }

  /** The places of versions, newest first: none when the name was deleted. */
  async places(
    key: ArtifactKey,
    signal?: AbortSignal,
  ): Promise<(ListedObject & { position: Position })[]> {
    const prefix = this.#keys.name(key);
    const places: (ListedObject & { position: Position })[] = [];
    let life: number | undefined;
    for await (const page of this.#bucket.listAll(prefix, signal))
      for (const object of page) {
        const { position, isDeleted } = newestOf(prefix, object) ?? {};
        if (!position) continue;
        life ??= position.life;
        if (position.life !== life) return places;
        if (isDeleted && places.length === 0) return places;
        if (!isDeleted) places.push({ ...object, position });
      }
    return places;
  }

  /** Every place that is taken, of all lives, newest first, with whether the life ended there. */
  async taken(key: ArtifactKey, signal?: AbortSignal): Promise<Taken[]> {
    const prefix = this.#keys.name(key);
    const taken: Taken[] = [];
    for await (const page of this.#bucket.listAll(prefix, signal))
      for (const object of page) {
        const found = newestOf(prefix, object);
        if (found) taken.push({ ...object, ...found });
      }
    return taken;
  }

  /** The life that a name is thought to be in: what is read there may be gone, and must then be looked for. */
  expectedLife(key: ArtifactKey): number {
    return this.#next.get(this.#keys.name(key))?.position.life ?? FIRST.life;
  }

  /** Where a write that is repeated has been stored; `undefined` when it has not. */
  async find(
    key: ArtifactKey,
    writeId: string,
    signal?: AbortSignal,
  ): Promise<Position | undefined> {
    const position = this.#writes.get(this.#writeKey(key, writeId));
    if (!position) return undefined;
    const head = await this.#bucket.head(this.#keys.version(key, position), signal);
    return head && isOf(head.metadata, writeId) ? position : undefined;
  }

  /**
   * Stores an entry at the next place.
   *
   * @param from where to begin, when that is known.
   * @returns where: also when an earlier try was stored and its answer lost.
   */
  async append(
    key: ArtifactKey,
    writeId: string,
    entry: Entry,
    signal?: AbortSignal,
    from?: Position,
  ): Promise<Position> {
    const name = this.#keys.name(key);
    const before = this.#queues.get(name) ?? Promise.resolve();
    const append = before.then(() => this.#append(key, writeId, entry, signal, from));
    const settled = append.catch(() => undefined);
    this.#queues.set(name, settled);
    try {
      return await append;
    } finally {
      if (this.#queues.get(name) === settled) this.#queues.delete(name);
    }
  }

  async #append(
    key: ArtifactKey,
    writeId: string,
    entry: Entry,
    signal: AbortSignal | undefined,
    from: Position | undefined,
  ): Promise<Position> {
    const name = this.#keys.name(key);
    let position = from ?? (await this.#begin(key, signal));
    const metadata = { ...entry.metadata, [WRITE_ID]: encodeWriteId(writeId) };
    for (let misses = 0, tries = 0; tries < MOST_TRIES; tries++) {
      const place = this.#keys.version(key, position);
      this.#writes.set(this.#writeKey(key, writeId), position);
      const outcome = await this.#bucket.putIfAbsent({ ...entry, metadata, key: place, signal });
      if (outcome === "stored") {
        // Nothing was seen before the first of all: others may stand behind it that were written meanwhile.
        const isSure = position.version > 0 || position.life > 0;
        this.#next.set(name, { position: next(position, false), isSure });
        return position;
      }
      // It may be taken by this write itself, whose first answer was lost.
      const head = await whileItMayStand(() => this.#bucket.head(place, signal));
      if (head && isOf(head.metadata, writeId)) {
        this.#next.set(name, { position: next(position, false), isSure: true });
        return position;
      }
      const isSkipped = head !== undefined && isWithdrawn(head.metadata);
      if (from) {
        // Versions may stand behind it that were not known when this began.
        if (isSkipped) break;
        // Step by step: this write's earlier try may stand at any of them.
        if (head) position = next(position, head.size === 0);
        continue;
      }
      // One place on is a guess that often holds; then the newest is asked for.
      const isGuess = head !== undefined && head.size > 0 && !isSkipped && ++misses % 2 === 1;
      position =
        isGuess && position.version > 0 ? next(position, false) : await this.#look(key, signal);
    }
    throw new AdkError(
      "UNAVAILABLE",
      "Others saved the artifact each time that this save tried. Repeat the call.",
      { retryable: true, details: { bucket: this.#bucket.name, committed: false } },
    );
  }

  /**
   * Ends the life of a name. What it had is to be emptied afterwards, by {@link empty}.
   *
   * @returns where the life ended, and whether it had ended before; `undefined` when there is nothing to end.
   */
  async end(
    key: ArtifactKey,
    signal?: AbortSignal,
  ): Promise<{ position: Position; wasEnded: boolean } | undefined> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const newest = await this.newest(key, signal);
      if (!newest) return undefined;
      const position = newest.isDeleted ? newest.position : next(newest.position, false);
      const place = this.#keys.version(key, position);
      if (
        !newest.isDeleted &&
        (await this.#bucket.putIfAbsent({ key: place, body: NOTHING, signal })) !== "stored"
      )
        continue;
      // A copy puts its versions where they were, not one behind the other: they may stand behind this.
      const last = newest.isDeleted ? undefined : await this.newest(key, signal);
      if (last && isBehind(last.position, position)) continue;
      this.#next.set(this.#keys.name(key), { position: next(position, true), isSure: true });
      return { position, wasEnded: newest.isDeleted };
    }
    throw new AdkError(
      "UNAVAILABLE",
      "The artifact was saved each time that its deletion tried to end it. Repeat the call.",
      { retryable: true, details: { bucket: this.#bucket.name, committed: "unknown" } },
    );
  }

  /** Empties a place of an ended life. @returns whether the bucket keeps what was there as an older object version. */
  async empty(place: string, signal?: AbortSignal): Promise<{ isKept: boolean }> {
    return await this.#bucket.put({ key: place, body: NOTHING, signal });
  }

  /** Takes back a version whose blob is not there for it. */
  async takeBack(key: ArtifactKey, position: Position, blob: string): Promise<void> {
    this.forget(this.#keys.name(key));
    const place = this.#keys.version(key, position);
    await withdraw(this.#bucket, place, ({ record }) => record.blob === blob);
  }

  /**
   * Of a version that was there: whoever wrote it may have died before it asked what becomes of its bytes.
   *
   * @throws AdkError `UNAVAILABLE`, retryable, when they are not sure to stay.
   */
  async confirm(
    key: ArtifactKey,
    position: Position,
    { blob }: VersionRecord,
    signal?: AbortSignal,
  ): Promise<void> {
    if (blob === undefined) return;
    const fate = await fateOf(this.#bucket, this.#keys.blob(key, blob), signal);
    if (fate === "kept") return;
    if (fate === "marked") throw beingPurged(this.#bucket);
    await this.takeBack(key, position, blob);
    throw erasedMeanwhile(this.#bucket);
  }

  /** Takes a place in front of versions that are about to come: who thinks it is the next one must look. */
  async skip(key: ArtifactKey, position: Position, signal?: AbortSignal): Promise<void> {
    const place = this.#keys.version(key, position);
    await this.#bucket.putIfAbsent({ key: place, ...WITHDRAWN, signal });
  }

  /** Forgets the names whose keys begin with a text. */
  forget(prefix: string): void {
    this.#next.deleteAll(prefix);
  }

  async #begin(key: ArtifactKey, signal?: AbortSignal): Promise<Position> {
    const known = this.#next.get(this.#keys.name(key));
    if (!known) return FIRST;
    return known.isSure ? known.position : await this.#look(key, signal);
  }

  async #look(key: ArtifactKey, signal?: AbortSignal): Promise<Position> {
    const newest = await this.newest(key, signal);
    return newest ? next(newest.position, newest.isDeleted) : FIRST;
  }

  #writeKey(key: ArtifactKey, writeId: string): string {
    return `${this.#keys.name(key)}${writeId}`;
  }
}

/** Whether an object is what a write has stored. */
export function isOf(metadata: Readonly<Record<string, string>>, writeId: string): boolean {
  return metadata[WRITE_ID] === encodeWriteId(writeId);
}

/** The place behind another: of the same life, or the first of the next one. */
export function next({ life, version }: Position, isDeleted: boolean): Position {
  return isDeleted ? { life: life + 1, version: 0 } : { life, version: version + 1 };
}

function isBehind(one: Position, other: Position): boolean {
  return one.life === other.life && one.version > other.version;
}

function newestOf(prefix: string, { key, size, modified }: ListedObject): Newest | undefined {
  const position = parsePosition(key.slice(prefix.length));
  return position && { position, isDeleted: size === 0, modified };
}
