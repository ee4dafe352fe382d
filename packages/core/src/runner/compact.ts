import { isLlmAgent, type LlmAgent } from "../agents/llm-agent.ts";
import type { BaseAgent } from "../agents/base-agent.ts";
import type { BaseEventsSummarizer } from "../app/base-events-summarizer.ts";
import type { EventsCompactionConfig } from "../app/events-compaction-config.ts";
import { LlmEventSummarizer } from "../app/llm-event-summarizer.ts";
import type { InvocationContext } from "../context/invocation-context.ts";
import type { Invocation } from "../context/invocation.ts";
import type { Logger } from "../context/logger.ts";
import { AdkError } from "../errors.ts";
import { createEvent, type Event } from "../events/event.ts";
import { buildContents, buildTurnContents } from "../flows/contents/build.ts";
import { estimateTokens } from "../flows/contents/prompt-size.ts";
import { type Clock, settlesWithin } from "../internal/clock.ts";
import type { IdSource } from "../internal/ids.ts";
import { orStopped, Stopped, throwIfStopped } from "../internal/stopped.ts";
import {
  type CompactionPlan,
  lastPromptTokens,
  planTokens,
  type PlanRequest,
  planWindow,
} from "../log/compaction.ts";
import { isRewind } from "../log/rewind.ts";
import { type LogWindow, logWindow, withOlder } from "../log/window.ts";
import type { HeaderChange } from "../sessions/requests.ts";
import type { Session } from "../sessions/session.ts";
import { pickAgent, selectAgent } from "./select-agent.ts";

const MAX_NOTES = 1_000;

export interface CompactionsOptions {
  readonly config: EventsCompactionConfig;
  readonly rootAgent: BaseAgent;
  readonly clock: Clock;
  readonly newId: IdSource;
  readonly logger: Logger;
  /** How long `close` waits for what is under way, in milliseconds. */
  readonly graceMs: number;
}

/** Stores a summary under the run's lease. @returns whether this one is stored. */
export type StoreSummary = (event: Event, header: HeaderChange) => Promise<boolean>;

/**
 * Sums up the older events of sessions: between two model calls, when a prompt has become too large, and after a run. In the
 * background no run waits for it: it takes no lease, and of several who sum up the same events one is stored, in whichever
 * processes they are. A summarizer that fails is logged, and nothing is changed.
 */
export class Compactions {
  readonly #options: CompactionsOptions;
  readonly #closing: AbortController = new AbortController();
  /** What is under way, by session. It never rejects. */
  readonly #running: Map<string, Promise<unknown>> = new Map();
  /** Of sessions of late. */
  readonly #seen: Map<string, Seen> = new Map();
  #summarizer: BaseEventsSummarizer | undefined;

  constructor(options: CompactionsOptions) {
    this.#options = options;
    this.#summarizer = options.config.summarizer;
  }

  /**
   * Before a model call: by the token threshold alone. Agents that run side by side wait for one of them.
   *
   * @throws Stopped; what the store throws.
   */
  async beforeModelCall(context: InvocationContext, store: StoreSummary): Promise<void> {
    const name = nameOf(context.session);
    if (this.#options.config.inBackground) {
      this.#inBackground(name, async (signal) => {
        await this.#byTokens(context, isDuringRun, storeBeside(context), signal);
      });
      return;
    }
    const signal = context.abortSignal;
    for (let other = this.#running.get(name); other; other = this.#running.get(name))
      await orStopped(other, signal);
    const work = this.#byTokens(context, isDuringRun, store, signal);
    this.#track(name, work);
    await work;
  }

  /** After a run: by the token threshold, else by the sliding window. Never rejects. */
  async afterRun(
    context: InvocationContext,
    store: StoreSummary,
    signal: AbortSignal,
  ): Promise<void> {
    const name = nameOf(context.session);
    if (this.#options.config.inBackground)
      return this.#inBackground(name, (closing) =>
        this.#afterRun(context, storeBeside(context), closing),
      );
    try {
      await this.#afterRun(context, store, signal);
    } catch (error) {
      this.#logUnstored(error, context);
    }
  }

  /**
   * What the header is to say of what the next run loads, where that has changed.
   *
   * @param openInvocationId the invocation that the header names as open.
   */
  headerChange(
    invocation: Invocation,
    openInvocationId: string | undefined,
  ): HeaderChange | undefined {
    const { session } = invocation;
    const name = JSON.stringify([nameOf(session), session.incarnation]);
    const seen = this.#seen.get(name);
    const latest = latestSummary(session, seen);
    if (latest === undefined || latest === seen?.latest) {
      this.#note(name, { latest, to: session.lastSequence });
      return undefined;
    }
    // The start of an open invocation holds the window back: the next run looks again.
    if (openInvocationId === undefined) this.#note(name, { latest, to: session.lastSequence });
    const window = this.#window(invocation, openInvocationId, session.events);
    return window && changeTo(window, invocation.window);
  }

  /** Waits a while for what is under way in the background, then gives it up. */
  async close(): Promise<void> {
    const { clock, graceMs } = this.#options;
    const running = Promise.all(this.#running.values());
    if (this.#running.size > 0) await settlesWithin(clock, graceMs, running);
    this.#closing.abort();
    await running;
  }

  #note(name: string, seen: Seen): void {
    this.#seen.delete(name);
    this.#seen.set(name, seen);
    const [oldest] = this.#seen.keys();
    if (this.#seen.size > MAX_NOTES && oldest !== undefined) this.#seen.delete(oldest);
  }

  #inBackground(name: string, work: (signal: AbortSignal) => Promise<void>): void {
    // What is under way will be looked at again after the next run.
    if (this.#running.has(name) || this.#closing.signal.aborted) return;
    const { signal } = this.#closing;
    this.#track(
      name,
      work(signal).catch((error: unknown) => {
        if (!(error instanceof Stopped)) this.#logUnstored(error, undefined);
      }),
    );
  }

  #track(name: string, work: Promise<unknown>): void {
    const settled = work
      .catch(() => undefined)
      .then(() => {
        if (this.#running.get(name) === settled) this.#running.delete(name);
      });
    this.#running.set(name, settled);
  }

  async #afterRun(
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
    const { newId, clock } = this.#options;
    const event = createEvent({
      id: plan.id,
      invocationId: newId(),
      author: "user",
      timestamp: clock.now(),
      actions: { compaction: { startTimestamp, endTimestamp, compactedContent } },
      compactedSequences: { from, to },
      ...(usageMetadata === undefined ? {} : { usageMetadata }),
      ...(customMetadata === undefined ? {} : { customMetadata }),
    });
    const { invocation, session } = context;
    const stored = { ...event, sequence: session.lastSequence + 1 };
    const window = this.#window(invocation, openInvocationId, [...session.events, stored]);
    const change = window && changeTo(window, invocation.window);
    if ((await store(event, change ?? {})) && window && change) invocation.window = window;
    return true;
  }

  /** @throws Stopped */
  async #sumUp(
    { events }: CompactionPlan,
    { session }: InvocationContext,
    signal: AbortSignal,
  ): Promise<Event | undefined> {
    throwIfStopped(signal);
    try {
      const asked = this.#theSummarizer().maybeSummarizeEvents({ events, abortSignal: signal });
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

  #window(
    { session, kept }: Invocation,
    openInvocationId: string | undefined,
    events: readonly Event[],
  ): LogWindow | undefined {
    const { rootAgent, config, logger } = this.#options;
    return logWindow({
      events,
      older: kept,
      pendingCalls: session.pendingCalls,
      overlapSize: config.overlapSize ?? 0,
      openInvocationId,
      decidingEvent: (before) => pickAgent(rootAgent, before, logger)?.event,
    });
  }

  #logUnstored(error: unknown, context: InvocationContext | undefined): void {
    const { logger } = this.#options;
    const isExpected =
      error instanceof Stopped ||
      (AdkError.isInstance(error) &&
        ["SESSION_FENCED", "SESSION_GONE", "SESSION_NOT_FOUND", "CLOSED"].includes(error.code));
    const where = context ? ` of session ${context.session.id}` : "";
    logger[isExpected ? "debug" : "warn"](`A summary${where} was not stored.`, { error });
  }
}

const isDuringRun = true;

/** How far a log was looked at. */
interface Seen {
  /** The last summary in it, which the header takes into account. */
  readonly latest: number | undefined;
  readonly to: number;
}

function latestSummary(session: Session, seen: Seen | undefined): number | undefined {
  const { events } = session;
  for (let index = events.length - 1; index >= 0; index--) {
    const { actions, sequence = 0 } = events[index] as Event;
    if (sequence <= (seen?.to ?? 0)) return seen?.latest;
    if (actions.compaction) return sequence;
  }
  return undefined;
}

/** How often a summary is sent again when others are faster. */
const TRIES = 20;

/**
 * Stores a summary without a lease; the header is brought up to date by the next run. What was rewound in the meantime must
 * not come back: then it is dropped.
 */
function storeBeside({ session, sessionService }: InvocationContext): StoreSummary {
  const { appName, userId, id: sessionId } = session;
  let expectedLastSequence = session.lastSequence;
  return async (event) => {
    for (let left = TRIES; left > 0; left--)
      try {
        await sessionService.appendEvent({ session, event, expectedLastSequence });
        return false;
      } catch (error) {
        if (AdkError.isInstance(error, "EVENT_ID_CONFLICT")) return false;
        if (!AdkError.isInstance(error, "SESSION_CONFLICT")) throw error;
        for (let more = true; more;) {
          const afterSequence = expectedLastSequence;
          const key = { appName, userId, sessionId, afterSequence, pageSize: 1_000 };
          const { events, nextPageToken } = await sessionService.listEvents(key);
          if (events.some(isRewind)) return false;
          expectedLastSequence = events.at(-1)?.sequence ?? expectedLastSequence;
          more = nextPageToken !== undefined;
        }
      }
    return false;
  };
}

function changeTo(next: LogWindow, current: LogWindow): HeaderChange | undefined {
  const isSameKept =
    next.kept.length === current.kept.length &&
    next.kept.every(({ sequence }, index) => sequence === current.kept[index]?.sequence);
  if (isSameKept && next.windowFrom === current.windowFrom) return undefined;
  const change: HeaderChange = { windowFrom: next.windowFrom };
  if (!isSameKept) change.kept = [...next.kept];
  return change;
}

function nameOf({ userId, id }: Session): string {
  return JSON.stringify([userId, id]);
}
