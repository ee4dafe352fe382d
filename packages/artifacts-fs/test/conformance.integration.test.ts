import { artifactServiceSuite } from "@adk/core/testing";
import { tmpdir } from "node:os";
import { describe, it } from "vitest";
import { folderSubject } from "./support/subjects.ts";

// The cases of URLs apply too: what a folder cannot do is UNSUPPORTED.
artifactServiceSuite(
  { describe, it },
  { name: "a folder", store: () => folderSubject(), knownGaps: [], notApplicable: [] },
);

// Where each sync takes its time.
artifactServiceSuite(
  { describe, it },
  {
    name: "a folder on the disk",
    store: () => folderSubject(tmpdir()),
    knownGaps: [],
    notApplicable: [],
    levels: ["streams", "urls", "lifecycle", "faults"],
  },
);
