import assert from "node:assert/strict";
import { join } from "node:path";
import { Application, byUri, exampleOf, pack } from "./application.mjs";
import { driversOf } from "./drivers.mjs";
import { readManifest } from "./public-packages.mjs";

/**
 * A package alone, from its tarball, with core's tarball and its driver: its README's example compiles, runs on each of
 * `nodes`, and finds in each start what the one before stored; an adapter is found by its URI.
 *
 * @returns what was installed and what it took: `{ drivers, packages, bytes, seconds }`.
 */
export function tryPackage({ root, folder, scratch, client, age, nodes, place }) {
  const startedAt = performance.now();
  const code = exampleOf(root, folder, place);
  const core = readManifest(join(root, "packages/core"));
  const manifest = readManifest(join(root, "packages", folder));
  const drivers = driversOf([core, manifest], age);
  const tarballs = Object.fromEntries(
    ["core", folder].map((name) => [
      `@adk/${name}`,
      `file:${pack(root, name, join(scratch, "tarballs"))}`,
    ]),
  );
  const doors = ["core", folder].map((name) => readManifest(join(root, "packages", name)));
  const application = new Application({
    folder: join(scratch, `${folder}-${client}-${age}`),
    tools: join(root, "node_modules"),
    env: place.env,
  });
  const asked = { ...besidesOf(code, manifest), ...drivers, ...tarballs };
  const size = application.install(client, asked);
  application.compile("example.ts", code);
  if (place.uri !== undefined) application.compile("by-uri.ts", byUri(folder, place.uri));
  application.write("doors.js", everyDoor(doors));
  for (const node of nodes) {
    runDoors(node, application, manifest);
    runOn(node, application, { folder, code, place });
  }
  application.remove();
  return { drivers, ...size, seconds: (performance.now() - startedAt) / 1_000 };
}

/** What a door imports must have been installed with the package; each is there, and opens on something. */
function everyDoor(manifests) {
  const doors = manifests.flatMap(({ name, exports }) =>
    Object.keys(exports)
      .filter((door) => door !== "./package.json")
      .map((door) => name + door.slice(1)),
  );
  return `for (const door of ${JSON.stringify(doors)})
  if (Object.keys(await import(door)).length === 0) throw new Error(\`\${door} exports nothing\`);
console.log("open");
`;
}

function runDoors(node, application, { name, bin = {} }) {
  assert.equal(application.start(node, "doors.js"), "open");
  for (const file of Object.values(bin))
    assert.notEqual(application.start(node, join("node_modules", name, file), ["--help"]), "");
}

function runOn(node, application, { folder, code, place }) {
  const first = application.start(node, "example.js");
  const second = application.start(node, "example.js");
  if (code.includes("one more with each start"))
    assert.equal(Number(second), Number(first) + 1, `${folder}: ${first}, then ${second}`);
  if (place.uri !== undefined) {
    const found = Number(application.start(node, "by-uri.js"));
    assert.ok(found > 0, `${folder}: by its URI it finds what the example stored, not ${found}`);
  }
}

/** What an example imports that is neither Node's, nor ours, nor a peer: in the version that it is developed with. */
function besidesOf(code, { peerDependencies = {}, devDependencies = {} }) {
  const names = [...code.matchAll(/from "([^".]+)"/g)].map(([, name]) => name);
  const others = names.filter(
    (name) => !/^(node:|@adk\/)/.test(name) && !(name in peerDependencies),
  );
  return Object.fromEntries(
    others.map((name) => {
      assert.ok(name in devDependencies, `the example imports ${name}, which is not installed`);
      return [name, devDependencies[name]];
    }),
  );
}
