import { runSuite, type SuiteOptions, type TestRunner } from "../suite.ts";
import { memoryServiceCases } from "./cases.ts";
import type { MemoryLevel, MemorySubject } from "./subject.ts";

/** Registers the conformance kit of memory services with a test runner: one test for each case. */
export function memoryServiceSuite(
  runner: TestRunner,
  options: SuiteOptions<MemorySubject, MemoryLevel>,
): void {
  runSuite(runner, options, memoryServiceCases);
}
