import { sessionServiceCases, sessionServiceSuite } from "@adk/core/testing";
import { describe, it } from "vitest";
import { fastFileSubject, fileSubject, memorySubject } from "./support/subjects.ts";

/** Another process is on the machine's clock, and sees nothing of this one's memory. */
const notApplicable = sessionServiceCases
  .filter(({ level }) => level === "processes")
  .map(({ key }) => key);

sessionServiceSuite(
  { describe, it },
  { name: "SQLite, a file", store: fastFileSubject, knownGaps: [], notApplicable },
);

// What depends on time, on the machine's clock.
sessionServiceSuite(
  { describe, it },
  {
    name: "SQLite, a file, the machine's clock",
    store: () => fileSubject(),
    knownGaps: [],
    levels: ["lease", "subscribe", "processes", "lifecycle", "faults"],
  },
);

sessionServiceSuite(
  { describe, it },
  { name: "SQLite, in memory", store: memorySubject, knownGaps: [], notApplicable },
);
