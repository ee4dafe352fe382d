import { runSuite, type SuiteOptions, type TestRunner } from "../suite.ts";
import { credentialServiceCases } from "./cases.ts";
import type { CredentialLevel, CredentialSubject } from "./subject.ts";

/** Registers the conformance kit of credential services with a test runner: one test for each case. */
export function credentialServiceSuite(
  runner: TestRunner,
  options: SuiteOptions<CredentialSubject, CredentialLevel>,
): void {
  runSuite(runner, options, credentialServiceCases);
}
