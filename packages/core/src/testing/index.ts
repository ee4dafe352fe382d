export {
  notApplicable,
  runCases,
  runSuite,
  type CaseResult,
  type SuiteCase,
  type SuiteOptions,
  type TestRunner,
} from "./suite.ts";
export { VirtualClock } from "./virtual-clock.ts";
