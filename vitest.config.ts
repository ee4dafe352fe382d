import { existsSync, readdirSync } from "node:fs";
import { defineConfig } from "vitest/config";

/** Resolve workspace packages to their TypeScript sources: no build before a test run. Not "module", which Node does not know. */
const conditions = ["@adk/source", "node", "development|production"];

/** Every workspace package is a test project: a new folder joins by existing. */
const folders = ["packages", "apps"]
  .flatMap((parent) =>
    existsSync(parent) ? readdirSync(parent).map((name) => `${parent}/${name}`) : [],
  )
  .concat("bench")
  .filter((folder) => existsSync(`${folder}/package.json`));

/** Two projects a package: `@adk/core`, fast and without network, and `@adk/core:integration`, with real backends. */
function project(root: string) {
  const base = { root, ssr: { resolve: { conditions } } };
  const name = root
    .replace("packages/", "@adk/")
    .replace("apps/", "@adk-apps/")
    .replace(/^bench$/, "@adk/bench");
  return [
    {
      ...base,
      test: {
        name,
        include: ["{src,test}/**/*.test.ts", "*.test.ts"],
        exclude: ["**/*.integration.test.ts", "**/node_modules/**"],
      },
    },
    {
      ...base,
      test: {
        name: `${name}:integration`,
        include: ["test/**/*.integration.test.ts"],
        testTimeout: 30_000,
        // After the fast ones: a mistake is seen early.
        sequence: { groupOrder: 1 },
      },
    },
  ];
}

export default defineConfig({
  test: {
    projects: folders.flatMap(project),
    passWithNoTests: true,
    // Also on two cores, where vitest would take one: files mostly wait, for servers and for processes of their own.
    maxWorkers: 2,
  },
});
