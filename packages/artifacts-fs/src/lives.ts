import { join } from "node:path";
import { isThere, namesIn, openPlain, statOf } from "./disk.ts";
import { foreign } from "./errors.ts";
import { isLife, versionsAmong } from "./keys.ts";
import { readRecord, type VersionRecord } from "./record.ts";

/**
 * The folder of a name's versions; `undefined` when there is no such name.
 *
 * @throws {@link AdkError} `MISCONFIGURED` when there is something else in its place.
 */
export async function lifeOf(name: string): Promise<string | undefined> {
  for (;;) {
    if (!(await isThere(name))) return undefined;
    const entries = await namesIn(name);
    const life = entries?.find(isLife);
    if (life === undefined) {
      if (entries === undefined || entries.length === 0) return undefined;
      throw foreign(name);
    }
    if (await isThere(join(name, life))) return join(name, life);
    // A link that leads nowhere. Else it ended between two looks; there may be a new one.
    if ((await statOf(join(name, life)))?.isSymbolicLink()) throw foreign(join(name, life));
  }
}

/** Ascending; `undefined` when the life has ended. */
export async function versionsIn(life: string): Promise<number[] | undefined> {
  const entries = await namesIn(life);
  return entries && versionsAmong(entries);
}

export function versionPath(life: string, version: number): string {
  return join(life, String(version));
}

/** `undefined` when there is no such version. */
export async function recordOf(path: string): Promise<VersionRecord | undefined> {
  const handle = await openPlain(path);
  if (!handle) return undefined;
  try {
    return await readRecord(handle, path);
  } finally {
    await handle.close();
  }
}

/** The version that a save has made; `undefined` when it made none. */
export async function findWrite(
  name: string,
  writeId: string,
): Promise<{ life: string; version: number; record: VersionRecord } | undefined> {
  const life = await lifeOf(name);
  if (life === undefined) return undefined;
  for (const version of (await versionsIn(life))?.toReversed() ?? []) {
    const record = await recordOf(versionPath(life, version));
    if (record?.writeId === writeId) return { life, version, record };
  }
  return undefined;
}
