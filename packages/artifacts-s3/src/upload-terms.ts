import { AdkError } from "@adk/core";
import type { ObjectHead } from "./bucket-requests.ts";

/** What an upload was begun with. */
export interface UploadTerms {
  readonly maxBytes: number;
  /** Absent: it is said when the upload is completed. */
  readonly mimeType?: string | undefined;
}

const TERMS = "adk-upload";

/** Signed with the URL: the client must send it as it is, and the bucket gives it back with the bytes. */
export const TERMS_HEADER: string = `x-amz-meta-${TERMS}`;

/** The object's metadata: base64url, for headers are ASCII. */
export function termsMetadata({ maxBytes, mimeType }: UploadTerms): Record<string, string> {
  return { [TERMS]: Buffer.from(JSON.stringify({ maxBytes, mimeType })).toString("base64url") };
}

/** @throws {@link AdkError} `ARTIFACT_CORRUPT` for an object that did not come by a URL of ours. */
export function readTerms({ key, metadata }: ObjectHead): UploadTerms {
  try {
    const terms: unknown = JSON.parse(Buffer.from(metadata[TERMS] ?? "", "base64url").toString());
    if (typeof (terms as Partial<UploadTerms> | null)?.maxBytes === "number")
      return terms as UploadTerms;
  } catch {
    // It is none, as below.
  }
  throw new AdkError(
    "ARTIFACT_CORRUPT",
    "The bytes of the upload did not come by a URL of `createArtifactUpload`. Begin another upload and send them there.",
    { details: { key } },
  );
}
