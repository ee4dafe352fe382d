import { AdkError, type ArtifactKey, type OpenCommand, type OpenedArtifact } from "@adk/core";
import type { Readable } from "node:stream";
import type { BucketRequests } from "./bucket-requests.ts";
import type { Keys, Position } from "./keys.ts";
import { type Body, readBody } from "./read-body.ts";
import { isRecordObject, isWithdrawn, readHeaders } from "./record.ts";
import type { VersionLog } from "./version-log.ts";
import {
  bytesKey,
  type FoundVersion,
  readRecordBody,
  readVersion,
  toStoredVersion,
} from "./versions.ts";

/** A version, where it stands, and its bytes where they came with it. */
interface Located {
  readonly position: Position;
  readonly found: FoundVersion;
  readonly body?: Readable;
}

const MOST_TRIES = 4;

/** Finds versions and opens their bytes. */
export class Opener {
  readonly #bucket: BucketRequests;
  readonly #keys: Keys;
  readonly #log: VersionLog;

  constructor(bucket: BucketRequests, keys: Keys, log: VersionLog) {
    this.#bucket = bucket;
    this.#keys = keys;
    this.#log = log;
  }

  async open(command: OpenCommand, signal?: AbortSignal): Promise<OpenedArtifact | undefined> {
    const { range } = command;
    const located = await this.#find(command, range !== undefined, signal);
    if (!located) return undefined;
    const { position, found } = located;
    const { size } = found.record.metadata;
    const key = bytesKey(this.#keys, command, found);
    const start = Math.min(range?.start ?? 0, size);
    const end = key === undefined ? start : Math.min(range?.end ?? size, size);
    const body =
      key === undefined
        ? undefined
        : await this.#openBody(command, located, { key, start, end }, signal);
    return {
      ...toStoredVersion(this.#bucket, position, found),
      body: body?.chunks ?? noBytes(),
      [Symbol.asyncDispose]: async () => await body?.[Symbol.asyncDispose](),
    };
  }

  /** A version without its bytes. */
  async locate(
    command: ArtifactKey & { version?: number },
    signal?: AbortSignal,
  ): Promise<Located | undefined> {
    return await this.#find(command, true, signal);
  }

  async #openBody(
    command: OpenCommand,
    { position, body, found }: Located,
    { key, start, end }: { key: string; start: number; end: number },
    signal?: AbortSignal,
  ): Promise<Body> {
    if (body || start >= end) return readBody(this.#bucket, { key, start, end, signal }, body);
    const first = await this.#bucket.get(key, { start, end }, signal);
    if (first) return readBody(this.#bucket, { key, start, end, signal }, first.body);
    const { version } = position;
    throw new AdkError(
      "ARTIFACT_CORRUPT",
      `The bytes of version ${version} of the artifact are gone: it is being deleted, or somebody removed the object. Load it again, else restore it from a backup.`,
      {
        details: {
          bucket: this.#bucket.name,
          key,
          version: command.version ?? version,
          object: found.head.key,
        },
      },
    );
  }

  /** The latest version costs a listing; another is looked for where it is expected, and behind a deletion after that. */
  async #find(
    command: OpenCommand,
    isWithoutBytes: boolean,
    signal?: AbortSignal,
  ): Promise<Located | undefined> {
    const { version } = command;
    let expected = -1;
    if (version !== undefined) {
      expected = this.#log.expectedLife(command);
      const position = { life: expected, version };
      const located = await this.#read(command, position, isWithoutBytes, signal);
      if (located) return located;
    }
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const newest = await this.#log.newest(command, signal);
      if (!newest || newest.isDeleted) return undefined;
      const position = { ...newest.position, version: version ?? newest.position.version };
      if (version !== undefined && position.life === expected) return undefined;
      const located = await this.#read(command, position, isWithoutBytes, signal);
      if (located || version !== undefined) return located;
      // It was taken back, or deleted since it was listed: there may be an older one, or a new one.
      for (const place of await this.#log.places(command, signal)) {
        const older = await this.#read(command, place.position, isWithoutBytes, signal);
        if (older) return older;
      }
    }
    return undefined;
  }

  async #read(
    name: ArtifactKey,
    position: Position,
    isWithoutBytes: boolean,
    signal?: AbortSignal,
  ): Promise<Located | undefined> {
    const key = this.#keys.version(name, position);
    if (isWithoutBytes) {
      const found = await readVersion(this.#bucket, key, signal);
      return found && { position, found };
    }
    const answer = await this.#bucket.get(key, undefined, signal);
    if (!answer) return undefined;
    const { head, body } = answer;
    if (head.size === 0 || isWithdrawn(head.metadata)) {
      body.destroy();
      return undefined;
    }
    try {
      if (!isRecordObject(head.metadata)) {
        const record = readHeaders(key, head.metadata);
        return record && { position, found: { head, record }, body };
      }
      const record = await readRecordBody(this.#bucket, key, body, signal);
      return { position, found: { head, record } };
    } catch (error) {
      body.destroy();
      throw error;
    }
  }
}

async function* noBytes(): AsyncGenerator<Uint8Array, void, undefined> {}
