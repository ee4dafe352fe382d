import { runSuite, type SuiteOptions, type TestRunner } from "../suite.ts";
import { contentCases } from "./contents.ts";
import { copyCases } from "./copies.ts";
import { faultCases } from "./faults.ts";
import { lifecycleCases } from "./lifecycle.ts";
import { nameCases } from "./names.ts";
import { scopeCases } from "./scopes.ts";
import { streamCases } from "./streams.ts";
import type { ArtifactCase, ArtifactLevel, ArtifactSubject } from "./subject.ts";
import { urlCases } from "./urls.ts";
import { versionCases } from "./versions.ts";

/** What every artifact service must do, as data. */
export const artifactServiceCases: readonly ArtifactCase[] = [
  ...versionCases,
  ...scopeCases,
  ...nameCases,
  ...contentCases,
  ...copyCases,
  ...streamCases,
  ...urlCases,
  ...lifecycleCases,
  ...faultCases,
];

/** Registers the conformance kit of artifact services with a test runner: one test for each case. */
export function artifactServiceSuite(
  runner: TestRunner,
  options: SuiteOptions<ArtifactSubject, ArtifactLevel>,
): void {
  runSuite(runner, options, artifactServiceCases);
}
