import type { Event } from "../events/event.ts";

export interface SavedVersion {
  readonly filename: string;
  readonly version: number;
}

/**
 * Every version of the session's own artifacts that the events name; a version may be named more than once. Tool records and
 * the events of agent tools' runs count. Names with `user:` belong to the user.
 */
export function savedVersions(events: readonly Event[]): SavedVersion[] {
  return events.flatMap((event) => [...namedBy(event)]);
}

/**
 * The version that each artifact was at after these events, which begin with the log; absent: there was none.
 *
 * Within an invocation it is the highest one: tools and branches that run at the same time are not stored in the order of
 * their saves, and a response event says again what records have said. Between invocations it is the last one: when an
 * artifact was deleted in the meantime, its versions have started again at 0.
 */
export function artifactVersions(events: readonly Event[]): Map<string, number> {
  const versions = new Map<string, number>();
  const highest = new Map<string, number>();
  for (const event of events)
    for (const { filename, version } of namedBy(event)) {
      const key = JSON.stringify([event.invocationId, filename]);
      if (version <= (highest.get(key) ?? -1)) continue;
      highest.set(key, version);
      versions.set(filename, version);
    }
  return versions;
}

function* namedBy({ actions, toolRecord }: Event): Generator<SavedVersion, void, undefined> {
  yield* versionsOf(actions.artifactDelta);
  yield* versionsOf(toolRecord?.actions?.artifactDelta ?? {});
  if (toolRecord?.event) yield* namedBy(toolRecord.event);
}

function versionsOf(artifactDelta: Readonly<Record<string, number>>): SavedVersion[] {
  return Object.keys(artifactDelta)
    .filter((filename) => !filename.startsWith("user:"))
    .map((filename) => ({ filename, version: artifactDelta[filename] as number }));
}
