import { AdkError, type ArtifactScope, type CopyCommand } from "@adk/core";
import { basename, dirname, join } from "node:path";
import {
  duplicate,
  linkNew,
  makeFolder,
  makeNew,
  moveNew,
  removeAll,
  removeEmpty,
  removeName,
  syncFolder,
} from "./disk.ts";
import { checkSignal, swept } from "./errors.ts";
import { newLife, type Keys } from "./keys.ts";
import { lifeOf, recordOf, versionPath, versionsIn } from "./lives.ts";
import { discard, stageRecord, use } from "./staged-file.ts";

/**
 * Copies versions to another session: their files get second names there, no byte is copied. A session without artifacts gets
 * them all in one step; where there are some, what was added is taken back when the rest cannot be.
 */
export async function copyVersions(
  keys: Keys,
  { appName, userId, from, to, versions }: CopyCommand,
  signal: AbortSignal | undefined,
): Promise<void> {
  const source = { appName, userId, sessionId: from };
  const target = { appName, userId, sessionId: to };
  await makeFolder(keys.root, keys.staging);
  const staged = keys.staged();
  using _inUse = use(staged);
  try {
    await makeNew(staged);
    const names: string[] = [];
    for (const [filename, wanted] of Map.groupBy(versions, (version) => version.filename)) {
      checkSignal(signal);
      const life = await lifeOf(keys.name({ ...source, filename }));
      const there = keys.name({ ...target, filename });
      const name = basename(there);
      if (life !== undefined && (await stageName(life, wanted, there, join(staged, name))))
        names.push(name);
    }
    await syncFolder(staged);
    checkSignal(signal);
    await publishAll(keys, target, staged, names);
  } finally {
    await discard(staged);
  }
}

/** The versions of one name that the other session does not have yet, in a folder that nobody sees. @returns whether there are any. */
async function stageName(
  life: string,
  wanted: CopyCommand["versions"],
  there: string,
  staged: string,
): Promise<boolean> {
  const other = await lifeOf(there);
  const copies = join(staged, newLife());
  let isMade = false;
  let isEmpty = true;
  for (const { version, fileUri } of wanted) {
    const path = versionPath(life, version);
    const record = await recordOf(path);
    if (!record) continue;
    const taken = other === undefined ? undefined : await recordOf(versionPath(other, version));
    if (taken?.writeId === record.writeId) continue;
    if (taken) throw conflict(there, version);
    if (!isMade) {
      await makeNew(staged);
      await makeNew(copies);
      isMade = true;
    }
    const copy = versionPath(copies, version);
    if (fileUri !== undefined)
      await stageRecord(copy, { ...record, metadata: { ...record.metadata, fileUri } });
    else if (!(await duplicate(path, copy))) continue;
    isEmpty = false;
  }
  // All of it was deleted meanwhile: a name without versions is none.
  if (isMade && isEmpty) await removeAll(staged);
  else if (isMade) await Promise.all([syncFolder(copies), syncFolder(staged)]);
  return !isEmpty;
}

/** All names at once where the session has none; else one after the other, and all taken back when one cannot be. */
async function publishAll(
  keys: Keys,
  target: ArtifactScope,
  staged: string,
  names: readonly string[],
): Promise<void> {
  const scope = keys.scope(target);
  if (names.length === 0) return;
  await makeFolder(keys.root, dirname(scope));
  if (await moveNew(staged, scope)) {
    await syncFolder(dirname(scope), "unknown");
    return;
  }
  const added: string[] = [];
  try {
    for (const name of names)
      while (!(await publishName(keys, join(staged, name), join(scope, name), added)));
  } catch (error) {
    // Why it failed is what the caller must know; what cannot be taken back does not keep the rest.
    for (const path of added.toReversed()) await takeBack(path).catch(() => undefined);
    throw error;
  }
}

/** @returns `false` when the name was deleted meanwhile: what is staged is still there, and can be tried again. */
async function publishName(
  keys: Keys,
  staged: string,
  name: string,
  added: string[],
): Promise<boolean> {
  await makeFolder(keys.root, dirname(name));
  const copies = await lifeOf(staged);
  const versions = copies === undefined ? undefined : await versionsIn(copies);
  if (copies === undefined || versions === undefined) throw swept(staged);
  if (await moveNew(staged, name)) {
    added.push(...versions.map((version) => versionPath(join(name, basename(copies)), version)));
    await syncFolder(dirname(name), "unknown");
    return true;
  }
  const life = await lifeOf(name);
  if (life === undefined) return false;
  for (const version of versions) {
    const [copy, path] = [versionPath(copies, version), versionPath(life, version)];
    const isLinked = await linkNew(copy, path);
    if (isLinked === undefined) return false;
    if (isLinked) {
      added.push(path);
      continue;
    }
    const taken = await recordOf(path);
    if (!taken) return false;
    if (taken.writeId !== (await recordOf(copy))?.writeId) throw conflict(name, version);
  }
  await syncFolder(life, "unknown");
  return true;
}

async function takeBack(path: string): Promise<void> {
  await removeName(path);
  await removeEmpty(dirname(path));
  await removeEmpty(dirname(dirname(path)));
}

function conflict(name: string, version: number): AdkError {
  return new AdkError(
    "ARTIFACT_CONFLICT",
    `${JSON.stringify(name)} already has another version ${version}. Copy into a session that has no artifact of this name.`,
    { details: { version, committed: false } },
  );
}
