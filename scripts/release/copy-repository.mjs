import { cpSync, existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../setup.mjs";
import { runProgram } from "./run-program.mjs";

/** The repository as it stands, with what is not committed yet and without what git ignores, in another folder. */
export function copyRepository(into) {
  const words = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"];
  // In a container of CI the checkout belongs to another user, and git would refuse it.
  const files = runProgram("git", ["-c", "safe.directory=*", ...words], { cwd: ROOT })
    .split("\0")
    .filter(Boolean);
  // A file that was removed is listed until that is committed.
  for (const file of files)
    if (existsSync(join(ROOT, file))) cpSync(join(ROOT, file), join(into, file));
}
