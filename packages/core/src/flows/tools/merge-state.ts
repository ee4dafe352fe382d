import type { WorkingState } from "../../context/working-state.ts";
import type { EventActions } from "../../events/event-actions.ts";
import { equalJson, setOwn } from "../../internal/json.ts";

/** State that several calls have written, as one change. */
export interface MergedState {
  readonly stateDelta: Record<string, unknown>;
  readonly stateRemoved: readonly string[];
}

/** What one call has written. */
export interface Written {
  readonly actions: Partial<EventActions> | undefined;
  readonly stateRemoved: readonly string[] | undefined;
  /** Containers that it changed in place, whole. */
  readonly inPlace: Readonly<Record<string, unknown>> | undefined;
  /** Whether all of this is stored already, with the record of a call that waits. */
  readonly isStored: boolean;
}

/**
 * What the calls of one batch have written to state: of a key that several wrote or removed, the last one in call order
 * counts, whoever came last in time; from now on everybody in the invocation sees that value. A container that several
 * changed in place is as the last of them left it, unless it was assigned afterwards.
 */
export function mergeState(
  inCallOrder: readonly Written[],
  asFinished: readonly Written[],
  state: WorkingState,
): MergedState {
  const written: Map<string, unknown[]> = new Map();
  const note = (key: string, value: unknown): void => {
    const values = written.get(key);
    if (values) values.push(value);
    else written.set(key, [value]);
  };
  for (const { actions, stateRemoved = [] } of inCallOrder) {
    for (const key of Object.keys(actions?.stateDelta ?? {})) note(key, actions?.stateDelta?.[key]);
    for (const key of stateRemoved) note(key, undefined);
  }
  for (const [key, value] of changedInPlace(asFinished)) note(key, value);
  const stateDelta: Record<string, unknown> = {};
  const stateRemoved: string[] = [];
  for (const [key, values] of written) {
    const value = values.at(-1);
    if (value === undefined) stateRemoved.push(key);
    else setOwn(stateDelta, key, value);
    if (values.length > 1) showLast(key, values, state);
  }
  return { stateDelta, stateRemoved };
}

function changedInPlace(asFinished: readonly Written[]): Map<string, unknown> {
  const changed: Map<string, unknown> = new Map();
  for (const { actions, stateRemoved = [], inPlace = {} } of asFinished) {
    for (const key of [...Object.keys(actions?.stateDelta ?? {}), ...stateRemoved])
      changed.delete(key);
    for (const key of Object.keys(inPlace)) changed.set(key, inPlace[key]);
  }
  const isNew = new Set(
    asFinished.flatMap(({ inPlace, isStored }) => (isStored ? [] : Object.keys(inPlace ?? {}))),
  );
  for (const key of changed.keys()) if (!isNew.has(key)) changed.delete(key);
  return changed;
}

/** Unless somebody outside of the batch has written the key since. */
function showLast(key: string, values: readonly unknown[], state: WorkingState): void {
  const seen = state.get(key);
  const last = values.at(-1);
  if (!equalJson(seen, last) && values.some((value) => equalJson(value, seen)))
    state.set(key, last);
}
