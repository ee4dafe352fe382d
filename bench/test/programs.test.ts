import { beforeAll, describe, expect, it } from "vitest";
import { expectedOf, programNames, runPrograms } from "../src/programs.ts";

// What is expected was recorded with @google/adk 2.0.0; `npm run bench -- programs` runs them with both.
describe("a program written for @google/adk", () => {
  let printed: Record<string, string> = {};
  beforeAll(async () => {
    printed = await runPrograms("@adk/core", ["--conditions=@adk/source"]);
  }, 30_000);

  it("comes in at least a dozen kinds", () => {
    expect(programNames().length).toBeGreaterThanOrEqual(12);
  });

  it.each(programNames())("prints the same with @adk/core: %s", (name) => {
    expect(printed[name]).toBe(expectedOf(name));
  });
});
