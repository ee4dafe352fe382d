import { isBaseAgent } from "../agents/base-agent.ts";
import { InMemoryArtifactService } from "../artifacts/in-memory-artifact-service.ts";
import { AdkError } from "../errors.ts";
import { checkOptions, type OptionCheck } from "../internal/check-options.ts";
import { InMemoryMemoryService } from "../memory/in-memory-memory-service.ts";
import { InMemorySessionService } from "../sessions/in-memory-session-service.ts";
import { Runner } from "./runner.ts";
import { RUNNER_OPTIONS, type RunnerConfig } from "./runner-options.ts";

/** Options of a `Runner`, without the services that an in-memory runner brings. */
export type InMemoryRunnerConfig = Omit<
  RunnerConfig,
  "sessionService" | "artifactService" | "memoryService"
>;

const given: OptionCheck = () => "left out, for this runner brings its own (use `Runner`)";

const OPTIONS: typeof RUNNER_OPTIONS = {
  ...RUNNER_OPTIONS,
  sessionService: given,
  artifactService: given,
  memoryService: given,
};

/** A runner with session, artifact and memory services in memory: for tests, scripts and trying things out. */
export class InMemoryRunner extends Runner {
  /** `appName` is `"InMemoryRunner"` unless it, or an app, is given. */
  constructor(config: InMemoryRunnerConfig) {
    if (isBaseAgent(config)) throw invalid("takes its options as an object. Give it `{ agent }`");
    checkOptions("InMemoryRunner", config, OPTIONS);
    if (!config.agent && !config.app) throw invalid("needs an `agent` or an `app`");
    const { clock, newId } = config;
    super({
      ...config,
      appName: config.appName ?? config.app?.name ?? "InMemoryRunner",
      sessionService: new InMemorySessionService({ clock, newId }),
      artifactService: new InMemoryArtifactService(),
      memoryService: new InMemoryMemoryService(),
    });
  }
}

function invalid(what: string): AdkError {
  return new AdkError("INVALID_ARGUMENT", `InMemoryRunner ${what}.`);
}
