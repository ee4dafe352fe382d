// npm run tarballs: each adapter installs alone, from its tarball, with core's tarball and its driver, in a folder outside of this
// repository, and the example of its README runs there. Arguments are folders of packages; none means all adapters.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import {
  freshKeyPrefix,
  freshSchema,
  sharedPostgres,
  sharedRedis,
} from "../packages/test-services/src/index.ts";
import { PNPM, ROOT } from "./setup.mjs";

const PACKAGES = join(ROOT, "packages");
/** What an adapter's example talks to: a place of its own on a real server. */
const PLACES = {
  "sessions-postgres": async () => {
    const server = await sharedPostgres();
    const place = await freshSchema(server);
    return { url: `${server.url}?schema=${place.schema}`, inside: [place, server] };
  },
  "sessions-redis": async () => {
    const server = await sharedRedis();
    const place = await freshKeyPrefix(server);
    return { url: `${server.url}?keyPrefix=${place.keyPrefix}`, inside: [place, server] };
  },
};

const adapters = readdirSync(PACKAGES).filter((name) => name.startsWith("sessions-"));
const chosen = process.argv.length > 2 ? process.argv.slice(2) : adapters;
const place = mkdtempSync(join(tmpdir(), "adk-tarballs-"));
try {
  const filters = ["core", ...chosen].map((name) => `--filter=@adk/${name}`);
  const build = ["exec", "turbo", "run", "build", "--output-logs=errors-only"];
  run("npx", ["-y", PNPM, ...build, ...filters]);
  for (const name of chosen) await tryAdapter(name);
} finally {
  rmSync(place, { recursive: true, force: true });
}

/** The oldest Node that it says it runs on with the oldest drivers, and ours with the newest. */
async function tryAdapter(name) {
  const { engines, peerDependencies } = readManifest(join("packages", name));
  const { "@adk/core": _core, ...drivers } = peerDependencies;
  const oldest = Object.entries({ node: engines.node, ...drivers });
  const newest = Object.entries({ node: readManifest(".").devDependencies.node, ...drivers });
  await tryOnce(
    name,
    oldest.map(([peer, range]) => `${peer}@${/[\d.]+/.exec(range)[0]}`),
  );
  await tryOnce(
    name,
    newest.map(([peer, range]) => `${peer}@${range}`),
  );
}

/** An application of its own: nothing but what its user would install. */
async function tryOnce(name, others) {
  const startedAt = performance.now();
  const server = Object.hasOwn(PLACES, name) ? await PLACES[name]() : { inside: [] };
  try {
    install(name, others, server.url);
  } finally {
    for (const each of server.inside) await each[Symbol.asyncDispose]();
  }
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  process.stdout.write(`ok   ${name} with ${others.join(", ")} (${seconds} s)\n`);
}

function install(name, others, url) {
  const folder = mkdtempSync(join(place, `${name}-`));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  const quietly = ["--no-audit", "--no-fund", "--loglevel=error"];
  run("npm", ["install", ...quietly, pack("core"), pack(name), ...others], folder);
  compile(folder, "example.ts", exampleOf(name, url));
  // Another start finds what the first one stored.
  const said = [start(folder, "example.js"), start(folder, "example.js")];
  assert.equal(said[1], said[0] + 1, `${name}: the example said ${said.join(", then ")}`);
  compile(folder, "by-uri.ts", byUri(url ?? "sqlite:data/sessions.db"));
  assert.equal(start(folder, "by-uri.js"), 1, `${name}: createSessionService finds other sessions`);
}

/** As its user would: Node 22 knows no `await using`, and the types must be there. */
function compile(folder, file, code) {
  writeFileSync(join(folder, file), code);
  const lib = ["--lib", "es2024,esnext.disposable", "--target", "es2022", "--module", "nodenext"];
  const types = ["--types", "node", "--typeRoots", join(ROOT, "node_modules/@types")];
  const words = [...lib, ...types, "--strict", "--skipLibCheck", file];
  run(join(ROOT, "node_modules/.bin/tsc"), words, folder);
}

/** @returns the number that the program printed, on the folder's own Node. */
function start(folder, file) {
  const path = [join(folder, "node_modules/.bin"), process.env.PATH].join(delimiter);
  return Number(run("node", [file], folder, { ...process.env, PATH: path, NODE_OPTIONS: "" }));
}

function byUri(uri) {
  return `import { createSessionService } from "@adk/core";
await using service = await createSessionService(${JSON.stringify(uri)});
const { sessions } = await service.listSessions({ appName: "shop" });
console.log(sessions.length);
`;
}

/** The first example of the README, at our server. */
function exampleOf(name, url) {
  const [, code] = /```ts[^\n]*\n([\s\S]*?)```/.exec(
    readFileSync(join(PACKAGES, name, "README.md"), "utf8"),
  );
  return url === undefined ? code : code.replace(/"\w+:\/\/[^"]*"/, JSON.stringify(url));
}

function pack(name) {
  const folder = join(place, "tarballs", name);
  mkdirSync(folder, { recursive: true });
  if (readdirSync(folder).length === 0)
    run("npx", ["-y", PNPM, "pack", "--pack-destination", folder], join(PACKAGES, name));
  return join(folder, readdirSync(folder)[0]);
}

function readManifest(folder) {
  return JSON.parse(readFileSync(join(ROOT, folder, "package.json"), "utf8"));
}

/** @returns what the program wrote to its output. */
function run(file, words, cwd = ROOT, env = process.env) {
  const { status, stdout, stderr, error } = spawnSync(file, words, { cwd, env, encoding: "utf8" });
  assert.equal(
    status,
    0,
    `${file} ${words.join(" ")} failed: ${error?.message ?? ""}${stdout}${stderr}`,
  );
  return stdout;
}
