import type { BaseAgent } from "../agents/base-agent.ts";
import type { EventsCompactionConfig } from "../app/events-compaction-config.ts";
import type { Invocation } from "../context/invocation.ts";
import type { Logger } from "../context/logger.ts";
import type { Event } from "../events/event.ts";
import { type LogWindow, logWindow } from "../log/window.ts";
import type { HeaderChange } from "../sessions/requests.ts";
import type { Session } from "../sessions/session.ts";
import { pickAgent } from "./select-agent.ts";

const MAX_NOTES = 1_000;

export interface HeaderWindowOptions {
  readonly config: EventsCompactionConfig;
  readonly rootAgent: BaseAgent;
  readonly logger: Logger;
}

/** How far a log was looked at. */
interface Seen {
  /** The last summary in it, which the header takes into account. */
  readonly latest: number | undefined;
  readonly to: number;
}

/** What the headers of sessions say of what the next run is to load. */
export class HeaderWindow {
  readonly #options: HeaderWindowOptions;
  /** Of sessions of late. */
  readonly #seen: Map<string, Seen> = new Map();

  constructor(options: HeaderWindowOptions) {
    this.#options = options;
  }

  /**
   * At the end of a run: the change, where one is due to a summary that somebody has stored beside the run.
   *
   * @param openInvocationId the invocation that the header names as open.
   */
  changeAtEnd(
    invocation: Invocation,
    openInvocationId: string | undefined,
  ): HeaderChange | undefined {
    const { session } = invocation;
    const name = JSON.stringify([session.userId, session.id, session.incarnation]);
    const seen = this.#seen.get(name);
    const latest = latestSummary(session, seen);
    if (latest === undefined || latest === seen?.latest) {
      this.#note(name, { latest, to: session.lastSequence });
      return undefined;
    }
    // The start of an open invocation holds the window back: the next run looks again.
    if (openInvocationId === undefined) this.#note(name, { latest, to: session.lastSequence });
    return this.after(session.events, invocation, openInvocationId)?.change;
  }

  /**
   * The window that `events` call for; `undefined` where that is the one there is.
   *
   * @param events the invocation's, and the summary that is about to be stored.
   */
  after(
    events: readonly Event[],
    { session, kept, window: current }: Invocation,
    openInvocationId: string | undefined,
  ): { window: LogWindow; change: HeaderChange } | undefined {
    const { rootAgent, config, logger } = this.#options;
    const window = logWindow({
      events,
      older: kept,
      pendingCalls: session.pendingCalls,
      overlapSize: config.overlapSize ?? 0,
      openInvocationId,
      decidingEvent: (before) => pickAgent(rootAgent, before, logger)?.event,
    });
    const change = window && changeTo(window, current);
    return window && change && { window, change };
  }

  #note(name: string, seen: Seen): void {
    this.#seen.delete(name);
    this.#seen.set(name, seen);
    const [oldest] = this.#seen.keys();
    if (this.#seen.size > MAX_NOTES && oldest !== undefined) this.#seen.delete(oldest);
  }
}

function latestSummary({ events }: Session, seen: Seen | undefined): number | undefined {
  for (let index = events.length - 1; index >= 0; index--) {
    const { actions, sequence = 0 } = events[index] as Event;
    if (sequence <= (seen?.to ?? 0)) return seen?.latest;
    if (actions.compaction) return sequence;
  }
  return undefined;
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
