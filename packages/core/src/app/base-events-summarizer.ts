import type { InvocationContext } from "../context/invocation-context.ts";
import type { Event } from "../events/event.ts";

const BRAND: unique symbol = Symbol.for("google.adk.baseEventsSummarizer") as never;

/** Whether `value` is a summarizer, of this or of another copy of the package. */
export function isEventsSummarizer(value: unknown): value is BaseEventsSummarizer {
  return typeof value === "object" && value !== null && BRAND in value;
}

export interface SummarizeEventsRequest {
  /**
   * In their order, frozen. Where an earlier summary is to be replaced, the first one is by `model` and holds that summary.
   */
  events: readonly Event[];
  /** Aborted when nobody waits for the summary any more. */
  abortSignal?: AbortSignal | undefined;
  /** The run for which they are summed up: its plugins stand around the call of a model. Absent outside of runs. */
  invocationContext?: InvocationContext | undefined;
}

/** Makes one text of many events. Extend it for a summarizer of your own. */
export abstract class BaseEventsSummarizer {
  constructor() {
    Object.defineProperty(this, BRAND, { value: true });
  }

  /**
   * @returns an event whose `actions.compaction.compactedContent` stands for all of the events from then on; its
   *   `usageMetadata` and `customMetadata` are kept, everything else is filled in. Nothing when they are to stay as they are.
   */
  abstract maybeSummarizeEvents(request: SummarizeEventsRequest): Promise<Event | undefined>;
}
