import type { InvocationContext } from "@adk/core";

/** A step that has begun: its rows share the span. */
export interface Step {
  readonly spanId: string;
  /** Milliseconds since the Unix epoch; `undefined` of one whose beginning was not seen. */
  readonly startedAt: number | undefined;
  firstTokenAt?: number;
}

/** The steps under way, by the object that all hooks of a step are given. They are gone with it. */
export class Steps {
  readonly #steps: WeakMap<object, Step> = new WeakMap();

  begin(key: object, { invocation }: InvocationContext): Step {
    const step: Step = { spanId: invocation.newId(), startedAt: invocation.clock.now() };
    this.#steps.set(key, step);
    return step;
  }

  /** The step that has begun already, or a new one. */
  beginOnce(key: object, context: InvocationContext): Step {
    return this.#steps.get(key) ?? this.begin(key, context);
  }

  /** The step; where its beginning was not seen (it was before a crash, say), one without a time. */
  of(key: object, { invocation }: InvocationContext): Step {
    const step = this.#steps.get(key) ?? { spanId: invocation.newId(), startedAt: undefined };
    this.#steps.set(key, step);
    return step;
  }

  end(
    key: object,
    context: InvocationContext,
  ): { step: Step; latency: Record<string, number> | null } {
    const step = this.of(key, context);
    this.#steps.delete(key);
    const { startedAt, firstTokenAt } = step;
    if (startedAt === undefined) return { step, latency: null };
    const latency: Record<string, number> = {
      total_ms: context.invocation.clock.now() - startedAt,
    };
    if (firstTokenAt !== undefined) latency["time_to_first_token_ms"] = firstTokenAt - startedAt;
    return { step, latency };
  }
}
