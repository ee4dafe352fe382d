import { artifactServiceCases, runCases } from "@adk/core/testing";
import { describe, expect, it } from "vitest";
import { brokenFiles } from "./support/broken.ts";
import { PatchedFiles } from "./support/patched-files.ts";
import { folderSubject } from "./support/subjects.ts";

const named = new Set(brokenFiles.flatMap(({ caughtBy }) => caughtBy));

describe("the artifact kit catches a store that", { timeout: 60_000 }, () => {
  it.each(brokenFiles)("$name", async (broken) => {
    const cases = artifactServiceCases.filter(({ key }) => broken.caughtBy.includes(key));
    expect(cases).toHaveLength(broken.caughtBy.length);
    using mistake = await PatchedFiles.begin(broken.method, broken.instead);
    const results = await runCases(() => folderSubject(), cases);
    expect(mistake.count).toBeGreaterThan(0);
    const caught = results.filter(({ error }) => error).map(({ key }) => key);
    expect(caught.toSorted()).toEqual([...broken.caughtBy].toSorted());
  });
});

it("and nothing else: the same cases pass without the mistakes", { timeout: 60_000 }, async () => {
  const cases = artifactServiceCases.filter(({ key }) => named.has(key));
  const results = await runCases(() => folderSubject(), cases);
  expect(results.filter(({ error, notApplicable }) => error ?? notApplicable)).toEqual([]);
});
