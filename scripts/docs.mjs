// npm run docs: writes the pages of docs/ that are made from sources. With --check it writes nothing and fails when one is old.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errorsPage } from "./docs/errors-page.mjs";
import { giveUp, ROOT } from "./setup.mjs";

const FILE = "docs/errors.md";
const path = join(ROOT, FILE);
const page = errorsPage(ROOT);
const isCurrent = existsSync(path) && readFileSync(path, "utf8") === page;

if (!isCurrent && process.argv.includes("--check"))
  giveUp(`${FILE} is not what its sources say: run \`npm run docs\` and commit it.`);
if (!isCurrent) writeFileSync(path, page);
process.stdout.write(`${FILE} ${isCurrent ? "is current" : "was written"}\n`);
