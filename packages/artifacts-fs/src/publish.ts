import type { ArtifactKey } from "@adk/core";
import { join } from "node:path";
import { linkNew, makeFolder, makeNew, moveNew, statOf, syncFolder } from "./disk.ts";
import { swept } from "./errors.ts";
import { newLife, type Keys } from "./keys.ts";
import { lifeOf, versionPath, versionsIn } from "./lives.ts";
import { discard, use } from "./staged-file.ts";

/**
 * Makes a staged file the next version of its name, whoever else does the same: one `link` (for the first version one
 * `rename` of a folder) that succeeds only where nothing is yet.
 *
 * A deletion moves the name's folder away, and the life in it: who was about to add to it finds nothing there, and begins
 * anew at 0.
 *
 * @returns the path of the version.
 */
export async function publish(
  keys: Keys,
  key: ArtifactKey,
  file: string,
): Promise<{ path: string; version: number }> {
  const name = keys.name(key);
  for (;;) {
    const life = await lifeOf(name);
    const published = life === undefined ? await begin(keys, key, file) : await add(life, file);
    if (published) return published;
    if (!(await statOf(file))) throw swept(file);
  }
}

/** The first version. `undefined` when somebody else was quicker. */
async function begin(
  keys: Keys,
  key: ArtifactKey,
  file: string,
): Promise<{ path: string; version: number } | undefined> {
  const scope = keys.scope(key);
  await makeFolder(keys.root, scope);
  const staged = keys.staged();
  const life = newLife();
  using _inUse = use(staged);
  try {
    await makeNew(staged);
    await makeNew(join(staged, life));
    if (!(await linkNew(file, versionPath(join(staged, life), 0)))) return undefined;
    await Promise.all([syncFolder(join(staged, life)), syncFolder(staged)]);
    if (!(await moveNew(staged, keys.name(key)))) return undefined;
  } finally {
    await discard(staged);
  }
  await syncFolder(scope, "unknown");
  return { path: versionPath(join(keys.name(key), life), 0), version: 0 };
}

/** One more version. `undefined` when the life has ended meanwhile. */
async function add(
  life: string,
  file: string,
): Promise<{ path: string; version: number } | undefined> {
  const versions = await versionsIn(life);
  if (!versions) return undefined;
  for (let version = (versions.at(-1) ?? -1) + 1; ; version++) {
    const path = versionPath(life, version);
    const isLinked = await linkNew(file, path);
    if (isLinked === undefined) return undefined;
    if (!isLinked) continue;
    await syncFolder(life, "unknown");
    return { path, version };
  }
}
