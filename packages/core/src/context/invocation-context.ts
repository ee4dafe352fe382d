import type { BaseAgent } from "../agents/base-agent.ts";
import type { SessionArtifactService } from "../artifacts/session-artifact-service.ts";
import type { BaseCredentialService } from "../auth/base-credential-service.ts";
import type { Content } from "../content/content.ts";
import { AdkError } from "../errors.ts";
import type { BaseMemoryService } from "../memory/base-memory-service.ts";
import type { PluginManager } from "../plugins/plugin-manager.ts";
import type { BaseSessionService } from "../sessions/base-session-service.ts";
import type { Session } from "../sessions/session.ts";
import type { Invocation } from "./invocation.ts";
import type { RunConfig } from "./run-config.ts";

export interface InvocationContextParams {
  readonly invocation: Invocation;
  readonly agent: BaseAgent;
  readonly branch?: string | undefined;
  /** Narrower than the invocation's own: a parallel agent stops its branches with it. */
  readonly abortSignal?: AbortSignal | undefined;
}

/**
 * Where an agent runs: the invocation, which all agents share, and the agent and branch, which are its own. Each agent
 * gets a context of its own; `endInvocation` set on one ends that agent's run.
 */
export class InvocationContext {
  readonly invocation: Invocation;
  readonly agent: BaseAgent;
  /** Dotted path of parallel agents; absent outside of them. */
  readonly branch: string | undefined;
  /** Set to true to end this agent's run after the current step. */
  endInvocation = false;

  /** Aborted when this agent is to stop. */
  readonly abortSignal: AbortSignal;

  constructor({ invocation, agent, branch, abortSignal }: InvocationContextParams) {
    this.invocation = invocation;
    this.agent = agent;
    this.branch = branch;
    this.abortSignal = abortSignal ?? invocation.signal;
  }

  get invocationId(): string {
    return this.invocation.id;
  }
  get session(): Session {
    return this.invocation.session;
  }
  get appName(): string {
    return this.invocation.session.appName;
  }
  get userId(): string {
    return this.invocation.session.userId;
  }
  get userContent(): Content | undefined {
    return this.invocation.userContent;
  }
  get runConfig(): RunConfig {
    return this.invocation.runConfig;
  }
  get sessionService(): BaseSessionService {
    return this.invocation.sessionService;
  }
  /** Artifacts of this session. */
  get artifactService(): SessionArtifactService | undefined {
    return this.invocation.artifactService;
  }
  get memoryService(): BaseMemoryService | undefined {
    return this.invocation.memoryService;
  }
  get credentialService(): BaseCredentialService | undefined {
    return this.invocation.credentialService;
  }
  get pluginManager(): PluginManager {
    return this.invocation.pluginManager;
  }
  get isResumable(): boolean {
    return this.invocation.resumable;
  }

  /** The same invocation for another agent or branch. */
  clone(
    overrides: { agent?: BaseAgent; branch?: string | undefined; abortSignal?: AbortSignal } = {},
  ): InvocationContext {
    return new InvocationContext({
      invocation: this.invocation,
      agent: overrides.agent ?? this.agent,
      branch: "branch" in overrides ? overrides.branch : this.branch,
      abortSignal: overrides.abortSignal ?? this.abortSignal,
    });
  }

  /** @throws AdkError `LLM_CALLS_LIMIT_EXCEEDED` when this call is one too many (`RunConfig.maxLlmCalls`). */
  incrementLlmCallCount(): void {
    const limit = this.runConfig.maxLlmCalls ?? 0;
    const { llmCalls } = this.invocation;
    llmCalls.made++;
    if (limit > 0 && llmCalls.made > limit)
      throw new AdkError(
        "LLM_CALLS_LIMIT_EXCEEDED",
        `The run has made its ${limit} model calls. Raise \`runConfig.maxLlmCalls\` (0: no limit) if it really needs more.`,
        { details: { limit } },
      );
  }
}
