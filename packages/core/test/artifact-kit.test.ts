import { describe, it } from "vitest";
import { artifactServiceSuite } from "../src/testing/artifacts/artifact-service-suite.ts";
import { inMemoryArtifactSubject } from "../src/testing/artifacts/in-memory-artifact-subject.ts";
import { UploadingStore } from "./broken/artifacts/uploading-store.ts";

artifactServiceSuite(
  { describe, it },
  { name: "in-memory artifact service", store: () => inMemoryArtifactSubject() },
);

artifactServiceSuite(
  { describe, it },
  {
    name: "in-memory artifact service that takes uploads",
    store: () =>
      inMemoryArtifactSubject({ store: new UploadingStore(), capabilities: { uploads: true } }),
    levels: ["urls"],
  },
);
