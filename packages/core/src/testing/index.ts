export { artifactServiceCases, artifactServiceSuite } from "./artifacts/artifact-service-suite.ts";
export {
  artifactStoreSubject,
  type ArtifactStoreSubjectOptions,
} from "./artifacts/artifact-store-subject.ts";
export { ArtifactStoreFaults, faultArtifactStore } from "./artifacts/fault-artifact-store.ts";
export {
  inMemoryArtifactSubject,
  type InMemoryArtifactSubjectOptions,
} from "./artifacts/in-memory-artifact-subject.ts";
export type {
  ArtifactCase,
  ArtifactLevel,
  ArtifactOpenOptions,
  ArtifactSubject,
  ArtifactSubjectCapabilities,
} from "./artifacts/subject.ts";
export { credentialServiceCases } from "./credentials/cases.ts";
export { credentialServiceSuite } from "./credentials/credential-service-suite.ts";
export type { CredentialCase, CredentialLevel, CredentialSubject } from "./credentials/subject.ts";
export {
  faultStore,
  StoreFaults,
  type FaultCommand,
  type FaultStoreOptions,
} from "./fault-store.ts";
export { memoryServiceCases } from "./memory/cases.ts";
export { memoryServiceSuite } from "./memory/memory-service-suite.ts";
export type { MemoryCase, MemoryLevel, MemorySubject } from "./memory/subject.ts";
export {
  modelSuite,
  modelSuiteCases,
  type ModelScript,
  type ModelSuiteCase,
  type ModelSuiteLevel,
  type ModelSuiteSubject,
} from "./model-suite.ts";
export { pluginCases } from "./plugins/cases.ts";
export { pluginSuite, type PluginSuiteOptions } from "./plugins/plugin-suite.ts";
export type { PluginCase, PluginEffect, PluginLevel, PluginSubject } from "./plugins/subject.ts";
export {
  ScriptedLlm,
  type ScriptedAnswer,
  type ScriptedChunk,
  type ScriptedLlmParams,
  type ScriptedRequest,
  type ScriptedTurn,
} from "./scripted-llm.ts";
export { inMemorySessionSubject } from "./sessions/in-memory-session-subject.ts";
export { sessionServiceCases, sessionServiceSuite } from "./sessions/session-service-suite.ts";
export {
  sessionStoreSubject,
  type SessionStoreConnectOptions,
  type SessionStoreSubjectOptions,
} from "./sessions/session-store-subject.ts";
export { sessionWorker } from "./sessions/session-worker.ts";
export type {
  SessionCase,
  SessionLevel,
  SessionSubject,
  SessionWorkerModule,
  SubjectOpenOptions,
} from "./sessions/subject.ts";
export type { OpenSessionWorker } from "./sessions/session-worker-tasks.ts";
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
