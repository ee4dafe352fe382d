import { createHash } from "node:crypto";
import type { ArtifactKey, ArtifactScope } from "@adk/core";

/** Where a version stands: a deletion ends a name's life, and numbers begin again in the next. Both count from 0. */
export interface Position {
  readonly life: number;
  readonly version: number;
}

/** The first version that a name ever has. It stays as an empty object when the name is deleted. */
export const FIRST: Position = { life: 0, version: 0 };

const HIGHEST = 9_999_999_999;
const POSITION = /^(\d{10})-(\d{10})$/;
/** Of one segment, in bytes: below the 255 of file systems, and four of them below S3's 1,024. */
const LONGEST_SEGMENT = 200;
const KEPT_OF_LONG = 120;
const HASHED = /!h[0-9a-f]{64}$/;

/** The only place that spells a key. The README has the format as a specification. */
export class Keys {
  /** What all keys begin with: empty, or a text that ends with a slash. */
  readonly root: string;

  constructor(prefix: string) {
    this.root = prefix === "" ? "" : `${prefix}/`;
  }

  /** All that is a user's: versions and blobs of all scopes. */
  user({ appName, userId }: ArtifactScope): string {
    return `${this.root}${encodeSegment(appName)}/${encodeSegment(userId)}/`;
  }

  /** The versions of one scope. The tag before the ids: no id can imitate it. */
  versions(scope: ArtifactScope): string {
    return `${this.user(scope)}${tagged(scope)}`;
  }

  /** Bytes of one scope that versions refer to. */
  blobs(scope: ArtifactScope): string {
    return `${this.user(scope)}b/${tagged(scope)}`;
  }

  /** What the versions of one name begin with. */
  name(key: ArtifactKey): string {
    return `${this.versions(key)}${encodeSegment(key.filename)}/`;
  }

  /** What the blobs of one name begin with. */
  blobsOfName(key: ArtifactKey): string {
    return `${this.blobs(key)}${encodeSegment(key.filename)}/`;
  }

  version(key: ArtifactKey, position: Position): string {
    return this.name(key) + formatPosition(position);
  }

  blob(key: ArtifactKey, id: string): string {
    return this.blobsOfName(key) + encodeSegment(id);
  }

  /** Segments of ids never begin with a dot: nothing of anybody's is here. */
  probe(id: string): string {
    return `${this.root}.check/${id}`;
  }
}

/** Counted down, so that the newest comes first in a listing. */
export function formatPosition({ life, version }: Position): string {
  const down = (value: number): string => String(HIGHEST - value).padStart(10, "0");
  return `${down(life)}-${down(version)}`;
}

/** `undefined` for a text that is no position. */
export function parsePosition(text: string): Position | undefined {
  const [, life, version] = POSITION.exec(text) ?? [];
  if (life === undefined || version === undefined) return undefined;
  return { life: HIGHEST - Number(life), version: HIGHEST - Number(version) };
}

/**
 * An id as one segment of a key: letters, digits, `-`, `_` and a dot that is not the first stay; any other byte of its UTF-8
 * is `!XX`. What is longer than 200 bytes then is its first 120, `!h` and the SHA-256 of the id.
 */
export function encodeSegment(id: string): string {
  let encoded = "";
  for (const byte of new TextEncoder().encode(id)) {
    const character = String.fromCharCode(byte);
    const isKept = /[A-Za-z0-9_-]/.test(character) || (character === "." && encoded !== "");
    encoded += isKept ? character : `!${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  if (encoded.length <= LONGEST_SEGMENT) return encoded;
  return `${encoded.slice(0, KEPT_OF_LONG)}!h${createHash("sha256").update(id).digest("hex")}`;
}

/** The id of a segment; `undefined` when only its hash is there. */
export function decodeSegment(segment: string): string | undefined {
  if (HASHED.test(segment)) return undefined;
  const bytes: number[] = [];
  for (let index = 0; index < segment.length; index++)
    if (segment[index] === "!") {
      bytes.push(Number.parseInt(segment.slice(index + 1, index + 3), 16));
      index += 2;
    } else bytes.push(segment.charCodeAt(index));
  // A name may begin with the mark of byte order; it is not one.
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(bytes));
}

function tagged({ sessionId }: ArtifactScope): string {
  return sessionId === undefined ? "u/" : `s/${encodeSegment(sessionId)}/`;
}
