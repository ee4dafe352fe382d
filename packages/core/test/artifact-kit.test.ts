import { describe, it } from "vitest";
import { artifactServiceSuite } from "../src/testing/artifacts/artifact-service-suite.ts";
import { inMemoryArtifactSubject } from "../src/testing/artifacts/in-memory-artifact-subject.ts";

artifactServiceSuite(
  { describe, it },
  { name: "in-memory artifact service", store: () => inMemoryArtifactSubject() },
);
