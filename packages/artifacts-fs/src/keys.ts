import type { ArtifactKey, ArtifactScope } from "@adk/core";
import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";

/** File systems take 255 bytes. */
const LONGEST_SEGMENT = 200;
const KEPT_OF_LONG = 120;
const HASHED = /!h[0-9a-f]{64}$/;
const LIFE = /^[0-9a-f]{32}$/;
const VERSION = /^(0|[1-9]\d{0,14})$/;

/** The only place that spells a path. The README has the layout as a specification. */
export class Keys {
  readonly root: string;
  /** What is being written: nobody reads here. */
  readonly staging: string;
  /** What is being removed. */
  readonly trash: string;

  constructor(root: string) {
    this.root = root;
    this.staging = join(root, "tmp");
    this.trash = join(root, "trash");
  }

  /** All that is a user's. */
  user({ appName, userId }: ArtifactScope): string {
    return join(this.root, "apps", encodeSegment(appName), encodeSegment(userId));
  }

  /** The names of one scope. The tag before the ids: no id can imitate it. */
  scope(scope: ArtifactScope): string {
    return scope.sessionId === undefined
      ? join(this.user(scope), "u")
      : join(this.user(scope), "s", encodeSegment(scope.sessionId));
  }

  /** The life of one name stands in it. */
  name(key: ArtifactKey): string {
    return join(this.scope(key), encodeSegment(key.filename));
  }

  /** A path that nobody else uses. */
  staged(): string {
    return join(this.staging, newLife());
  }

  /** A path that nobody else uses. */
  discarded(): string {
    return join(this.trash, newLife());
  }
}

/** A life of a name ends with its deletion; the next is another folder. */
export function newLife(): string {
  return randomBytes(16).toString("hex");
}

export function isLife(entry: string): boolean {
  return LIFE.test(entry);
}

/** The versions among the names in a life's folder, ascending. */
export function versionsAmong(entries: readonly string[]): number[] {
  return entries
    .filter((entry) => VERSION.test(entry))
    .map(Number)
    .toSorted((left, right) => left - right);
}

/**
 * An id as the name of a file: lower-case letters, digits, `-`, `_` and dots within stay; any other byte of its UTF-8 is `!xx`,
 * so that file systems may fold case and compose characters as they like. What is longer than 200 bytes then is its first
 * 120, `!h` and the SHA-256 of the id.
 */
export function encodeSegment(id: string): string {
  const bytes = new TextEncoder().encode(id);
  let encoded = "";
  for (const [index, byte] of bytes.entries()) {
    const character = String.fromCharCode(byte);
    const isWithin = index > 0 && index < bytes.length - 1;
    const isKept = /[a-z0-9_-]/.test(character) || (character === "." && isWithin);
    encoded += isKept ? character : `!${byte.toString(16).padStart(2, "0")}`;
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
