import type { BaseAgent } from "../agents/base-agent.ts";
import type { SessionArtifactService } from "../artifacts/session-artifact-service.ts";
import type { BaseCredentialService } from "../auth/base-credential-service.ts";
import type { Content } from "../content/content.ts";
import { AdkError } from "../errors.ts";
import type { RunStart } from "../log/agent-run.ts";
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
  /** Index in the session's events of the first that can belong to the agent's run. */
  readonly runFrom?: number | undefined;
  /** The same for the run that is started with this context. */
  readonly childFrom?: number | undefined;
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
  /** Index in the session's events of the first that can belong to this agent's run. */
  readonly runFrom: number;
  readonly #childFrom: number | undefined;
  /** Where the next run of an agent begins that this agent starts again and again. */
  /** Made when an agent of a resumable app has run. */
  #cursors: Map<string, number> | undefined;

  constructor(params: InvocationContextParams) {
    this.invocation = params.invocation;
    this.agent = params.agent;
    this.branch = params.branch;
    this.abortSignal = params.abortSignal ?? params.invocation.signal;
    this.runFrom = params.runFrom ?? params.invocation.session.events.length;
    this.#childFrom = params.childFrom;
  }

  get invocationId(): string {
    return this.invocation.id;
  }
  /** As it was loaded: where older events were summed up, its `events` begin at `firstSequence` and not with the log. */
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
  clone(overrides: Partial<Omit<InvocationContextParams, "invocation">> = {}): InvocationContext {
    return new InvocationContext({
      invocation: this.invocation,
      agent: overrides.agent ?? this.agent,
      branch: "branch" in overrides ? overrides.branch : this.branch,
      abortSignal: overrides.abortSignal ?? this.abortSignal,
      runFrom: overrides.runFrom ?? this.runFrom,
      childFrom: overrides.childFrom,
    });
  }

  /** The context of an agent that is run with this one. The engine calls it. */
  forRunOf(agent: BaseAgent): InvocationContext {
    return this.clone({ agent, runFrom: this.startOf(agent) });
  }

  /**
   * Where the run of an agent begins that is started with this context: where its parent says; else, in an app that is
   * resumable, behind its last run that this agent has started (the code of a custom agent starts from its beginning after a
   * crash, and its sub-agents' stored runs are taken in order); else here and now.
   */
  startOf({ name }: BaseAgent): number {
    if (this.#childFrom !== undefined) return this.#childFrom;
    if (!this.invocation.resumable) return this.session.events.length;
    return this.#cursors?.get(name) ?? this.runFrom;
  }

  /** In a resumable app: the run of an agent that was started with this context has come to its end. The engine calls it. */
  ranTo({ name }: BaseAgent, index: number): void {
    (this.#cursors ??= new Map()).set(name, index);
  }

  /** This agent's run, for the folds over the log. */
  get runStart(): RunStart {
    return {
      events: this.session.events,
      from: this.runFrom,
      invocationId: this.invocationId,
      agent: this.agent.name,
      branch: this.branch,
    };
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
