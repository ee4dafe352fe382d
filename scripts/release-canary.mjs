// npm run release:canary, in CI alone: what main is now, as 0.0.0-canary-<time> under the tag canary. The first word says which half:
// `version` gives every public package that version, `publish` publishes them, and nothing unless all that would go out is a canary.
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { notCanaries } from "./release/not-canaries.mjs";
import { publicPackages } from "./release/public-packages.mjs";
import { runProgram } from "./release/run-program.mjs";
import { environment, giveUp, PNPM, ROOT } from "./setup.mjs";

const HALVES = { version, publish };
const [half = ""] = process.argv.slice(2);
if (!Object.hasOwn(HALVES, half))
  giveUp(`Name one half of a canary: ${Object.keys(HALVES).join(", ")}.`);
if (!process.env.CI)
  giveUp(
    "Canaries are made by CI, from a checkout that is thrown away: start the workflow Release.",
  );
HALVES[half]();

/** A package without a change moves too: so every canary of an adapter asks for the canary of core that it was built with. */
function version() {
  const folder = join(ROOT, ".changeset");
  const names = publicPackages(ROOT).map(({ manifest }) => manifest.name);
  const bumps = names.map((name) => `"${name}": patch\n`).join("");
  writeFileSync(join(folder, `canary-${randomUUID()}.md`), `---\n${bumps}---\n\nA canary.\n`);
  // Nobody reads the changelog of a canary, and GitHub's would ask GitHub for each entry.
  const file = join(folder, "config.json");
  const config = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, JSON.stringify({ ...config, changelog: false }));
  changeset(["version", "--snapshot", "canary"]);
  refuse(notCanaries(publicPackages(ROOT).map(({ manifest }) => manifest)));
}

function publish() {
  const manifests = publicPackages(ROOT).map(({ manifest }) => manifest);
  refuse(notCanaries([...manifests, ...planned()]));
  process.stdout.write(changeset(["publish", "--tag", "canary", "--no-git-tag"]));
}

/** What the registry lacks of what is here, by name and version: wherever in the workspace it is. */
function planned() {
  const folder = mkdtempSync(join(tmpdir(), "adk-canary-"));
  try {
    const file = join(folder, "plan.json");
    changeset(["publish-plan", "--output", file]);
    return JSON.parse(readFileSync(file, "utf8")).plan.flat();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** It asks and publishes through pnpm, by that name. */
function changeset(words) {
  const command = ["-y", `--package=${PNPM}`, "--", "changeset", ...words];
  return runProgram("npx", command, { cwd: ROOT, env: environment() });
}

function refuse(problems) {
  if (problems.length > 0)
    giveUp(`This is no canary, and nothing was published: ${problems.join("; ")}.`);
}
