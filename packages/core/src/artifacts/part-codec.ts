import type { Part } from "../content/content.ts";
import { AdkError } from "../errors.ts";
import { decodeBase64 } from "../internal/decode-base64.ts";
import { encodeBase64 } from "../internal/json.ts";
import type { ArtifactMetadata } from "./artifact-store.ts";
import type { BytesPart } from "./requests.ts";

const DEFAULT_MIME_TYPE = "application/octet-stream";

/** What is known of a body before it is counted and hashed. */
export type PartMetadata = Omit<ArtifactMetadata, "size" | "sha256">;

export interface EncodedPart {
  /** Shared with nobody. */
  bytes: Uint8Array<ArrayBuffer>;
  metadata: PartMetadata;
}

/** @throws {@link AdkError} `INVALID_ARGUMENT` for anything but one of `inlineData`, `text` and `fileData`. */
export function encodePart(part: Part | BytesPart): EncodedPart {
  const { inlineData, text, fileData } = checkPart(part);
  if (inlineData !== undefined) {
    const { data, mimeType, displayName } = inlineData;
    return { bytes: toBytes(data), metadata: fileMetadata("data", mimeType, displayName) };
  }
  if (text !== undefined) {
    if (typeof text !== "string" || !text.isWellFormed())
      throw invalid("`text` is not well-formed text. Save its bytes as `inlineData`");
    return {
      bytes: new TextEncoder().encode(text),
      metadata: { kind: "text", mimeType: "text/plain" },
    };
  }
  const { fileUri, mimeType, displayName } = fileData ?? {};
  if (typeof fileUri !== "string" || fileUri === "" || !fileUri.isWellFormed())
    throw invalid("`fileData.fileUri` is missing. Give it the file's URI");
  const metadata = fileMetadata("file", mimeType, displayName);
  // A reference without a type has none; bytes without one are octets.
  if (!mimeType) delete metadata.mimeType;
  return { bytes: new Uint8Array(0), metadata: { ...metadata, fileUri } };
}

/** The part that was saved; `undefined` for the marker of a removed artifact. */
export function decodePart(metadata: ArtifactMetadata, bytes: Uint8Array): Part | undefined {
  const { kind, mimeType, displayName, fileUri } = metadata;
  const about = {
    ...(mimeType && { mimeType }),
    ...(displayName !== undefined && { displayName }),
  };
  switch (kind) {
    case "data":
      if (isRemovedMarker(metadata)) return undefined;
      return { inlineData: { ...about, data: encodeBase64(bytes) } };
    case "text":
      return { text: new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes) };
    case "file":
      return { fileData: { ...about, fileUri: fileUri ?? "" } };
  }
}

/**
 * Whether a version says that the artifact was removed (as ADK's rewind writes it): no bytes of exactly
 * `application/octet-stream`. Its name stays listed, and it loads as `undefined`.
 */
export function isRemovedMarker(metadata: ArtifactMetadata): boolean {
  return metadata.kind === "data" && metadata.size === 0 && metadata.mimeType === DEFAULT_MIME_TYPE;
}

/** The checked description of bytes or of a reference. */
export function fileMetadata(
  kind: "data" | "file",
  mimeType: unknown,
  displayName: unknown,
): PartMetadata {
  const isGiven = mimeType !== undefined && mimeType !== null && mimeType !== "";
  if (isGiven && (typeof mimeType !== "string" || !/^[\x20-\x7e]{1,255}$/.test(mimeType)))
    throw invalid("`mimeType` is no MIME type. Give it up to 255 printable ASCII characters");
  if (displayName === undefined || displayName === null)
    return { kind, mimeType: isGiven ? mimeType : DEFAULT_MIME_TYPE };
  if (typeof displayName !== "string" || !displayName.isWellFormed())
    throw invalid("`displayName` is not well-formed text");
  return { kind, mimeType: isGiven ? mimeType : DEFAULT_MIME_TYPE, displayName };
}

interface LoosePart {
  inlineData?: { data?: unknown; mimeType?: unknown; displayName?: unknown };
  text?: unknown;
  fileData?: { fileUri?: unknown; mimeType?: unknown; displayName?: unknown };
}

/** The one member of three that a part must have; a member that is `null` is absent, as in JSON made elsewhere. */
function checkPart(part: unknown): LoosePart {
  if (typeof part !== "object" || part === null)
    throw invalid(`The artifact is ${part === null ? "null" : `a ${typeof part}`}, not a part`);
  const loose = part as Record<string, unknown>;
  const given = Object.keys(loose).filter(
    (name) => loose[name] !== undefined && loose[name] !== null,
  );
  const kinds = given.filter((name) => ["inlineData", "text", "fileData"].includes(name));
  if (kinds.length !== 1)
    throw invalid(
      kinds.length > 1
        ? `The artifact has ${kinds.join(" and ")}. Save them as two artifacts`
        : `The artifact has ${given.slice(0, 5).join(", ") || "no member"}, which cannot be saved`,
    );
  const kind = kinds[0] as keyof LoosePart;
  if (kind !== "text" && typeof loose[kind] !== "object")
    throw invalid(`\`${kind}\` is not an object`);
  return { [kind]: loose[kind] };
}

function toBytes(data: unknown): Uint8Array<ArrayBuffer> {
  if (data instanceof Uint8Array) return data.slice() as Uint8Array<ArrayBuffer>;
  const bytes = typeof data === "string" ? decodeBase64(data) : undefined;
  if (bytes === undefined)
    throw invalid(
      "`inlineData.data` is neither base64 nor a Uint8Array. Encode it, or pass the bytes",
    );
  return bytes;
}

function invalid(what: string): AdkError {
  return new AdkError(
    "INVALID_ARGUMENT",
    `${what}. An artifact is one of { inlineData: { data, mimeType } }, { text } and { fileData: { fileUri } }.`,
  );
}
