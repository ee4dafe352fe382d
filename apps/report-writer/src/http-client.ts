import type { PendingUpload } from "@adk/core";
import { digestOf, type Digest } from "./digest.ts";

/** What a client that knows nothing but HTTP was answered. */
export interface Download extends Digest {
  readonly status: number;
  readonly contentType: string | null;
}

/** Opens a link as a browser does. */
export async function download(url: string): Promise<Download> {
  const response = await fetch(url);
  const { size, sha256 } = await digestOf(response.body ?? new Blob([]).stream());
  const contentType = response.headers.get("content-type");
  return { status: response.status, contentType, size, sha256 };
}

/** Sends bytes where it was told to. @returns the status of the answer. */
export async function upload(
  { url, method, headers }: Pick<PendingUpload, "url" | "method" | "headers">,
  body: string,
): Promise<number> {
  const response = await fetch(url, { method, headers, body });
  await response.body?.cancel();
  return response.status;
}
