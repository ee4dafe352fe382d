import { type BaseAgent, isBaseAgent } from "../agents/base-agent.ts";
import { type App, isApp, type ResumabilityConfig } from "../app/app.ts";
import type { BaseArtifactService } from "../artifacts/base-artifact-service.ts";
import type { BaseCredentialService } from "../auth/base-credential-service.ts";
import type { Logger } from "../context/logger.ts";
import { AdkError } from "../errors.ts";
import { checkOptions, having, integer, type OptionCheck } from "../internal/check-options.ts";
import type { Clock } from "../internal/clock.ts";
import { idProblem } from "../internal/id-problem.ts";
import type { IdSource } from "../internal/ids.ts";
import type { BaseMemoryService } from "../memory/base-memory-service.ts";
import type { BasePlugin } from "../plugins/base-plugin.ts";
import type { BaseSessionService } from "../sessions/base-session-service.ts";

/** Options of a runner. Unknown and ill-typed ones are refused. */
export interface RunnerConfig {
  /** Either an app, or an agent with an `appName`. */
  app?: App | undefined;
  agent?: BaseAgent | undefined;
  /** With `app`: overrides the app's name. */
  appName?: string | undefined;
  /** Only with `agent`; plugins of an app belong to the app. */
  plugins?: BasePlugin[] | undefined;
  sessionService: BaseSessionService;
  artifactService?: BaseArtifactService | undefined;
  memoryService?: BaseMemoryService | undefined;
  credentialService?: BaseCredentialService | undefined;
  /** Only with `agent`. @defaultValue not resumable */
  resumabilityConfig?: ResumabilityConfig | undefined;
  /** Whether a missing session is created under the given id. @defaultValue false */
  autoCreateSession?: boolean | undefined;
  /** How long a plugin may take to close, in milliseconds. @defaultValue 5,000 */
  pluginCloseTimeoutMs?: number | undefined;
  /** How long a toolset may take to close, in milliseconds. @defaultValue 10,000 */
  toolsetCloseTimeoutMs?: number | undefined;
  /** How long work that was told to stop is waited for, in milliseconds. @defaultValue 5,000 */
  abortGraceMs?: number | undefined;
  /** How long a run's lease lives without a sign of life, in milliseconds; 100–3,600,000. @defaultValue 15,000 */
  leaseTtlMs?: number | undefined;
  /** How long an event may wait for the caller before the lease is no longer renewed, in milliseconds. @defaultValue 300,000 */
  consumerIdleMs?: number | undefined;
  /** @defaultValue warnings and errors to `console` */
  logger?: Logger | undefined;
  /** @defaultValue the machine's */
  clock?: Clock | undefined;
  /** Of events, calls, invocations and leases. @defaultValue random UUIDs */
  newId?: IdSource | undefined;
}

/** A session store: what a service is made of. */
function isStore(value: unknown): boolean {
  const { append, read, openSession } = (value ?? {}) as Record<string, unknown>;
  return (
    typeof append === "function" && typeof read === "function" && typeof openSession !== "function"
  );
}

/** A row for every option. */
export const RUNNER_OPTIONS: Readonly<Record<keyof RunnerConfig, OptionCheck>> = {
  app: (value) => (isApp(value) ? undefined : "an App"),
  agent: (value) => (isBaseAgent(value) ? undefined : "an agent"),
  appName: (value) => idProblem(value) && "a name of 1–512 bytes of well-formed text without NUL",
  plugins: "array",
  sessionService: (value) =>
    typeof value === "string"
      ? "a session service. With a URL make one: `await createSessionService(url)`"
      : isStore(value)
        ? "a session service. Wrap the store in one: `new BaseSessionService(store)`"
        : having("a session service", "openSession", "appendEvent")(value),
  artifactService: having("an artifact service", "saveArtifact", "loadArtifact"),
  memoryService: having("a memory service", "addSessionToMemory", "searchMemory"),
  credentialService: having("a credential service", "loadCredential", "saveCredential"),
  resumabilityConfig: "object",
  autoCreateSession: "boolean",
  pluginCloseTimeoutMs: integer(0),
  toolsetCloseTimeoutMs: integer(0),
  abortGraceMs: integer(0),
  leaseTtlMs: integer(100, 3_600_000),
  consumerIdleMs: integer(1),
  logger: having("a logger", "debug", "info", "warn", "error"),
  clock: having("a clock", "now", "after"),
  newId: "function",
};

/** @throws AdkError `INVALID_ARGUMENT` */
export function checkRunnerConfig(config: RunnerConfig): void {
  if (isBaseAgent(config))
    throw invalid("takes its options as an object. Give it `{ agent, appName, sessionService }`");
  checkOptions("Runner", config, RUNNER_OPTIONS);
  const { app, agent, appName, plugins, resumabilityConfig } = config;
  if (app && agent) throw invalid("takes an `app` or an `agent`, not both. Leave one out");
  if (!app && !agent) throw invalid("needs an `app`, or an `agent` with an `appName`");
  if (app && plugins) throw invalid("takes no `plugins` beside an `app`. Give them to the App");
  if (app && resumabilityConfig)
    throw invalid("takes no `resumabilityConfig` beside an `app`. Give it to the App");
  if (agent && appName === undefined)
    throw invalid("needs an `appName` when it is given an `agent`");
  if (agent?.parentAgent)
    throw invalid(
      `needs the root of a tree of agents; ${agent.name} is below ${agent.parentAgent.name}. Give the root, or a clone()`,
    );
  if (config.sessionService === undefined)
    throw invalid("needs a `sessionService`, for instance new InMemorySessionService()");
}

function invalid(what: string): AdkError {
  return new AdkError("INVALID_ARGUMENT", `Runner ${what}.`);
}
