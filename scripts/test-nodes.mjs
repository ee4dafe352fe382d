// npm run test:nodes: the unit tests of what is published, on the oldest Node that it says it runs on and on the newest; `npm test`
// runs them on ours. `npm run test:nodes -- 26.10.0` runs only the versions that are named.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { NEWEST, nodeOf, OLDEST } from "./release/node-of.mjs";
import { publicPackages } from "./release/public-packages.mjs";
import { environment, giveUp, ROOT, setUp } from "./setup.mjs";

setUp();
const asked = process.argv.slice(2);
const strange = asked.filter((version) => !/^\d+\.\d+\.\d+$/.test(version));
if (strange.length > 0)
  giveUp(`Name versions of Node, such as ${OLDEST}: ${strange.join(", ")} is none.`);

// Node 22 warns of running TypeScript, and does not know `using`; tests look at what a process says.
const quiet = "--disable-warning=ExperimentalWarning";
const lowering = `--import=${pathToFileURL(join(ROOT, "scripts/lower-using.mjs")).href}`;
const env = { ...environment(), NODE_OPTIONS: `${quiet} ${lowering}` };
// These start sources as a user with Node 24 would; what is built for Node 22 is tried by `npm run tarballs`.
const LEFT_OUT = ["the examples of the documents", "the kits under node:test"];
const others = ["--testNamePattern", `^(?!${LEFT_OUT.join("|")})`];
const projects = publicPackages(ROOT).flatMap(({ manifest }) => ["--project", manifest.name]);

for (const version of asked.length > 0 ? asked : [OLDEST, NEWEST]) {
  const node = nodeOf(version);
  if (node === undefined) giveUp(`Node ${version} could not be fetched from the registry.`);
  process.stdout.write(`On Node ${version}:\n`);
  const words = ["node_modules/vitest/vitest.mjs", "run", "--reporter=dot"];
  words.push(...projects, ...(Number.parseInt(version) < 24 ? others : []));
  const { status } = spawnSync(node, words, { cwd: ROOT, env, stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
}
