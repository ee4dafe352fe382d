import { describe, expect, it } from "vitest";
import { artifactServiceCases } from "../src/testing/artifacts/artifact-service-suite.ts";
import { inMemoryArtifactSubject } from "../src/testing/artifacts/in-memory-artifact-subject.ts";
import { runCases } from "../src/testing/suite.ts";
import { brokenArtifactServices } from "./broken/artifacts/broken-artifact-services.ts";

/** Volume finds none of them, and takes most of the time; `artifact-kit.test.ts` runs these too. */
const LARGE: readonly string[] = ["content-large", "stream-large"];
const cases = artifactServiceCases.filter(({ key }) => !LARGE.includes(key));

/** A kit that finds nothing proves nothing: each of these services differs from the one in memory in one thing. */
describe("the artifact kit finds", () => {
  it("nothing wrong with the service in memory", async () => {
    const results = await runCases(() => inMemoryArtifactSubject(), cases);
    expect(results.filter(({ error }) => error !== undefined)).toEqual([]);
  });

  it.each(brokenArtifactServices)("that $name", async ({ make, failing }) => {
    const results = await runCases(() => inMemoryArtifactSubject(make()), cases);
    const failed = results.filter(({ error }) => error !== undefined).map(({ key }) => key);
    expect(failed.toSorted()).toEqual(failing.toSorted());
  });
});
