import { AdkError, type Content, type InvocationContext } from "@adk/core";
import { AsStored } from "../internal/as-stored.ts";
import { plain, plainText } from "../internal/plain.ts";
import type { AnalyticsEventType, AnalyticsRow } from "./analytics-row.ts";
import { contentParts } from "./content-columns.ts";
import type { RowQueue } from "./row-queue.ts";
import { isSecretName } from "./secret-names.ts";

/** Which span a run belongs to in the app's own tracing. */
export type CurrentSpan = () => { traceId: string; spanId: string } | undefined;

/** What a row says beside where it belongs. */
export interface RowFacts {
  readonly agent?: string | undefined;
  readonly spanId: string;
  readonly parentSpanId?: string | undefined;
  /** Whose words the payload is. @defaultValue the context's agent */
  readonly author?: "user" | undefined;
  /** Payload: left out when the plugin stores none. What is to be redacted asks for it. */
  readonly content?: ((stored: AsStored) => unknown) | undefined;
  /** Payload: its parts, which are redacted here. */
  readonly said?: (() => Content | undefined) | undefined;
  readonly attributes?: Record<string, unknown> | undefined;
  readonly latency?: Record<string, number> | null | undefined;
  readonly error?: Error | undefined;
  /** Instead of a new one: for what may be seen more than once. */
  readonly rowId?: string | undefined;
}

export interface RecorderOptions {
  readonly queue: RowQueue;
  readonly payloads: boolean;
  readonly maxTextLength: number;
  readonly wants: (type: AnalyticsEventType) => boolean;
  readonly currentSpan: CurrentSpan | undefined;
}

/** Makes rows and adds them to the queue. Never throws and never waits: what cannot be made is counted as lost. */
export class Recorder {
  readonly #options: RecorderOptions;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  record(type: AnalyticsEventType, context: InvocationContext, facts: RowFacts): void {
    if (!this.#options.wants(type)) return;
    try {
      this.#options.queue.add(this.#row(type, context, facts));
    } catch {
      this.#options.queue.lost();
    }
  }

  #row(type: AnalyticsEventType, context: InvocationContext, facts: RowFacts): AnalyticsRow {
    const { invocation, session, invocationId } = context;
    const { payloads, maxTextLength, currentSpan } = this.#options;
    const span = currentSpan?.();
    const stored = new AsStored(context, facts.author);
    let isTruncated = false;
    const options = {
      maxTextLength,
      isSecret: isSecretName,
      onCut: (): void => {
        isTruncated = true;
      },
    };
    const { agent, content, said, attributes = {}, latency = null, error } = facts;
    const row = {
      row_id: facts.rowId ?? invocation.newId(),
      timestamp: new Date(invocation.clock.now()).toISOString(),
      event_type: type,
      agent: agent ?? null,
      session_id: session.id,
      invocation_id: invocationId,
      user_id: session.userId,
      trace_id: span?.traceId ?? invocationId,
      span_id: facts.spanId,
      parent_span_id: facts.parentSpanId ?? span?.spanId ?? null,
      content: payloads ? (plain(content?.(stored), options) ?? null) : null,
      content_parts: payloads ? contentParts(stored.content(said?.()), options) : [],
      attributes: plain({ app_name: session.appName, ...attributes }, options) as Record<
        string,
        unknown
      >,
      latency_ms: latency,
      status: error ? ("ERROR" as const) : ("OK" as const),
      error_message: error
        ? plainText(messageOf(error, payloads ? stored : undefined), options)
        : null,
    };
    return { ...row, is_truncated: isTruncated }; // known only now
  }
}

/** Messages of errors may quote what was said: they are payload. */
function messageOf(error: Error, stored: AsStored | undefined): string {
  const kind = AdkError.isInstance(error) ? error.code : error.name;
  return stored ? `${kind}: ${stored.text(error.message)}` : kind;
}
