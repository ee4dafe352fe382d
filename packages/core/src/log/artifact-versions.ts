import type { Event } from "../events/event.ts";
import { getFunctionResponses } from "../events/predicates.ts";

export interface SavedVersion {
  readonly filename: string;
  readonly version: number;
}

/**
 * Every version of the session's own artifacts that the events name, in the order in which they were saved. Tool records and
 * the events of agent tools' runs count. Names with `user:` belong to the user.
 */
export function savedVersions(events: readonly Event[]): SavedVersion[] {
  /** What the records of a call have named: its response event says it again, and perhaps too late. */
  const recorded = new Set<string>();
  return events.flatMap((event) => [...namedBy(event, recorded)]);
}

/** The version that each artifact was at after these events, which begin with the log; absent: there was none. */
export function artifactVersions(events: readonly Event[]): Map<string, number> {
  return new Map(savedVersions(events).map(({ filename, version }) => [filename, version]));
}

function* namedBy(event: Event, recorded: Set<string>): Generator<SavedVersion, void, undefined> {
  const { actions, toolRecord } = event;
  const callIds = getFunctionResponses(event).map(({ id }) => id ?? "");
  for (const saved of versionsOf(actions.artifactDelta))
    if (!callIds.some((callId) => recorded.has(keyOf(callId, saved)))) yield saved;
  if (toolRecord === undefined) return;
  const inside = [
    ...versionsOf(toolRecord.actions?.artifactDelta ?? {}),
    ...(toolRecord.event ? namedBy(toolRecord.event, recorded) : []),
  ];
  for (const saved of inside) {
    recorded.add(keyOf(toolRecord.callId, saved));
    yield saved;
  }
}

function versionsOf(artifactDelta: Readonly<Record<string, number>>): SavedVersion[] {
  return Object.keys(artifactDelta)
    .filter((filename) => !filename.startsWith("user:"))
    .map((filename) => ({ filename, version: artifactDelta[filename] as number }));
}

function keyOf(callId: string, { filename, version }: SavedVersion): string {
  return JSON.stringify([callId, filename, version]);
}
