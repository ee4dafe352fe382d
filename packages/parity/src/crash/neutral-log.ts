import type { Event } from "@adk/core";
import type { Json, JsonObject } from "../json.ts";
import { callsOf } from "./log.ts";

/** Members that say when and where something was stored, or how many processes have tried. */
const UNTOLD: ReadonlySet<string> = new Set([
  "timestamp",
  "sequence",
  "startTimestamp",
  "endTimestamp",
  "expiresAt",
  "attempt",
]);
/** State that siblings push to: lists under such keys have no order. */
const PUSHED = /^(?:\w+:)?list/;

/**
 * A log by branch, and one by branch for the run of each agent tool: without times, positions and the ids' own texts. The
 * order of events of different branches, and that of records, are not told.
 */
export function neutralLog(
  events: readonly Event[],
  artifactText: (name: string, version: number) => Json,
): JsonObject {
  const labels = new Labels();
  labels.see(events, "");
  return new Teller(labels, artifactText).tell(events);
}

/** Names for the ids of calls that equal runs share: by branch and position. */
class Labels {
  readonly #labels: Map<string, string> = new Map();

  see(events: readonly Event[], scope: string): void {
    const counts = new Map<string, number>();
    const children = new Map<string, Event[]>();
    for (const event of events) {
      const place = `${scope}${event.branch ?? ""}`;
      for (const { id } of callsOf(event)) {
        if (id === undefined || this.#labels.has(id)) continue;
        const count = (counts.get(place) ?? 0) + 1;
        counts.set(place, count);
        this.#labels.set(id, `${place}#${count}`);
      }
      addChild(children, event);
    }
    for (const [callId, child] of children) this.see(child, `${this.of(callId)}/`);
  }

  of(text: string): string {
    const label = this.#labels.get(text);
    if (label !== undefined) return label;
    const nested = text.startsWith("e-") ? this.#labels.get(text.slice(2)) : undefined;
    return nested === undefined ? text : `e-${nested}`;
  }
}

class Teller {
  readonly #labels: Labels;
  readonly #artifactText: (name: string, version: number) => Json;

  constructor(labels: Labels, artifactText: (name: string, version: number) => Json) {
    this.#labels = labels;
    this.#artifactText = artifactText;
  }

  tell(events: readonly Event[]): JsonObject {
    const branches: Record<string, Json[]> = {};
    const records: Record<string, string[]> = {};
    const children = new Map<string, Event[]>();
    for (const event of events) {
      const branch = event.branch ?? "";
      const { toolRecord } = event;
      addChild(children, event);
      if (toolRecord === undefined) (branches[branch] ??= []).push(this.#event(event));
      else if (toolRecord.event === undefined)
        (records[branch] ??= []).push(JSON.stringify(this.#event(event)));
      else if (toolRecord.state !== undefined)
        (records[branch] ??= []).push(
          JSON.stringify([this.#labels.of(toolRecord.callId), this.#told(toolRecord.state)]),
        );
    }
    for (const list of Object.values(records)) list.sort();
    const runs: JsonObject = {};
    for (const [callId, child] of children) runs[this.#labels.of(callId)] = this.tell(child);
    return { branches: sorted(branches), records: sorted(records), runs: sorted(runs) };
  }

  #event(event: Event): Json {
    const { id: _, invocationId, ...told } = event;
    // A summary belongs to no invocation: it has an id of its own.
    return this.#told(event.actions.compaction ? told : { ...told, invocationId });
  }

  #told(value: unknown, key = ""): Json {
    if (typeof value === "string") return this.#labels.of(value);
    if (Array.isArray(value)) {
      const list = value.map((item) => this.#told(item));
      return PUSHED.test(key)
        ? list.toSorted((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1))
        : list;
    }
    if (typeof value !== "object" || value === null) return (value ?? null) as Json;
    const result: JsonObject = {};
    for (const [name, member] of Object.entries(value)) {
      if (UNTOLD.has(name) || member === undefined) continue;
      if (key === "artifactDelta") result[name] = this.#artifactText(name, Number(member));
      // Whole containers, as the siblings before have left them.
      else if (key === "inPlace") result[name] = null;
      else result[this.#labels.of(name)] = this.#told(member, name);
    }
    return sorted(result);
  }
}

function addChild(children: Map<string, Event[]>, { toolRecord }: Event): void {
  if (toolRecord?.event === undefined) return;
  const child = children.get(toolRecord.callId) ?? [];
  child.push(toolRecord.event);
  children.set(toolRecord.callId, child);
}

function sorted<T extends Json>(record: Record<string, T>): Record<string, T> {
  const result: Record<string, T> = {};
  for (const key of Object.keys(record).toSorted()) result[key] = record[key] as T;
  return result;
}
