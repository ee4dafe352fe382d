import { copyRecord, getOwn, setOwn } from "../internal/json.ts";
import { createEventActions, type EventActions } from "./event-actions.ts";

/**
 * The actions of several sources as one, a new object: records are united key by key, anything else is taken from the
 * last source that has it. Of an artifact's versions the highest stays: that is what it is at, whoever was faster.
 *
 * @param target what to start from; it is not changed.
 */
export function mergeEventActions(
  sources: readonly (Partial<EventActions> | undefined)[],
  target?: EventActions,
): EventActions {
  const { stateDelta, artifactDelta, requestedAuthConfigs, requestedToolConfirmations } =
    createEventActions(target);
  const result: EventActions = {
    ...target,
    stateDelta: copyRecord(stateDelta),
    artifactDelta: copyRecord(artifactDelta),
    requestedAuthConfigs: copyRecord(requestedAuthConfigs),
    requestedToolConfirmations: copyRecord(requestedToolConfirmations),
  };
  for (const source of sources) {
    if (!source) continue;
    for (const name of Object.keys(source) as (keyof EventActions)[])
      if (source[name] !== undefined && !RECORDS.has(name)) assign(result, name, source[name]);
    unite(result.stateDelta, source.stateDelta);
    for (const [filename, version] of Object.entries(source.artifactDelta ?? {}))
      setOwn(
        result.artifactDelta,
        filename,
        Math.max(version, getOwn(result.artifactDelta, filename) ?? version),
      );
    unite(result.requestedAuthConfigs, source.requestedAuthConfigs);
    unite(result.requestedToolConfirmations, source.requestedToolConfirmations);
  }
  return result;
}

const RECORDS: ReadonlySet<keyof EventActions> = new Set([
  "stateDelta",
  "artifactDelta",
  "requestedAuthConfigs",
  "requestedToolConfirmations",
] as const);

function assign<Name extends keyof EventActions>(
  actions: EventActions,
  name: Name,
  value: EventActions[Name],
): void {
  actions[name] = value;
}

function unite<T>(
  target: Record<string, T>,
  source: Readonly<Record<string, T>> | undefined,
): void {
  for (const key of Object.keys(source ?? {})) setOwn(target, key, source?.[key] as T);
}
