import { InMemoryArtifactService } from "../artifacts/in-memory-artifact-service.ts";
import { InMemoryMemoryService } from "../memory/in-memory-memory-service.ts";
import { InMemorySessionService } from "../sessions/in-memory-session-service.ts";
import { Runner } from "./runner.ts";
import type { RunnerConfig } from "./runner-options.ts";

export type InMemoryRunnerConfig = Omit<
  RunnerConfig,
  "sessionService" | "artifactService" | "memoryService"
>;

/** A runner with session, artifact and memory services in memory: for tests, scripts and trying things out. */
export class InMemoryRunner extends Runner {
  /** `appName` is `"InMemoryRunner"` unless it, or an app, is given. */
  constructor(config: InMemoryRunnerConfig) {
    const { clock, newId } = config ?? {};
    super({
      ...config,
      appName: config?.appName ?? config?.app?.name ?? "InMemoryRunner",
      sessionService: new InMemorySessionService({ clock, newId }),
      artifactService: new InMemoryArtifactService(),
      memoryService: new InMemoryMemoryService(),
    });
  }
}
