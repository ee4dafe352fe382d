import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const CHANGESETS = join(ROOT, "node_modules/@changesets/cli/bin.js");

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly peerDependencies?: Record<string, string>;
}

const scratch = mkdtempSync(join(tmpdir(), "adk-versions-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const before = published(ROOT);
const adapters = before.filter(({ name }) => name !== "@adk/core");
let copies = 0;

function published(root: string): Manifest[] {
  return readdirSync(join(root, "packages"))
    .map((folder) => join(root, "packages", folder, "package.json"))
    .filter((file) => existsSync(file))
    .map((file) => JSON.parse(readFileSync(file, "utf8")) as Manifest)
    .filter((manifest) => manifest.private !== true);
}

/** What our manifests become when these changesets, and no others, are released: `{ "@adk/core": "minor" }`. */
function release(changesets: Record<string, "major" | "minor" | "patch">): Map<string, Manifest> {
  const root = join(scratch, String(copies++));
  for (const file of ["package.json", "pnpm-workspace.yaml"])
    cpSync(join(ROOT, file), join(root, file));
  for (const parent of ["packages", "apps"])
    for (const folder of readdirSync(join(ROOT, parent))) {
      const file = join(parent, folder, "package.json");
      if (existsSync(join(ROOT, file))) cpSync(join(ROOT, file), join(root, file));
    }
  const config = JSON.parse(readFileSync(join(ROOT, ".changeset/config.json"), "utf8")) as object;
  mkdirSync(join(root, ".changeset"));
  // GitHub's changelog asks GitHub; texts are not what is looked at here.
  writeFileSync(
    join(root, ".changeset/config.json"),
    JSON.stringify({ ...config, changelog: false }),
  );
  for (const [index, [name, size]] of Object.entries(changesets).entries())
    writeFileSync(
      join(root, `.changeset/c${index}.md`),
      `---\n"${name}": ${size}\n---\n\nA change.\n`,
    );
  execFileSync(process.execPath, [CHANGESETS, "version"], { cwd: root, stdio: "pipe" });
  return new Map(published(root).map((manifest) => [manifest.name, manifest]));
}

function bump(version: string, size: "major" | "minor" | "patch"): string {
  const [major = 0, minor = 0, patch = 0] = version.split(".").map(Number);
  if (size === "major") return `${major + 1}.0.0`;
  return size === "minor" ? `${major}.${minor + 1}.0` : `${major}.${minor}.${patch + 1}`;
}

const core = before.find(({ name }) => name === "@adk/core")!;

// The config, the peer ranges and the changesets tool together: a fixed group or a pinned peer would show here.
describe("a release of @adk/core", { timeout: 60_000 }, () => {
  it.each(["minor", "patch"] as const)("%s leaves every adapter untouched", (size) => {
    const after = release({ "@adk/core": size });
    expect(after.get("@adk/core")?.version).toBe(bump(core.version, size));
    for (const adapter of adapters) expect(after.get(adapter.name)).toEqual(adapter);
  });

  it("major moves every adapter by a patch, to a range that has it", () => {
    const after = release({ "@adk/core": "major" });
    const version = bump(core.version, "major");
    expect(after.get("@adk/core")?.version).toBe(version);
    for (const adapter of adapters) {
      expect(after.get(adapter.name)?.version, adapter.name).toBe(bump(adapter.version, "patch"));
      expect(after.get(adapter.name)?.peerDependencies?.["@adk/core"]).toBe(`^${version}`);
    }
  });

  it("major, with the major changeset that we write for an adapter, moves that one so", () => {
    const [adapter, other] = adapters;
    const after = release({ "@adk/core": "major", [adapter!.name]: "major" });
    expect(after.get(adapter!.name)?.version).toBe(bump(adapter!.version, "major"));
    expect(after.get(other!.name)?.version).toBe(bump(other!.version, "patch"));
  });
});

describe("a release of an adapter", { timeout: 60_000 }, () => {
  it("moves nothing else", () => {
    const [adapter] = adapters;
    const after = release({ [adapter!.name]: "minor" });
    for (const manifest of before.filter(({ name }) => name !== adapter!.name))
      expect(after.get(manifest.name)).toEqual(manifest);
    expect(after.get(adapter!.name)?.version).toBe(bump(adapter!.version, "minor"));
  });
});
