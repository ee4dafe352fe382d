import type { OpenedArtifact, SaveCommand } from "@adk/core";
import { createHash, randomUUID } from "node:crypto";

export const USER = { appName: "app", userId: "user" } as const;
export const KEY = { appName: "app", userId: "user", sessionId: "session" } as const;

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** The command that saves a text. */
export function commandOf(filename: string, text: string): SaveCommand {
  const bytes = bytesOf(text);
  const body = {
    bytes,
    size: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    async *[Symbol.asyncIterator]() {
      yield bytes;
    },
  };
  const metadata = { kind: "text", mimeType: "text/plain" } as const;
  return { ...KEY, filename, writeId: randomUUID(), body, metadata };
}

/** The text of what was opened. */
export async function readAll(opened: OpenedArtifact | undefined): Promise<string> {
  if (!opened) throw new Error("There is no such version.");
  const pieces: Uint8Array[] = [];
  for await (const piece of opened.body) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}
