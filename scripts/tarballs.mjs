// npm run tarballs: each package installs alone, from its tarball, with core's tarball and its driver, in a folder outside of
// this repository, and the example of its README runs there: with the oldest drivers on the oldest Node that it says it runs on,
// with the newest on ours. Arguments are folders of packages; none means all. `npm run release:dry` does more, on a copy.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { choosePackages } from "./release/choose-packages.mjs";
import { nodeOf, OLDEST } from "./release/node-of.mjs";
import { openPlace } from "./release/places.mjs";
import { runProgram } from "./release/run-program.mjs";
import { tryPackage } from "./release/try-package.mjs";
import { giveUp, PNPM, ROOT } from "./setup.mjs";

const chosen = choosePackages(`npm run tarballs -- [PACKAGE …]

Installs each package alone, from its tarball, in a folder outside of this repository, and runs its README's example there:
with the oldest drivers on Node ${OLDEST}, with the newest on ours. Exits with 1 at the first that fails.`);
const scratch = mkdtempSync(join(tmpdir(), "adk-tarballs-"));
try {
  const filters = ["core", ...chosen].map((name) => `--filter=@adk/${name}`);
  const build = ["exec", "turbo", "run", "build", "--output-logs=errors-only"];
  runProgram("npx", ["-y", PNPM, ...build, ...filters], { cwd: ROOT });
  for (const folder of chosen) {
    const place = await openPlace(folder);
    try {
      for (const age of ["oldest", "newest"]) tryOnce(folder, age, place);
    } finally {
      await place[Symbol.asyncDispose]();
    }
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function tryOnce(folder, age, place) {
  const node = age === "oldest" ? nodeOf(OLDEST) : process.execPath;
  if (node === undefined) giveUp(`Node ${OLDEST} could not be fetched from the registry.`);
  const at = { root: ROOT, folder, scratch, place };
  const { drivers, seconds } = tryPackage({ ...at, client: "npm", age, nodes: [node] });
  const others = Object.entries(drivers).map(([name, range]) => `${name}@${range}`);
  process.stdout.write(`ok   ${folder} with ${others.join(", ")} (${seconds.toFixed(1)} s)\n`);
}
