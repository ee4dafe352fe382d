import { spawn } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ROOT } from "./support/packed.ts";

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const { packageManager } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  packageManager: string;
};

let clone: string;
let tools: string;

/** A clone with the scripts only, and an `npx` that notes its arguments and installs nothing but a Node. */
beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), "adk-clone-"));
  for (const name of ["package.json", "pnpm-lock.yaml", "pnpm-workspace.yaml", "scripts"]) {
    cpSync(join(ROOT, name), join(clone, name), { recursive: true });
  }
  tools = join(clone, "tools");
  program(
    "apps/assistant/main.ts",
    `let count = 0;
     process.on("SIGINT", () => console.log("SIGINT", ++count));
     process.stdin.on("data", () => {}).on("end", () => process.exit(7));
     console.log("ready", ...process.argv.slice(2));`,
  );
  npx(`echo "$@" >> "${clone}/installs"
    mkdir -p "${clone}/node_modules/node/bin"
    touch "${clone}/node_modules/.modules.yaml"
    ln -sf "${process.execPath}" "${clone}/node_modules/node/bin/node"`);
});
afterEach(() => rmSync(clone, { recursive: true, force: true }));

function program(path: string, text: string): void {
  mkdirSync(dirname(join(clone, path)), { recursive: true });
  writeFileSync(join(clone, path), text);
}

function npx(body: string): void {
  program("tools/npx", `#!/bin/sh\n${body}\n`);
  chmodSync(join(tools, "npx"), 0o755);
}

function installs(): string[] {
  const log = join(clone, "installs");
  return existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
}

/** Runs a script; `during` sees what it prints and may write to it or signal it. */
function run(
  args: readonly string[],
  options: { path?: string; during?: (child: ReturnType<typeof spawn>, text: string) => void } = {},
): Promise<Outcome> {
  const child = spawn(process.execPath, args, {
    cwd: clone,
    detached: true,
    env: { ...process.env, PATH: options.path ?? `${tools}:/usr/bin:/bin` },
  });
  const output = { stdout: "", stderr: "" };
  child.stderr.on("data", (chunk) => (output.stderr += String(chunk)));
  child.stdout.on("data", (chunk) => {
    output.stdout += String(chunk);
    options.during?.(child, String(chunk));
  });
  if (options.during === undefined) child.stdin.end();
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, ...output })));
}

describe("scripts/setup.mjs", () => {
  it("installs from the lock file once, and again when the lock file has changed", async () => {
    expect((await run(["scripts/setup.mjs"])).code).toBe(0);
    expect((await run(["scripts/setup.mjs"])).code).toBe(0);
    expect(installs()).toEqual([
      expect.stringMatching(`^-y ${packageManager} install --frozen-lockfile`),
    ]);
    appendFileSync(join(clone, "pnpm-lock.yaml"), "# changed\n");
    expect((await run(["scripts/setup.mjs"])).code).toBe(0);
    expect(installs()).toHaveLength(2);
  });

  it.each([
    ["there is no npx", "", "npx was not found on the PATH: install npm"],
    [
      "the registry is away",
      "echo ERR getaddrinfo ENOTFOUND r >&2; exit 1",
      "could not be reached",
    ],
    ["the lock file is stale", "echo ERR_PNPM_OUTDATED_LOCKFILE; exit 1", "does not match"],
    ["the disk is full", "echo ENOSPC: no space left; exit 1", "The disk is full"],
    ["something else is wrong", "echo riddle; exit 3", "to see why"],
  ])("says in one sentence when %s", async (_case, body, sentence) => {
    if (body === "") rmSync(join(tools, "npx"));
    else npx(body);
    const { code, stdout, stderr } = await run(["scripts/start.mjs"], { path: tools });
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr.trim().split("\n")).toEqual([
      expect.stringContaining("Installing the dependencies"),
      expect.stringContaining(sentence),
    ]);
    expect(existsSync(join(clone, "node_modules/.adk-setup"))).toBe(false);
  });

  it("refuses an old Node by name", async () => {
    const old = "Object.defineProperty(process.versions, 'node', { value: '18.20.0' });";
    const { code, stderr } = await run([
      "--import",
      `data:text/javascript,${old}`,
      "scripts/setup.mjs",
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Node 20 or newer is needed.*\n$/);
  });
});

describe("scripts/start.mjs", () => {
  it("passes arguments, input and the exit code", async () => {
    const { code, stdout } = await run(["scripts/start.mjs", "--user", "me"]);
    expect(stdout).toBe("ready --user me\n");
    expect(code).toBe(7);
  });

  it("passes a signal that the whole group gets once", async () => {
    const { code, stdout } = await run(["scripts/start.mjs"], {
      during: (child, text) => {
        if (text.startsWith("ready")) process.kill(-child.pid!, "SIGINT");
        else child.stdin!.end();
      },
    });
    expect(stdout).toBe("ready\nSIGINT 1\n");
    expect(code).toBe(7);
  });
});

describe("scripts/run.mjs", () => {
  it("names the programs that it knows", async () => {
    const { code, stderr } = await run(["scripts/run.mjs", "toString"]);
    expect(code).toBe(1);
    const [, names = ""] = /^Name one of the programs: ([^.]+)\.\n$/.exec(stderr) ?? [];
    const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    const programs = Object.keys(scripts).filter((name) =>
      scripts[name].startsWith("node scripts/run.mjs "),
    );
    expect(names.split(", ").toSorted()).toEqual(programs.toSorted());
    expect(programs).toContain("parity");
  });
});

describe("scripts/stories.mjs", () => {
  const STORY = JSON.stringify({ keywords: ["story"] });

  it("names what a story did not run, counts it, and fails with a story that fails", async () => {
    for (const name of ["first", "second", "third"]) program(`apps/${name}/package.json`, STORY);
    program("apps/first/main.ts", `console.log("a step"); console.log("All of it was so.");`);
    program(
      "apps/second/main.ts",
      `console.error("not run: Redis cannot be had"); console.log("not run: a disk");
       console.log("not run: a disk"); console.log("Half of it was so.");`,
    );
    const { code, stdout } = await run(["scripts/stories.mjs", "first", "second"]);
    expect(stdout.replaceAll(/ +[\d.]+ s {2}/g, " ")).toBe(
      [
        "ok   first All of it was so.",
        "ok   second Half of it was so.",
        "     not run: a disk",
        "     not run: Redis cannot be had",
        "2 passed, 0 failed, 2 not run",
        "",
      ].join("\n"),
    );
    expect(code).toBe(0);
    program("apps/third/main.ts", `console.log("It was not so."); process.exitCode = 1;`);
    const third = await run(["scripts/stories.mjs", "third"]);
    expect(third.stdout).toContain("0 passed, 1 failed\n");
    expect(third.code).toBe(1);
  });
});

describe.each([
  ["tarballs", "scripts/tarballs.mjs"],
  ["release:dry", "scripts/release-dry.mjs"],
])("npm run %s", (name, file) => {
  // They read the packages that are here.
  const words = ["--conditions=@adk/source", join(ROOT, file)];

  it("--help says how it is used, and does nothing", async () => {
    const { code, stdout } = await run([...words, "--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain(`npm run ${name} -- [PACKAGE …]`);
    expect(stdout).toContain("The packages are: core, ");
  });

  it("refuses a package that is not published in one sentence", async () => {
    const { code, stdout, stderr } = await run([...words, "core", "test-services"]);
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^No package test-services is published: there are core, .*\.\n$/);
  });
});
