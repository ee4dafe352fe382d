import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** The files of a folder in whose bytes a text stands. */
export async function filesWith(folder: string, text: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir(folder))
    if ((await readFile(join(folder, name))).includes(text)) found.push(name);
  return found;
}
