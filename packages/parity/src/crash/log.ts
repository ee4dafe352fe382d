import type { Event, FunctionCall, FunctionResponse } from "@adk/core";

export function callsOf({ content }: Event): FunctionCall[] {
  return (content?.parts ?? []).flatMap(({ functionCall }) => functionCall ?? []);
}

export function responsesOf({ content }: Event): FunctionResponse[] {
  return (content?.parts ?? []).flatMap(({ functionResponse }) => functionResponse ?? []);
}

/** The events of a log, each followed by the one that it records of an agent tool's run, at every depth. */
export function* seenEvents(log: readonly Event[]): Generator<Event, void, undefined> {
  for (const event of log) {
    yield event;
    if (event.toolRecord?.event) yield* seenEvents([event.toolRecord.event]);
  }
}

/** An event as a store has it: what core encoded. */
export function storedEvent(data: string, sequence: number): Event {
  const { event } = JSON.parse(data) as { event: Event };
  return { ...event, actions: event.actions ?? {}, sequence };
}

/** Bodies of one call are counted apart once a person was asked. */
export function bodyName(callId: string, isConfirmed: boolean): string {
  return isConfirmed ? `${callId} confirmed` : callId;
}

/** A call that nobody outside has answered. */
export interface OpenRequest {
  readonly id: string;
  readonly name: string;
  /** The tool it is about: its own, or the one that a person is to approve. */
  readonly tool: string;
}

/** The calls that wait for an answer from outside, in their order. */
export function openRequests(log: readonly Event[]): OpenRequest[] {
  const open = new Map<string, OpenRequest>();
  for (const event of seenEvents(log)) {
    for (const { id = "", name = "", args } of callsOf(event)) {
      if (!event.longRunningToolIds?.includes(id)) continue;
      const original = args?.["originalFunctionCall"] as { name?: string } | undefined;
      open.set(id, { id, name, tool: original?.name ?? name });
    }
    if (event.author === "user") for (const { id = "" } of responsesOf(event)) open.delete(id);
  }
  return [...open.values()];
}
