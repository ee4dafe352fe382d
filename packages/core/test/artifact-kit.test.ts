import { describe, it } from "vitest";
import { artifactServiceSuite } from "../src/testing/artifacts/artifact-service-suite.ts";
import { artifactSubject } from "./broken/artifacts/subject.ts";

artifactServiceSuite(
  { describe, it },
  { name: "in-memory artifact service", store: () => artifactSubject() },
);
