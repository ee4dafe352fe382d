export {
  faultStore,
  StoreFaults,
  type FaultCommand,
  type FaultStoreOptions,
} from "./fault-store.ts";
export {
  modelSuite,
  modelSuiteCases,
  type ModelScript,
  type ModelSuiteCase,
  type ModelSuiteLevel,
  type ModelSuiteSubject,
} from "./model-suite.ts";
export {
  ScriptedLlm,
  type ScriptedAnswer,
  type ScriptedChunk,
  type ScriptedLlmParams,
  type ScriptedRequest,
  type ScriptedTurn,
} from "./scripted-llm.ts";
export { inMemorySessionSubject } from "./sessions/in-memory-session-subject.ts";
export { sessionCases, sessionServiceSuite } from "./sessions/session-service-suite.ts";
export {
  storeSubject,
  type ConnectOptions,
  type StoreSubjectOptions,
} from "./sessions/store-subject.ts";
export type {
  SessionCase,
  SessionLevel,
  SessionSubject,
  SubjectOpenOptions,
} from "./sessions/subject.ts";
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
