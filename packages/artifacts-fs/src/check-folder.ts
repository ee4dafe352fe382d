import { AdkError, type ArtifactStoreReport } from "@adk/core";
import { checkAccess, createFile, linkNew, makeFolder, removeName, statOf } from "./disk.ts";
import { checkSignal } from "./errors.ts";
import type { Keys } from "./keys.ts";

/**
 * What is wrong with the artifact folder, found by using it: also that it may not be written. Thrown is what keeps from looking,
 * and passes: reading or writing that failed.
 */
export async function checkFolder(
  keys: Keys,
  signal: AbortSignal | undefined,
): Promise<ArtifactStoreReport> {
  checkSignal(signal);
  const problems: ArtifactStoreReport["problems"] = [];
  const mode = (await statOf(keys.root))?.mode ?? 0;
  if (process.platform !== "win32" && (mode & 0o077) !== 0)
    problems.push({
      code: "FOLDER_MODE",
      message: `Others may look into the artifact folder (mode ${(mode & 0o777).toString(8)}). Set it to 700.`,
    });
  try {
    await makeFolder(keys.root, keys.root);
    await checkAccess(keys.root);
    await tryLinks(keys);
  } catch (error) {
    if (!AdkError.isInstance(error) || error.retryable) throw error;
    problems.push({ code: error.code, message: error.message });
  }
  return { problems };
}

/** Writes a file, gives it a second name and sees that a third with the same name is refused. */
async function tryLinks(keys: Keys): Promise<void> {
  await makeFolder(keys.root, keys.staging);
  const [file, name] = [keys.staged(), keys.staged()];
  try {
    await (await createFile(file)).close();
    const isLinked = await linkNew(file, name);
    if (isLinked === true && (await linkNew(file, name)) === false) return;
    throw new AdkError(
      "MISCONFIGURED",
      `${JSON.stringify(keys.staging)} is on a file system that gives one name to two files: versions would overwrite each other. Name a folder on another one.`,
    );
  } finally {
    await removeName(name);
    await removeName(file);
  }
}
