import type { StoredVersion } from "@adk/core";
import { pathToFileURL } from "node:url";
import type { VersionRecord } from "./record.ts";

/** What callers see of a version. */
export function toStoredVersion(
  path: string,
  version: number,
  { createTime, metadata }: VersionRecord,
): StoredVersion {
  return { version, createTime, metadata, canonicalUri: pathToFileURL(path).href };
}
