import { createHash, randomUUID } from "node:crypto";
import { S3Refusal } from "./refusal.ts";

/** One object version, or a delete marker. */
export interface StoredObject {
  readonly versionId: string;
  readonly isMarker: boolean;
  readonly bytes: Uint8Array;
  readonly etag: string;
  readonly modified: Date;
  /** Content type, user metadata and whatever else is given back. */
  readonly headers: Readonly<Record<string, string>>;
}

interface UploadedPart {
  readonly bytes: Uint8Array;
  readonly etag: string;
  /** Base64, when one came with it. */
  readonly crc32?: string | undefined;
}

export interface OpenUpload {
  readonly key: string;
  readonly begun: Date;
  readonly headers: Readonly<Record<string, string>>;
  /** Which checksum its parts come with. */
  readonly checksum: string | undefined;
  readonly parts: Map<number, UploadedPart>;
}

const NO_VERSION = "null";

/** What one bucket holds. */
export class S3Bucket {
  isVersioned = false;
  /** Newest first. */
  readonly #objects = new Map<string, StoredObject[]>();
  readonly uploads: Map<string, OpenUpload> = new Map();

  /** Ascending by UTF-8 bytes. */
  keys(): string[] {
    return [...this.#objects.keys()].toSorted((left, right) =>
      Buffer.compare(Buffer.from(left), Buffer.from(right)),
    );
  }

  get isEmpty(): boolean {
    return this.#objects.size === 0;
  }

  /** Newest first. */
  versions(key: string): readonly StoredObject[] {
    return this.#objects.get(key) ?? [];
  }

  /** The current object, or one of its versions; `undefined` when there is none, or it was deleted. */
  find(key: string, versionId?: string): StoredObject | undefined {
    const versions = this.versions(key);
    const found =
      versionId === undefined
        ? versions[0]
        : versions.find((version) => version.versionId === versionId);
    return found?.isMarker === true ? undefined : found;
  }

  put(
    key: string,
    bytes: Uint8Array,
    headers: Readonly<Record<string, string>>,
    etag: string = md5(bytes),
  ): StoredObject {
    return this.#add(key, { isMarker: false, bytes, headers, etag });
  }

  /** @returns the marker, in a bucket with versioning. */
  remove(key: string, versionId: string | undefined): StoredObject | undefined {
    const versions = this.versions(key);
    if (versionId === undefined && this.isVersioned)
      return this.#add(key, { isMarker: true, bytes: new Uint8Array(0), headers: {}, etag: "" });
    const left = versions.filter(
      (version) => version.versionId !== (versionId ?? version.versionId),
    );
    if (left.length > 0) this.#objects.set(key, left);
    else this.#objects.delete(key);
    return undefined;
  }

  #add(key: string, object: Omit<StoredObject, "versionId" | "modified">): StoredObject {
    const versionId = this.isVersioned ? randomUUID().replaceAll("-", "") : NO_VERSION;
    const added = { ...object, versionId, modified: new Date() };
    const others = this.versions(key).filter((version) => version.versionId !== versionId);
    this.#objects.set(key, [added, ...others]);
    return added;
  }
}

/** The bytes of a `Range` header; `undefined` for none. @throws S3Refusal when there are none there. */
export function readRange(
  header: string | undefined,
  size: number,
): { start: number; end: number } | undefined {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(header ?? "") ?? [];
  if (from === undefined) return undefined;
  const start = Number(from);
  const end = to ? Math.min(Number(to) + 1, size) : size;
  if (start >= size || end <= start) throw new S3Refusal(416, "InvalidRange");
  return { start, end };
}

export function md5(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}
