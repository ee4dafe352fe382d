import { sessionServiceSuite } from "@adk/core/testing";
import { describe, it } from "vitest";
import { fastFileSubject, fileSubject, memorySubject } from "./support/subjects.ts";

sessionServiceSuite(
  { describe, it },
  { name: "SQLite, a file", store: fastFileSubject, knownGaps: [] },
);

// What depends on time, on the machine's clock.
sessionServiceSuite(
  { describe, it },
  {
    name: "SQLite, a file, the machine's clock",
    store: fileSubject,
    knownGaps: [],
    levels: ["lease", "subscribe", "processes", "lifecycle", "faults"],
  },
);

sessionServiceSuite(
  { describe, it },
  { name: "SQLite, in memory", store: memorySubject, knownGaps: [] },
);
