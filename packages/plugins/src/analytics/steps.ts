import type { InvocationContext } from "@adk/core";
import { RunMap } from "../internal/run-map.ts";

/** A step that has begun: its rows share the span. */
export interface Step {
  readonly spanId: string;
  /** Milliseconds since the Unix epoch; `undefined` of one whose beginning was not seen. */
  readonly startedAt: number | undefined;
  firstTokenAt?: number;
}

/** The steps under way, by run and name. */
export class Steps {
  readonly #steps: RunMap<Step> = new RunMap();

  begin(key: string, context: InvocationContext): Step {
    const { newId, clock } = context.invocation;
    return this.#steps.set(context, key, { spanId: newId(), startedAt: clock.now() });
  }

  /** The step that has begun already, or a new one. */
  beginOnce(key: string, context: InvocationContext): Step {
    return this.#steps.get(context, key) ?? this.begin(key, context);
  }

  /** The step; where its beginning was not seen (it was before a crash, say), one without a time. */
  of(key: string, context: InvocationContext): Step {
    const unseen = (): Step => ({ spanId: context.invocation.newId(), startedAt: undefined });
    return this.#steps.get(context, key) ?? this.#steps.set(context, key, unseen());
  }

  end(
    key: string,
    context: InvocationContext,
  ): { step: Step; latency: Record<string, number> | null } {
    const step = this.of(key, context);
    this.#steps.delete(context, key);
    const { startedAt, firstTokenAt } = step;
    if (startedAt === undefined) return { step, latency: null };
    const latency: Record<string, number> = {
      total_ms: context.invocation.clock.now() - startedAt,
    };
    if (firstTokenAt !== undefined) latency["time_to_first_token_ms"] = firstTokenAt - startedAt;
    return { step, latency };
  }
}
