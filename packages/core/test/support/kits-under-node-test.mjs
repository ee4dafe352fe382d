// The kits under Node's own test runner: `node --conditions=@adk/source --test test/support/kits-under-node-test.mjs`.
import { describe, it } from "node:test";
import {
  artifactServiceSuite,
  inMemoryArtifactSubject,
  inMemorySessionSubject,
  sessionServiceCases,
  sessionServiceSuite,
} from "@adk/core/testing";

/** Another process sees nothing of this one's memory. */
const notApplicable = sessionServiceCases
  .filter(({ level }) => level === "processes")
  .map(({ key }) => key);
const knownGaps = process.env.KIT_KNOWN_GAP ? [process.env.KIT_KNOWN_GAP] : [];

sessionServiceSuite(
  { describe, it },
  { name: "sessions in memory", store: () => inMemorySessionSubject(), knownGaps, notApplicable },
);
artifactServiceSuite(
  { describe, it },
  { name: "artifacts in memory", store: () => inMemoryArtifactSubject() },
);
