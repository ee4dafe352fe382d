import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

type Table = Record<string, string>;

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports?: Record<string, string | Table>;
  readonly dependencies?: Table;
  readonly devDependencies?: Table;
  readonly peerDependencies?: Table;
  readonly peerDependenciesMeta?: Record<string, { optional?: boolean }>;
  readonly [member: string]: unknown;
}

const PACKAGES = new URL("../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, PACKAGES), "utf8");

const folders = readdirSync(PACKAGES).filter((name) =>
  existsSync(new URL(`${name}/package.json`, PACKAGES)),
);
const all = folders.map((folder) => ({
  folder,
  manifest: JSON.parse(read(`${folder}/package.json`)) as Manifest,
}));
const published = all.filter(({ manifest }) => manifest.private !== true);

/** The packages that the sources of one import, types included; what Node brings is not among them. */
function importsOf(folder: string): string[] {
  const files = readdirSync(new URL(`${folder}/src/`, PACKAGES), { recursive: true }).map(String);
  const sources = files.filter((file) => /(?<!\.test)\.ts$/.test(file));
  const specifiers = sources.flatMap((file) => {
    const code = read(`${folder}/src/${file}`).replaceAll(/^\s*(?:\*|\/\/|\/\*).*$/gm, "");
    const pattern = /(?:\bfrom |^import |\bimport\()\s*"([^."][^"]*)"/gm;
    return [...code.matchAll(pattern)].map(([, specifier = ""]) => specifier);
  });
  const names = specifiers
    .filter((specifier) => !specifier.startsWith("node:"))
    .map((specifier) => /^(?:@[^/]+\/)?[^/]+/.exec(specifier)![0]);
  return [...new Set(names)];
}

/** Who may ask for what as a peer, and in which range: what the app also holds in its hands. */
const PEERS: Record<string, { of: RegExp; range: RegExp }> = {
  "@adk/core": { of: /^@adk\/(?!core$)/, range: /^\^\d+\.\d+\.\d+$/ },
  "@google/genai": { of: /^@adk\/core$/, range: /^>=2\.9\.0 <4$/ },
  "@opentelemetry/api": { of: /^@adk\/core$/, range: /^\^1\.9\.0$/ },
  ioredis: { of: /redis$/, range: /^\^5\.6\.1 \|\| \^6\.0\.0$/ },
  pg: { of: /postgres$/, range: /^\^8\.11\.0$/ },
  "@aws-sdk/client-s3": { of: /s3$/, range: /^\^3\.729\.0$/ },
  "@aws-sdk/s3-request-presigner": { of: /s3$/, range: /^\^3\.729\.0$/ },
};

describe.each(published)("package.json of $manifest.name", ({ folder, manifest }) => {
  it("says what every published package says", () => {
    expect(manifest).toMatchObject({
      name: `@adk/${folder}`,
      license: "Apache-2.0",
      type: "module",
      sideEffects: false,
      engines: { node: ">=22.18" },
      files: ["dist", "src", "CHANGELOG.md", "!**/*.test.ts"],
      publishConfig: { access: "public", provenance: true },
      repository: { type: "git", directory: `packages/${folder}` },
    });
    expect(manifest["version"]).toMatch(/^\d+\.\d+\.\d+/);
    expect(manifest["description"]).toMatch(/\.$/);
  });

  it("opens every door to sources, types and code, in this order", () => {
    expect(manifest.exports?.["./package.json"]).toBe("./package.json");
    for (const [door, target] of Object.entries(manifest.exports ?? {})) {
      if (typeof target === "string") continue;
      const source = target["@adk/source"] ?? "";
      const built = source.replace("./src/", "./dist/").replace(/\.ts$/, "");
      expect(Object.entries(target), door).toEqual([
        ["@adk/source", source],
        ["types", `${built}.d.ts`],
        ["default", `${built}.js`],
      ]);
      expect(existsSync(new URL(`${folder}/${source}`, PACKAGES)), source).toBe(true);
    }
  });

  it("keeps the law of peers", () => {
    for (const [peer, range] of Object.entries(manifest.peerDependencies ?? {})) {
      const law = PEERS[peer];
      expect(law, `${peer} is no peer of any package`).toBeDefined();
      expect(manifest.name, `${peer} is not its peer`).toMatch(law!.of);
      expect(range, peer).toMatch(law!.range);
      expect(
        manifest.devDependencies,
        `${peer} is what it is built and tested with`,
      ).toHaveProperty([peer]);
      expect(manifest.dependencies ?? {}, `${peer} is a peer only`).not.toHaveProperty([peer]);
    }
    if (manifest.name !== "@adk/core") {
      expect(manifest.devDependencies?.["@adk/core"]).toBe("workspace:*");
      expect(manifest.peerDependencies).toHaveProperty(["@adk/core"]);
    }
    for (const range of Object.values(manifest.dependencies ?? {})) {
      expect(range).not.toMatch(/^(?:workspace|link|file):/);
    }
  });

  it("comes with the licence, a README, and a changelog that knows its version", () => {
    expect(read(`${folder}/LICENSE`)).toBe(read("../LICENSE"));
    expect(read(`${folder}/README.md`)).toMatch(new RegExp(`^# ${manifest.name}\n`));
    const changelog = read(`${folder}/CHANGELOG.md`);
    expect(changelog).toMatch(new RegExp(`^# ${manifest.name}\n\n## `));
    expect(changelog.split("\n")).toContain(`## ${String(manifest["version"])}`);
    expect(changelog).toContain("The first release: ");
  });

  it("asks for what its sources import", () => {
    const asked = { ...manifest.dependencies, ...manifest.peerDependencies };
    const imported = importsOf(folder);
    expect(imported.length, "the sources import something").toBeGreaterThan(0);
    expect(imported.filter((name) => !Object.hasOwn(asked, name))).toEqual([]);
  });

  it("has a budget of size for every door", () => {
    const budgets = JSON.parse(read("../.size-limit.json")) as readonly { readonly path: string }[];
    const paths = budgets.map(({ path }) => path);
    const doors = Object.values(manifest.exports ?? {})
      .filter((target) => typeof target !== "string")
      .map((target) => `packages/${folder}/${target["default"]?.slice(2)}`);
    expect(paths).toEqual(expect.arrayContaining(doors));
  });
});

describe("@adk/core", () => {
  const core = published.find(({ manifest }) => manifest.name === "@adk/core")?.manifest;

  it("depends on nothing, and asks for one peer only", () => {
    expect(core).not.toHaveProperty("dependencies");
    expect(core).not.toHaveProperty("optionalDependencies");
    const required = Object.keys(core?.peerDependencies ?? {}).filter(
      (peer) => core?.peerDependenciesMeta?.[peer]?.optional !== true,
    );
    expect(required).toEqual(["@google/genai"]);
  });
});

describe("the repository", () => {
  it("pins one pnpm", () => {
    const { packageManager } = JSON.parse(read("../package.json")) as Manifest;
    const release = "../.github/workflows/release.yml";
    for (const file of ["../package.json", "../CONTRIBUTING.md", release]) {
      const named = read(file).match(/\bpnpm@[\d.]+\b/g) ?? [];
      expect([...new Set(named)], file).toEqual([packageManager]);
    }
  });
});

describe("every workspace package", () => {
  const root = new URL("../", PACKAGES);
  const places = ["packages", "apps"].flatMap((parent) =>
    existsSync(new URL(parent, root))
      ? readdirSync(new URL(parent, root)).map((name) => `${parent}/${name}`)
      : [],
  );
  const members = [...places, "bench"].filter((place) =>
    existsSync(new URL(`${place}/package.json`, root)),
  );

  it.each(members)("%s is type-checked, and built and checked when it is published", (place) => {
    const manifest = JSON.parse(read(`../${place}/package.json`)) as Manifest;
    const isPublished = manifest.private !== true;
    expect(manifest["scripts"]).toMatchObject({
      typecheck: expect.stringMatching(/^tsc -p tsconfig\.json/) as string,
      ...(isPublished && {
        build: "tsc -p tsconfig.build.json",
        "lint:pkg": expect.stringMatching(/^publint --strict && attw --pack \./) as string,
      }),
    });
  });
});

describe("private packages", () => {
  it("are named like the others and can never be published by accident", () => {
    for (const { folder, manifest } of all.filter((entry) => !published.includes(entry))) {
      expect(manifest.name).toBe(`@adk/${folder}`);
      expect(manifest).not.toHaveProperty("publishConfig");
    }
  });
});
