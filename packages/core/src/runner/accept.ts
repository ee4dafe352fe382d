import type { Content } from "../content/content.ts";
import { AdkError } from "../errors.ts";
import type { Event } from "../events/event.ts";
import { getOwn } from "../internal/json.ts";
import { callIdsOf } from "../log/agent-run.ts";
import { callStanding } from "../log/call-standing.ts";
import { firstOfInvocation } from "../log/first-of-invocation.ts";
import { liveBackwards } from "../log/live-backwards.ts";
import { liveEvents } from "../log/rewind.ts";

/** What a request means on this log. */
export interface Accepted {
  readonly invocationId: string;
  /** The events of the calls that the message answers, in the order of the answers. */
  readonly answers?: readonly Event[] | undefined;
  /** The message that the invocation was opened with, when the log has it: an equal one is a retry. */
  readonly opened?: Event | undefined;
  /** Stored answers of the invocation, when an equal one would be a retry. */
  readonly answered?: readonly Event[] | undefined;
}

export interface AcceptRequest {
  readonly message: Content | undefined;
  readonly invocationId: string | undefined;
  readonly events: readonly Event[];
  readonly resumable: boolean;
  readonly newInvocationId: () => string;
  /** Milliseconds since the Unix epoch: calls that have expired by then take no answer. */
  readonly now: number;
}

/**
 * Decides which invocation a message, an answer or an id belongs to. What was rewound is not known any more.
 *
 * @throws AdkError `CALL_NOT_FOUND` for an answer to no known call, `CALL_REWOUND` for one to a call that was rewound,
 *   `CALL_EXPIRED` for one that comes too late and is not stored yet;
 *   `INVALID_ARGUMENT` for answers of two invocations; `INVOCATION_NOT_FOUND` for an unknown id without a message;
 *   `FAILED_PRECONDITION` for a known one where the app is not resumable.
 */
export function accept(request: AcceptRequest): Accepted {
  const { message, invocationId, events } = request;
  const answerIds = (message?.parts ?? []).flatMap(({ functionResponse }) =>
    functionResponse?.id ? [functionResponse.id] : [],
  );
  if (answerIds.length > 0) return acceptAnswers(answerIds, request);
  if (invocationId === undefined) return { invocationId: request.newInvocationId() };
  const opened = openingMessage(events, invocationId);
  if (opened && message === undefined && !request.resumable)
    throw new AdkError(
      "FAILED_PRECONDITION",
      `Invocation ${invocationId} cannot be resumed without a message: the app is not resumable. Send its message again with the same \`invocationId\` to retry it.`,
      { details: { invocationId } },
    );
  if (opened) return { invocationId, opened };
  if (message === undefined)
    throw new AdkError(
      "INVOCATION_NOT_FOUND",
      `This session has no invocation ${invocationId}. Check the id, or give a \`newMessage\` to open it.`,
      { details: { invocationId } },
    );
  return { invocationId };
}

function acceptAnswers(
  ids: readonly string[],
  { invocationId, events, now }: AcceptRequest,
): Accepted {
  const answered = new Set(ids);
  const callEvents: Map<string, Event> = new Map();
  for (const event of liveBackwards(events)) {
    if (event.author === "user") continue;
    for (const id of callIdsOf(event))
      if (answered.has(id) && !callEvents.has(id)) callEvents.set(id, event);
    if (callEvents.size === answered.size) break;
  }
  const missing = ids.filter((id) => !callEvents.has(id));
  if (missing.length > 0) throw missingCalls(missing, events);
  for (const [id, { pending }] of callEvents) {
    const { expiresAt } = getOwn(pending ?? {}, id) ?? {};
    if (expiresAt !== undefined && expiresAt <= now) checkIsStored(id, events, now);
  }
  const answers = new Set(ids.flatMap((id) => callEvents.get(id) ?? []));
  const [answeredId, ...others] = new Set([...answers].map((event) => event.invocationId));
  if (answeredId === undefined || others.length > 0)
    throw new AdkError(
      "INVALID_ARGUMENT",
      "`newMessage` answers calls of several invocations. Answer each invocation in a run of its own.",
      { details: { invocationIds: [answeredId, ...others] } },
    );
  return {
    invocationId: answeredId,
    opened: openingMessage(events, answeredId, [...answers][0]),
    answers: [...answers],
    ...(invocationId === answeredId
      ? {
          answered: liveEvents(events).filter(
            (event) =>
              event.invocationId === invocationId && event.author === "user" && isAnswer(event),
          ),
        }
      : {}),
  };
}

/** @throws AdkError `CALL_EXPIRED` unless the call was answered in time. */
function checkIsStored(callId: string, events: readonly Event[], now: number): void {
  const standing = callStanding(events, callId, now);
  if (standing.kind !== "expired") return;
  const { expiresAt } = standing;
  throw new AdkError(
    "CALL_EXPIRED",
    `Call ${callId} could be answered until ${new Date(expiresAt).toISOString()}. The model reads at the next run that nobody answered; send a message to go on.`,
    { details: { callId, expiresAt } },
  );
}

function missingCalls(callIds: readonly string[], events: readonly Event[]): AdkError {
  const made = new Set<string>();
  for (const event of events)
    if (event.author !== "user") for (const id of callIdsOf(event)) made.add(id);
  const rewound = callIds.filter((id) => made.has(id));
  const unknown = callIds.filter((id) => !made.has(id));
  if (unknown.length > 0)
    return new AdkError(
      "CALL_NOT_FOUND",
      `This session has no call ${unknown.join(", ")} to answer. Use the id of the function call.`,
      { details: { callIds: unknown } },
    );
  return new AdkError(
    "CALL_REWOUND",
    `Call ${rewound.join(", ")} cannot be answered any more: the session was rewound to before it. Send a new message instead.`,
    { details: { callIds: rewound } },
  );
}

/**
 * The message that an invocation was opened with.
 *
 * @param later an event of the invocation, where one is known.
 */
function openingMessage(
  events: readonly Event[],
  invocationId: string,
  later?: Event,
): Event | undefined {
  const live = liveEvents(events);
  const first = later && live === events ? live.lastIndexOf(firstOfInvocation(events, later)) : 0;
  for (let index = Math.max(first, 0); index < live.length; index++) {
    const event = live[index] as Event;
    if (
      event.invocationId === invocationId &&
      event.author === "user" &&
      event.content !== undefined &&
      !isAnswer(event)
    )
      return event;
  }
  return undefined;
}

function isAnswer(event: Event): boolean {
  return event.content?.parts?.some((part) => part.functionResponse) ?? false;
}
