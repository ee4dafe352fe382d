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
import { agentRun } from "../log/agent-run.ts";
import { type CallState, callStates } from "../log/call-states.ts";
import { confirmationEvent } from "./confirmation.ts";
import { nextStep, type Step } from "./next-step.ts";
import { planned } from "./processors/planning.ts";
import { structuredOutputEvent } from "./structured-output.ts";
import { runBatch } from "./tools/run-batch.ts";

/** The run of an LLM agent: asks the model, makes its calls, and asks again, until nothing is left to do. */
export async function* runLlmFlow(
  context: InvocationContext,
): AsyncGenerator<Event, void, undefined> {
  const run = new FlowRun(context);
  for (;;) {
    throwIfStopped(context.abortSignal);
    if (context.endInvocation) return;
    const step = run.nextStep();
    switch (step.kind) {
      case "model":
        yield* run.askModel();
        break;
      case "tools":
        yield* run.runTools(step.event, step.calls);
        break;
      case "ask":
        yield* run.askPerson(step.event);
        break;
      case "answer":
        yield* run.sayAnswer(step.value);
        break;
      case "end":
        return;
    }
  }
}

/** What this run has done so far, in this process and before: every step is decided from it. */
class FlowRun {
  /** The run's full events, as they were stored. */
  readonly #events: Event[];
  /** Calls that were made in this process and wait for an answer from outside. */
  readonly #waiting: Set<string> = new Set();
  readonly #context: InvocationContext;
  readonly #agent: LlmAgent;
  #toolsDict: Readonly<Record<string, BaseTool>> | undefined;

  constructor(context: InvocationContext) {
    this.#context = context;
    this.#agent = agentOf(context);
    this.#events = [...agentRun(context.runStart).events];
  }

  nextStep(): Step {
    const { clock, resumable, openedAt } = this.#context.invocation;
    return nextStep({
      events: this.#events,
      waiting: this.#waiting,
      resumable,
      openedAt,
      now: clock.now(),
    });
  }

  async *askModel(): AsyncGenerator<Event, void, undefined> {
    const request = yield* this.#keep(buildRequest(this.#context));
    this.#toolsDict = request.toolsDict;
    /** Of the event that comes next. */
    let callbackContext: Context | undefined;
    const current = (): Context =>
      (callbackContext ??= new Context({ invocationContext: this.#context }));
    const events = new ModelEvents(this.#agent, request);
    let answered = false;
    for await (const answer of callModel(this.#agent, current, request)) {
      const response = planned(current(), answer);
      for (const processor of this.#agent.responseProcessors)
        yield* this.#keep(processor.runAsync(this.#context, response));
      const event = events.make(response, current());
      if (!event) continue;
      yield event;
      if (event.partial) continue;
      answered = true;
      this.#events.push(this.#stored(event));
      callbackContext = undefined;
    }
    if (answered) return;
    const event = events.make({ turnComplete: true }, current());
    if (event) {
      yield event;
      this.#events.push(this.#stored(event));
    }
  }

  async *runTools(
    event: Event,
    calls: readonly CallState[],
  ): AsyncGenerator<Event, void, undefined> {
    // After a crash nobody has built a request yet that would say which tools there are.
    this.#toolsDict ??= (yield* this.#keep(buildRequest(this.#context))).toolsDict;
    yield* this.#keep(
      runBatch(this.#context, {
        event,
        calls,
        toolsDict: this.#toolsDict,
        onWaiting: (callId) => this.#waiting.add(callId),
      }),
    );
  }

  /** Asks for the approvals that a stored response event speaks of. */
  async *askPerson(event: Event): AsyncGenerator<Event, void, undefined> {
    const states = [...callStates(this.#events).calls.values()].filter(
      ({ asksIn, isAsked }) => asksIn === event && !isAsked,
    );
    const request = confirmationEvent(
      this.#context,
      states.map(({ call }) => call),
      event.actions.requestedToolConfirmations,
    );
    if (request === undefined) return;
    yield request;
    this.#events.push(this.#stored(request));
  }

  async *sayAnswer(value: unknown): AsyncGenerator<Event, void, undefined> {
    const event = structuredOutputEvent(this.#context, value);
    yield event;
    this.#events.push(this.#stored(event));
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
        if (!next.value.partial) this.#events.push(this.#stored(next.value));
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
