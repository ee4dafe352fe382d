import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { PNPM } from "../setup.mjs";
import { sizeOf } from "./size-of.mjs";
import { runProgram } from "./run-program.mjs";

const INSTALLS = {
  npm: ["npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]],
  pnpm: ["npx", ["-y", PNPM, "install", "--ignore-scripts", "--prefer-offline"]],
};

/** An application of its own, outside of the repository: nothing is there but what its user would install. */
export class Application {
  #folder;
  #tools;
  #env;

  /** @param tools a `node_modules` with the compiler. @param env what its processes are told besides. */
  constructor({ folder, tools, env }) {
    this.#folder = folder;
    this.#tools = tools;
    // An example is started a dozen times; what was compiled is kept beside it.
    const cache = join(folder, "compiled");
    this.#env = { ...process.env, ...env, NODE_OPTIONS: "", NODE_COMPILE_CACHE: cache };
  }

  /** @returns how many packages were installed, and their bytes. */
  install(client, dependencies) {
    mkdirSync(this.#folder, { recursive: true });
    const manifest = { name: "application", private: true, type: "module", dependencies };
    this.write("package.json", JSON.stringify(manifest));
    const [file, words] = INSTALLS[client];
    runProgram(file, words, { cwd: this.#folder });
    return sizeOf(join(this.#folder, "node_modules"));
  }

  /** As its user would: Node 22 knows no `await using`, and the types must be there. */
  compile(file, code) {
    this.write(file, code);
    const lib = ["--lib", "es2024,esnext.disposable", "--target", "es2022", "--module", "nodenext"];
    const types = ["--types", "node", "--typeRoots", join(this.#tools, "@types")];
    const words = [...lib, ...types, "--strict", "--skipLibCheck", file];
    runProgram(join(this.#tools, ".bin/tsc"), words, { cwd: this.#folder });
  }

  /** @returns the first word that the program printed, on this Node. */
  start(node, file, words = []) {
    const said = runProgram(node, [file, ...words], { cwd: this.#folder, env: this.#env });
    return said.trim().split(/\s+/)[0];
  }

  /** Two dozen of them would take gigabytes. */
  remove() {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  write(file, text) {
    const path = join(this.#folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

/** The first example of a package's README, at the place that it is given. */
export function exampleOf(root, folder, { isServer, uri }) {
  const readme = readFileSync(join(root, "packages", folder, "README.md"), "utf8");
  const [, code] = /```ts[^\n]*\n([\s\S]*?)```/.exec(readme) ?? [];
  assert.notEqual(code, undefined, `packages/${folder}/README.md has no example`);
  return isServer ? code.replace(/"\w+:\/\/[^"]*"/, JSON.stringify(uri)) : code;
}

/** A program that opens the place by its URI alone, and prints how much it finds. */
export function byUri(folder, uri) {
  const [create, list] = folder.startsWith("sessions-")
    ? ["createSessionService", `(await service.listSessions({ appName: "shop" })).sessions`]
    : [
        "createArtifactService",
        `await service.listArtifactKeys({ appName: "shop", userId: "ada", sessionId: "s1" })`,
      ];
  return `import { ${create} } from "@adk/core";
await using service = await ${create}(${JSON.stringify(uri)});
const found = ${list};
console.log(found.length);
`;
}

/** The tarball of a package of `root`, made once. */
export function pack(root, folder, tarballs) {
  const destination = join(tarballs, folder);
  mkdirSync(destination, { recursive: true });
  if (readdirSync(destination).length === 0)
    runProgram("npx", ["-y", PNPM, "pack", "--pack-destination", destination], {
      cwd: join(root, "packages", folder),
    });
  return join(destination, readdirSync(destination)[0]);
}
