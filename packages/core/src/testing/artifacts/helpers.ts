import { strict as assert } from "node:assert";
import type { BaseArtifactService } from "../../artifacts/base-artifact-service.ts";
import { collectBytes } from "../../artifacts/collect-bytes.ts";
import type { ArtifactNameRequest } from "../../artifacts/requests.ts";
import type { Part } from "../../content/content.ts";
import { decodeBase64 } from "../../internal/decode-base64.ts";

export const SESSION = { appName: "app", userId: "user", sessionId: "session" } as const;

/** A request for an artifact of the usual session. */
export function named(filename: string): ArtifactNameRequest {
  return { ...SESSION, filename };
}

export function text(value: string): Part {
  return { text: value };
}

/** Saves a text and gives its version. */
export async function saveText(
  service: BaseArtifactService,
  request: ArtifactNameRequest,
  value: string,
): Promise<number> {
  return await service.saveArtifact({ ...request, artifact: text(value) });
}

/** The text of a version; the case fails when it is no text. `undefined` when there is none. */
export async function loadText(
  service: BaseArtifactService,
  request: ArtifactNameRequest,
  version?: number,
): Promise<string | undefined> {
  const part = await service.loadArtifact({ ...request, version });
  if (part === undefined) return undefined;
  assert.equal(typeof part.text, "string", "a saved text comes back as text");
  return part.text;
}

/** Bytes that look random and are the same each time. */
export function bytesOf(size: number, seed: number = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let state = seed * 2_654_435_761;
  for (let index = 0; index < size; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

/** The bytes of an `inlineData` part. */
export function bytesIn(part: Part | undefined): Uint8Array {
  const { data } = part?.inlineData ?? {};
  if (data === undefined) assert.fail("the artifact has no inlineData");
  return decodeBase64(data) ?? assert.fail("inlineData.data is no base64");
}

/** Compares bytes without printing megabytes. */
export function sameBytes(found: Uint8Array, expected: Uint8Array): void {
  assert.equal(found.length, expected.length, "another number of bytes");
  let at = 0;
  while (at < found.length && found[at] === expected[at]) at++;
  assert.equal(at, found.length, `byte ${at} differs`);
}

/** The bytes of a version, through a stream. */
export async function readAll(
  service: BaseArtifactService,
  request: Parameters<BaseArtifactService["openArtifact"]>[0],
): Promise<Uint8Array> {
  await using opened = await service.openArtifact(request);
  if (!opened) assert.fail("the artifact is not there");
  return await collectBytes(opened.body);
}

/** `size` bytes as a stream of pieces of `pieceSize`. */
export async function* streamOf(bytes: Uint8Array, pieceSize: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += pieceSize)
    yield bytes.slice(start, start + pieceSize);
}

/** 0, 1, 2 … */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_item, index) => index);
}
