import type { BaseAgent } from "../agents/base-agent.ts";
import { isLlmAgent, type LlmAgent } from "../agents/llm-agent.ts";
import type { BaseEventsSummarizer } from "../app/base-events-summarizer.ts";
import type { EventsCompactionConfig } from "../app/events-compaction-config.ts";
import { LlmEventSummarizer } from "../app/llm-event-summarizer.ts";
import type { InvocationContext } from "../context/invocation-context.ts";
import type { Logger } from "../context/logger.ts";
import { AdkError } from "../errors.ts";
import { createEvent, type Event } from "../events/event.ts";
import { buildContents, buildTurnContents } from "../flows/contents/build.ts";
import { estimateTokens } from "../flows/contents/prompt-size.ts";
import type { Clock } from "../internal/clock.ts";
import type { IdSource } from "../internal/ids.ts";
import { orStopped, Stopped, throwIfStopped } from "../internal/stopped.ts";
import {
  type CompactionPlan,
  lastPromptTokens,
  planTokens,
  type PlanRequest,
  planWindow,
} from "../log/compaction.ts";
import { withOlder } from "../log/window.ts";
import type { HeaderChange } from "../sessions/requests.ts";
import type { HeaderWindow } from "./header-window.ts";
import { selectAgent } from "./select-agent.ts";

/** Stores a summary, under the run's lease or beside it. @returns whether this one is stored together with the change. */
export type StoreSummary = (event: Event, header: HeaderChange) => Promise<boolean>;

export interface CompactorOptions {
  readonly config: EventsCompactionConfig;
  readonly rootAgent: BaseAgent;
  readonly clock: Clock;
  readonly newId: IdSource;
  readonly logger: Logger;
  readonly headerWindow: HeaderWindow;
}

/** Decides what of a session is to be summed up, has it summed up, and stores the summary. */
export class Compactor {
  readonly #options: CompactorOptions;
  #summarizer: BaseEventsSummarizer | undefined;

  constructor(options: CompactorOptions) {
    this.#options = options;
    this.#summarizer = options.config.summarizer;
  }

  /**
   * By the token threshold alone, for the model call that the context's agent is about to make.
   *
   * @throws Stopped; what the store throws.
   */
  async beforeModelCall(
    context: InvocationContext,
    store: StoreSummary,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#byTokens(context, isDuringRun, store, signal);
  }

  /**
   * By the token threshold, else by the sliding window.
   *
   * @throws Stopped; what the store throws.
   */
  async afterRun(
    context: InvocationContext,
    store: StoreSummary,
    signal: AbortSignal,
  ): Promise<void> {
    if (await this.#byTokens(context, !isDuringRun, store, signal)) return;
    const { compactionInterval, overlapSize = 0 } = this.#options.config;
    if (compactionInterval === undefined) return;
    const plan = planWindow(this.#planRequest(context), { compactionInterval, overlapSize });
    if (plan) await this.#carryOut(plan, context, undefined, store, signal);
  }

  async #byTokens(
    context: InvocationContext,
    duringRun: boolean,
    store: StoreSummary,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { tokenThreshold, eventRetentionSize = 0 } = this.#options.config;
    if (tokenThreshold === undefined) return false;
    const agent = duringRun ? context.agent : undefined;
    const { events } = context.session;
    const tokens = lastPromptTokens(events, agent?.name) ?? this.#estimate(context, agent);
    if (tokens < tokenThreshold) return false;
    const plan = planTokens(this.#planRequest(context), {
      // A model has to have something to answer to.
      eventRetentionSize: duringRun ? Math.max(1, eventRetentionSize) : eventRetentionSize,
      beforeBranches: context.branch !== undefined,
    });
    if (!plan) return false;
    const open = duringRun ? context.invocationId : undefined;
    return await this.#carryOut(plan, context, open, store, signal);
  }

  #planRequest({ session, invocation }: InvocationContext): PlanRequest {
    return {
      events: withOlder(invocation.kept, session.events),
      pendingCalls: session.pendingCalls,
      invocationId: invocation.id,
      now: this.#options.clock.now(),
    };
  }

  /** Of what the agent would be asked now; without one, the agent that takes the next turn. */
  #estimate(context: InvocationContext, agent: BaseAgent | undefined): number {
    const { rootAgent, logger, clock } = this.#options;
    const { session, invocation } = context;
    const reading = agent ?? selectAgent(rootAgent, session.events, logger, invocation.kept);
    const reader = {
      agentName: reading.name,
      branch: context.branch,
      includeThoughts: context.runConfig.includeThoughtsFromOtherAgents ?? false,
      now: clock.now(),
    };
    const readsTurn = isLlmAgent(reading) && reading.includeContents === "none";
    return estimateTokens((readsTurn ? buildTurnContents : buildContents)(context, reader));
  }

  /** @returns whether the events are summed up now, by whomever. */
  async #carryOut(
    plan: CompactionPlan,
    context: InvocationContext,
    openInvocationId: string | undefined,
    store: StoreSummary,
    signal: AbortSignal,
  ): Promise<boolean> {
    const summary = await this.#sumUp(plan, context, signal);
    const compactedContent = summary?.actions.compaction?.compactedContent;
    if (!summary || !compactedContent) return false;
    const { startTimestamp, endTimestamp, from, to } = plan;
    const { usageMetadata, customMetadata } = summary;
    const { newId, clock, headerWindow } = this.#options;
    const made = createEvent({
      id: plan.id,
      invocationId: newId(),
      author: "user",
      timestamp: clock.now(),
      actions: { compaction: { startTimestamp, endTimestamp, compactedContent } },
      compactedSequences: { from, to },
      ...(usageMetadata === undefined ? {} : { usageMetadata }),
      ...(customMetadata === undefined ? {} : { customMetadata }),
    });
    const { invocation, session, pluginManager } = context;
    // Before it is kept in the header too.
    const event = pluginManager.redaction?.whole(made) ?? made;
    const stored = { ...event, sequence: session.lastSequence + 1 };
    const next = headerWindow.after([...session.events, stored], invocation, openInvocationId);
    if ((await store(event, next?.change ?? {})) && next) invocation.window = next.window;
    return true;
  }

  /** @throws Stopped */
  async #sumUp(
    { events }: CompactionPlan,
    invocationContext: InvocationContext,
    signal: AbortSignal,
  ): Promise<Event | undefined> {
    throwIfStopped(signal);
    const { session } = invocationContext;
    try {
      const asked = this.#theSummarizer().maybeSummarizeEvents({
        events,
        abortSignal: signal,
        invocationContext,
      });
      const summary = await orStopped(Promise.resolve(asked), signal);
      if (summary === undefined || summary === null) return undefined;
      if (summary.actions?.compaction?.compactedContent?.parts?.length) return summary;
      throw new AdkError(
        "INVALID_ARGUMENT",
        "The summarizer gave an event without `actions.compaction.compactedContent`. Put the summary there, or return nothing.",
      );
    } catch (error) {
      if (error instanceof Stopped || signal.aborted) throw new Stopped();
      this.#options.logger.error(
        `The events of session ${session.id} could not be summed up; they stay as they are.`,
        { error },
      );
      return undefined;
    }
  }

  #theSummarizer(): BaseEventsSummarizer {
    return (this.#summarizer ??= new LlmEventSummarizer({
      llm: (this.#options.rootAgent as LlmAgent).canonicalModel,
    }));
  }
}

const isDuringRun = true;
