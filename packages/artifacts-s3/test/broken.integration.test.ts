import { artifactServiceCases, runCases, type ArtifactSubject } from "@adk/core/testing";
import { S3Server } from "@adk/test-services";
import { afterAll, describe, expect, it } from "vitest";
import { broken } from "./support/broken.ts";
import { s3Subject } from "./support/subject.ts";

const server = await S3Server.start();
afterAll(async () => await server[Symbol.asyncDispose]());

describe("the artifact kit catches an adapter that", { timeout: 90_000 }, () => {
  it.each(broken)("$name", async ({ subject, fails }) => {
    const named = artifactServiceCases.filter(({ key }) => fails.includes(key));
    expect(named).toHaveLength(fails.length);
    const store = async (): Promise<ArtifactSubject> => await s3Subject(server, subject);
    // It works otherwise: what fails below fails for its fault.
    const sound = artifactServiceCases.filter(({ key }) => key === "save-counts-from-zero");
    expect(await runCases(store, sound)).toEqual([{ key: "save-counts-from-zero" }]);
    const results = await runCases(store, named);
    for (const { key, error } of results)
      expect.soft(error, `${key} lets it pass`).toBeInstanceOf(Error);
  });
});
