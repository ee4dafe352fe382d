import type { LlmAgent } from "../agents/llm-agent.ts";
import { Context } from "../context/context.ts";
import type { InvocationContext } from "../context/invocation-context.ts";
import type { Event } from "../events/event.ts";
import { throwIfStopped } from "../internal/stopped.ts";
import type { BaseTool } from "../tools/base-tool.ts";
import { agentOf } from "./agent-of.ts";
import { buildRequest } from "./build-request.ts";
import { callModel } from "./call-model.ts";
import { ModelEvents } from "./model-event.ts";
import { nextStep } from "./next-step.ts";
import { runBatch } from "./tools/run-batch.ts";

/** The run of an LLM agent: asks the model, makes its calls, and asks again, until nothing is left to do. */
export async function* runLlmFlow(
  context: InvocationContext,
): AsyncGenerator<Event, void, undefined> {
  const run = new FlowRun(context);
  for (;;) {
    throwIfStopped(context.abortSignal);
    if (context.endInvocation) return;
    const step = nextStep(run.events, run.executed);
    switch (step.kind) {
      case "model":
        yield* run.askModel();
        break;
      case "tools":
        yield* run.runTools(step.event);
        break;
      case "end":
        return;
    }
  }
}

/** What this run has done so far; every step is decided from it. */
class FlowRun {
  /** The run's full events, as they were stored. */
  readonly events: Event[] = [];
  /** Events whose calls were made; a long-running call may leave no response. */
  readonly executed: Set<string> = new Set();
  readonly #context: InvocationContext;
  readonly #agent: LlmAgent;
  #toolsDict: Readonly<Record<string, BaseTool>> = {};

  constructor(context: InvocationContext) {
    this.#context = context;
    this.#agent = agentOf(context);
  }

  async *askModel(): AsyncGenerator<Event, void, undefined> {
    const request = yield* this.#keep(buildRequest(this.#context));
    this.#toolsDict = request.toolsDict;
    let callbackContext = new Context({ invocationContext: this.#context });
    const events = new ModelEvents(this.#agent, callbackContext, request);
    let answered = false;
    for await (const response of callModel(this.#agent, () => callbackContext, request)) {
      for (const processor of this.#agent.responseProcessors)
        yield* this.#keep(processor.runAsync(this.#context, response));
      const event = events.make(response, callbackContext);
      if (!event) continue;
      yield event;
      if (event.partial) continue;
      answered = true;
      this.events.push(this.#stored(event));
      callbackContext = new Context({ invocationContext: this.#context });
    }
    if (answered) return;
    const event = events.make({ turnComplete: true }, callbackContext);
    if (event) {
      yield event;
      this.events.push(this.#stored(event));
    }
  }

  async *runTools(event: Event): AsyncGenerator<Event, void, undefined> {
    this.executed.add(event.id);
    yield* this.#keep(runBatch(this.#context, event, this.#toolsDict));
  }

  async *#keep<T>(
    source: AsyncGenerator<Event, T, undefined>,
  ): AsyncGenerator<Event, T, undefined> {
    let ended = false;
    try {
      for (;;) {
        const next = await source.next();
        ended = next.done === true;
        if (next.done) return next.value;
        yield next.value;
        if (!next.value.partial) this.events.push(this.#stored(next.value));
      }
    } finally {
      // The run was left while the source stood at an event: it may have something to clean up.
      if (!ended) await source.return(undefined as T);
    }
  }

  /** The event as it was stored: hooks may have changed it. As it was yielded, when whoever runs the agent kept it back. */
  #stored(event: Event): Event {
    const { events } = this.#context.session;
    for (let index = events.length - 1; index >= 0 && index >= events.length - 16; index--)
      if (events[index]?.id === event.id) return events[index] as Event;
    return event;
  }
}
