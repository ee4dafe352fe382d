import { runSuite, type SuiteOptions, type TestRunner } from "../suite.ts";
import { appendCases } from "./append.ts";
import { createCases } from "./create.ts";
import { faultCases } from "./faults.ts";
import { forkCases } from "./fork.ts";
import { invocationCases } from "./invocation.ts";
import { leaseCases } from "./lease.ts";
import { lifecycleCases } from "./lifecycle.ts";
import { listCases } from "./list.ts";
import { processCases } from "./processes.ts";
import { readCases } from "./read.ts";
import { stateCases } from "./state.ts";
import type { SessionCase, SessionLevel, SessionSubject } from "./subject.ts";
import { subscribeCases } from "./subscribe.ts";
import { valueCases } from "./values.ts";

/** What every session service must do, one case a clause. New clauses come as new keys in a minor version. */
export const sessionServiceCases: readonly SessionCase[] = [
  ...createCases,
  ...appendCases,
  ...stateCases,
  ...readCases,
  ...listCases,
  ...valueCases,
  ...forkCases,
  ...leaseCases,
  ...invocationCases,
  ...subscribeCases,
  ...processCases,
  ...lifecycleCases,
  ...faultCases,
];

/**
 * Tests a session service against its contract, with any test runner:
 *
 * ```ts
 * sessionServiceSuite({ describe, it }, { name: "redis 8", store: () => redis.freshStore() });
 * ```
 */
export function sessionServiceSuite(
  runner: TestRunner,
  options: SuiteOptions<SessionSubject, SessionLevel>,
): void {
  runSuite(runner, options, sessionServiceCases);
}
