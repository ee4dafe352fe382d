import type { FunctionCall } from "../../content/content.ts";
import type { Context } from "../../context/context.ts";
import type { InvocationContext } from "../../context/invocation-context.ts";
import { AdkError } from "../../errors.ts";
import type { Event } from "../../events/event.ts";
import { getFunctionCalls } from "../../events/predicates.ts";
import { followingController, Stopped } from "../../internal/stopped.ts";
import { untilIdle } from "../../internal/until-idle.ts";
import type { CallState } from "../../log/call-states.ts";
import type { BaseTool } from "../../tools/base-tool.ts";
import { confirmationEvent } from "../confirmation.ts";
import { type CallOutcome, ToolCall } from "./call-tool.ts";
import { keepable } from "./keepable.ts";
import { checkRecord, record } from "./records.ts";
import { type CallResult, responseEvent } from "./response-event.ts";

export interface Batch {
  /** The model event that made the calls. */
  readonly event: Event;
  /** Those of its calls that have no response yet. */
  readonly calls: readonly CallState[];
  readonly toolsDict: Readonly<Record<string, BaseTool>>;
  /** Told about each call that waits for an answer from outside. */
  readonly onWaiting: (callId: string) => void;
}

/**
 * Makes the calls of one model event, all at the same time, and yields one event with their responses in the order of the
 * calls; a request for confirmation beside it where a tool asks for one. What the log has of a call is not done again. When
 * one of them ends the run, or the run is stopped, what the others have done is kept: the event comes first.
 *
 * Calls start in order, each as soon as the one before has finished or waits for something from outside; so hooks and
 * tools that do not wait run strictly one after the other.
 */
export async function* runBatch(
  context: InvocationContext,
  batch: Batch,
): AsyncGenerator<Event, void, undefined> {
  const { controller, unlink } = followingController(context.abortSignal);
  const asFinished = batch.calls
    .toSorted((left, right) => left.recordPlace - right.recordPlace)
    .flatMap(resultOfRecord);
  for (const { actions, stateRemoved, inPlace } of asFinished)
    context.invocation.state.lay({ ...actions?.stateDelta, ...inPlace }, stateRemoved);
  let outcomes: CallOutcome[];
  try {
    outcomes = await callAll(context, batch, asFinished, controller);
  } finally {
    unlink();
  }
  yield* eventsOf(context, batch, asFinished);
  for (const outcome of outcomes) if (outcome.kind === "failed") throw outcome.error;
  if (outcomes.some(({ kind }) => kind === "stopped")) throw new Stopped();
}

/** A response that is stored, but not in a response event yet; or a container that a call has changed that waits. */
function resultOfRecord({ call, record: stored }: CallState): CallResult[] {
  if (stored === undefined) return [];
  const { response, actions, stateRemoved, inPlace } = stored;
  return [{ call, response, actions, stateRemoved, inPlace, isStored: response === undefined }];
}

async function callAll(
  context: InvocationContext,
  batch: Batch,
  asFinished: CallResult[],
  controller: AbortController,
): Promise<CallOutcome[]> {
  const toMake = batch.calls.filter((state) => state.record === undefined);
  const cap = context.runConfig.maxConcurrentTools ?? Number.POSITIVE_INFINITY;
  const running: Set<Promise<unknown>> = new Set();
  const started: Promise<CallOutcome>[] = [];
  for (const [index, state] of toMake.entries()) {
    while (running.size >= cap) await Promise.race(running);
    const outcome = makeCall(context, batch, state, asFinished, controller).then((result) => {
      running.delete(outcome);
      if (result.kind === "failed") controller.abort();
      return result;
    });
    running.add(outcome);
    started.push(outcome);
    if (index < toMake.length - 1) await untilIdle(outcome);
  }
  return await Promise.all(started);
}

/** Makes one call and keeps what it leaves, or nothing of it. Never rejects: its siblings are always waited for. */
async function makeCall(
  context: InvocationContext,
  batch: Batch,
  state: CallState,
  asFinished: CallResult[],
  controller: AbortController,
): Promise<CallOutcome> {
  let toolCall: ToolCall | undefined;
  try {
    toolCall = new ToolCall(context, state, batch.toolsDict, controller.signal);
    const outcome = await toolCall.run();
    // What an agent tool's run has written so far comes with its response: the run is read again then.
    const isKept = outcome.kind === "response" || (outcome.kind === "waiting" && !outcome.isNested);
    if (isKept) await keep(context, batch, state.call, toolCall.context, outcome, asFinished);
    else giveUp(toolCall.context, "the call was cancelled");
    if (outcome.kind === "waiting") batch.onWaiting(state.call.id ?? "");
    return outcome;
  } catch (error) {
    if (toolCall) giveUp(toolCall.context, "the call has failed");
    return { kind: "failed", error };
  }
}

/** Nothing of it is kept, so nobody is to see it either. */
function giveUp(toolContext: Context, reason: string): void {
  toolContext.revoke(reason);
  toolContext.takeBack();
}

/**
 * Takes what a call has left, and leaves a record of it where the response event is still to come, in an app that is resumable.
 * What no event can hold fails by itself: the response event that it would have shared is stored without it.
 *
 * @throws AdkError for something that cannot be stored, and what the store throws.
 */
async function keep(
  context: InvocationContext,
  { event }: Batch,
  call: FunctionCall,
  toolContext: Context,
  outcome: CallOutcome,
  asFinished: CallResult[],
): Promise<void> {
  const calls = getFunctionCalls(event);
  const place = calls.findIndex(({ id }) => id === call.id);
  const given = outcome.kind === "response" ? outcome.response : undefined;
  const { response, actions, stateRemoved, inPlace } = keepable(call, place, given, toolContext);
  const callId = call.id ?? "";
  const container = inPlace === undefined ? {} : { inPlace };
  const removed = stateRemoved === undefined ? {} : { stateRemoved };
  const isStored = response === undefined && context.isResumable;
  const left = isStored ? NOTHING : { actions, stateRemoved };
  const result: CallResult = { call, response, ...left, inPlace, isStored };
  asFinished.push(result);
  try {
    if (response !== undefined && calls.length > 1) {
      const toolRecord = { callId, response, actions, ...removed, ...container };
      if (context.isResumable) await record(context, toolRecord);
      else checkRecord(context, toolRecord);
    }
    // Nothing follows that could carry what it has written.
    if (isStored)
      await record(
        context,
        { callId, ...container },
        { actions: { ...actions, stateDelta: { ...actions.stateDelta, ...inPlace } }, ...removed },
      );
  } catch (error) {
    // What is too large for an event of its own does not fit into the one that all calls share.
    if (AdkError.isInstance(error, "EVENT_TOO_LARGE"))
      asFinished.splice(asFinished.indexOf(result), 1);
    throw error;
  }
}

const NOTHING = { actions: undefined, stateRemoved: undefined } as const;

/**
 * The response event, and the request for confirmation: before it when every call asks for one, else behind it.
 */
function* eventsOf(
  context: InvocationContext,
  { calls }: Batch,
  asFinished: readonly CallResult[],
): Generator<Event, void, undefined> {
  const order = calls.map((state) => state.call.id);
  const inCallOrder = asFinished.toSorted(
    (left, right) => order.indexOf(left.call.id) - order.indexOf(right.call.id),
  );
  const responses = responseEvent(context, inCallOrder, asFinished);
  if (responses === undefined) return;
  const requests = responses.actions.requestedToolConfirmations;
  const asking = calls.filter(
    ({ call, isAsked }) => Object.hasOwn(requests, call.id ?? "") && !isAsked,
  );
  const request = confirmationEvent(
    context,
    asking.map((state): FunctionCall => state.call),
    requests,
  );
  // Of all calls, also of those that wait: the same whether they were made now or before a crash.
  const allAsk = calls.every(({ call }) => Object.hasOwn(requests, call.id ?? ""));
  if (allAsk && request) yield request;
  else if (!allAsk && Object.keys(requests).length > 0) delete responses.actions.skipSummarization;
  yield responses;
  if (!allAsk && request) yield request;
}
