import { defineConfig } from "vitest/config";

/** Resolve workspace packages to their TypeScript sources: no build before a test run. */
const conditions = ["@adk/source", "module", "node", "development|production"];

function project(folder: string) {
  const base = { root: `packages/${folder}`, ssr: { resolve: { conditions } } };
  return [
    {
      ...base,
      test: {
        name: `@adk/${folder}`,
        include: ["{src,test}/**/*.test.ts"],
        exclude: ["**/*.integration.test.ts"],
      },
    },
    {
      ...base,
      test: {
        name: `@adk/${folder}:integration`,
        include: ["test/**/*.integration.test.ts"],
        fileParallelism: false,
        testTimeout: 30_000,
      },
    },
  ];
}

export default defineConfig({
  test: { projects: ["core"].flatMap(project), passWithNoTests: true },
});
