import { execFile } from "node:child_process";
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
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ROOT } from "./support/packed.ts";

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly publishConfig?: object;
  readonly peerDependencies?: Record<string, string>;
}

interface Publication {
  readonly manifest: Manifest;
  readonly tags: readonly string[];
}

const CANARY = /^0\.0\.0-canary-\d{14}$/;
const scratch = mkdtempSync(join(tmpdir(), "adk-canary-test-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A registry: it has what it is given, and keeps what is published. */
async function registry(
  has: Readonly<Record<string, readonly string[]>> = {},
): Promise<AsyncDisposable & { readonly url: string; readonly published: readonly Publication[] }> {
  const published: Publication[] = [];
  const server = createServer((request, response) => {
    const answer = (status: number, body: object): void =>
      void response
        .writeHead(status, { "content-type": "application/json" })
        .end(JSON.stringify(body));
    const name = decodeURIComponent((request.url ?? "").slice(1));
    if (request.method === "PUT") {
      const pieces: Buffer[] = [];
      request.on("data", (piece: Buffer) => pieces.push(piece));
      request.on("end", () => {
        const body = JSON.parse(Buffer.concat(pieces).toString()) as {
          versions: Record<string, Manifest>;
          "dist-tags": Record<string, string>;
        };
        for (const manifest of Object.values(body.versions))
          published.push({ manifest, tags: Object.keys(body["dist-tags"]) });
        answer(201, { ok: true });
      });
      return;
    }
    const versions = has[name];
    if (versions === undefined) return answer(404, { error: "Not found" });
    const manifests = versions.map((version) => [
      version,
      { name, version, dist: { tarball: `http://127.0.0.1/${name}.tgz`, shasum: "0" } },
    ]);
    answer(200, {
      name,
      "dist-tags": { latest: versions.at(-1) },
      versions: Object.fromEntries(manifests) as object,
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    published,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

let copies = 0;

/** The workspace as a release sees it, and a registry for it; `changesets` by name, as in front matter. */
function checkout(changesets: Readonly<Record<string, string>>, url: string): string {
  const root = join(scratch, String(copies++));
  for (const name of ["package.json", "pnpm-workspace.yaml", "scripts", ".changeset/config.json"])
    cpSync(join(ROOT, name), join(root, name), { recursive: true });
  for (const parent of ["packages", "apps"])
    for (const folder of readdirSync(join(ROOT, parent))) {
      const file = join(parent, folder, "package.json");
      if (!existsSync(join(ROOT, file))) continue;
      const manifest = JSON.parse(readFileSync(join(ROOT, file), "utf8")) as Manifest;
      mkdirSync(join(root, parent, folder), { recursive: true });
      // Provenance is a signature of GitHub's, which is not had here.
      const { publishConfig, ...rest } = manifest;
      const access = publishConfig && { publishConfig: { access: "public" } };
      writeFileSync(join(root, file), JSON.stringify({ ...rest, ...access }));
    }
  for (const [index, [name, size]] of Object.entries(changesets).entries())
    writeFileSync(
      join(root, `.changeset/c${index}.md`),
      `---\n"${name}": ${size}\n---\n\nA change.\n`,
    );
  const host = url.replace("http:", "");
  writeFileSync(join(root, ".npmrc"), `@adk:registry=${url}\n${host}:_authToken=none\n`);
  return root;
}

/** `node scripts/release-canary.mjs HALF`, as CI runs it. */
function canary(
  root: string,
  half: string,
  env: Record<string, string> = { CI: "true" },
): Promise<{ readonly code: unknown; readonly output: string }> {
  const PATH = [join(ROOT, "node_modules/.bin"), dirname(process.execPath), process.env["PATH"]];
  const { CI: _, ...outer } = process.env;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ["scripts/release-canary.mjs", half],
      { cwd: root, env: { ...outer, PATH: PATH.join(delimiter), NODE_OPTIONS: "", ...env } },
      (error, stdout, stderr) => resolve({ code: error?.code ?? 0, output: stdout + stderr }),
    );
  });
}

const names = readdirSync(join(ROOT, "packages"))
  .map((folder) => join(ROOT, "packages", folder, "package.json"))
  .filter((file) => existsSync(file))
  .map((file) => JSON.parse(readFileSync(file, "utf8")) as Manifest)
  .filter((manifest) => manifest.private !== true)
  .map(({ name }) => name);
const none = Object.fromEntries(names.map((name) => [name, "none"]));

describe("a canary", { timeout: 120_000 }, () => {
  it.each<[string, Record<string, string>, Record<string, string[]>]>([
    ["of a first release, with changesets that bump nothing", none, {}],
    [
      "of a core with one minor, beside adapters that the registry has",
      { "@adk/core": "minor" },
      Object.fromEntries(names.map((name) => [name, ["0.1.0", "1.0.0"]])),
    ],
  ])("%s, publishes every package as a canary, and nothing else", async (_case, changes, has) => {
    await using server = await registry(has);
    const root = checkout(changes, server.url);
    expect(await canary(root, "version")).toEqual({ code: 0, output: "" });
    const { code, output } = await canary(root, "publish");
    expect(code, output).toBe(0);
    expect(server.published.map(({ manifest }) => manifest.name).toSorted()).toEqual(
      names.toSorted(),
    );
    const [version] = server.published.map(({ manifest }) => manifest.version);
    expect(version).toMatch(CANARY);
    for (const { manifest, tags } of server.published) {
      expect(manifest.version, manifest.name).toBe(version);
      expect(tags, manifest.name).toEqual(["canary"]);
      if (manifest.name !== "@adk/core")
        expect(manifest.peerDependencies?.["@adk/core"], manifest.name).toBe(version);
    }
  });

  it("is refused while one package has a version of its own, and publishes nothing", async () => {
    await using server = await registry();
    const root = checkout(none, server.url);
    expect((await canary(root, "version")).code).toBe(0);
    const file = join(root, "packages/plugins/package.json");
    const manifest = JSON.parse(readFileSync(file, "utf8")) as Manifest;
    writeFileSync(file, JSON.stringify({ ...manifest, version: "0.1.0" }));
    // Nor a package that stands elsewhere in the workspace.
    const app = join(root, "apps/assistant/package.json");
    writeFileSync(app, JSON.stringify({ name: "@adk/strange", version: "1.0.0" }));
    const { code, output } = await canary(root, "publish");
    expect(code).toBe(1);
    expect(output).toContain("@adk/plugins has the version 0.1.0");
    expect(output).toContain("@adk/strange has the version 1.0.0");
    expect(server.published).toEqual([]);
  });

  it("is made by CI alone", async () => {
    await using server = await registry();
    const root = checkout({}, server.url);
    const { code, output } = await canary(root, "publish", {});
    expect(code).toBe(1);
    expect(output).toMatch(/^Canaries are made by CI, .*\n$/);
    expect((await canary(root, "toString")).output).toBe(
      "Name one half of a canary: version, publish.\n",
    );
  });
});
