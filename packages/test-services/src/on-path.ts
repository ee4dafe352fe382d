import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** The first file of this name in the folders of the path. */
export function onPath(name: string): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin"];
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
}
