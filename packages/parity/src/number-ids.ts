import { isObject, objectsOf, type Json, type JsonObject } from "./json.ts";

/** Where a call has its id: as a part, or told of inside another call's arguments. */
const CALLS = ["functionCall", "functionResponse", "originalFunctionCall"];
/** Actions whose keys are ids of calls. */
const REQUESTED = ["requestedToolConfirmations", "requestedAuthConfigs"];
/** An id that short is replaced where ids stand, not inside texts, which may hold it by chance. */
const SHORTEST_IN_TEXTS = 5;

/**
 * A copy in which every id of an event, invocation or call is `$e1…`, `$i1…`, `$c1…`, numbered at first sight, the stored
 * log first. What is numbered already is numbered anew, which changes nothing unless the order does: with `unordered`,
 * events are looked at author by author.
 */
export function numberIds(outcome: JsonObject, { unordered }: { unordered: boolean }): JsonObject {
  const ids = new Ids();
  const session = isObject(outcome["session"]) ? outcome["session"] : {};
  for (const holder of [session, ...objectsOf(outcome["steps"])]) {
    const events = objectsOf(holder["events"]);
    for (const event of unordered ? byAuthor(events) : events) ids.see(event);
  }
  return ids.replace(outcome) as JsonObject;
}

function byAuthor(events: readonly JsonObject[]): JsonObject[] {
  return events.toSorted((left, right) => {
    const [one, other] = [String(left["author"]), String(right["author"])];
    return one < other ? -1 : one > other ? 1 : 0;
  });
}

class Ids {
  readonly #labels: Map<string, string> = new Map();
  readonly #counts: { e: number; i: number; c: number } = { e: 0, i: 0, c: 0 };
  #inTexts: RegExp | undefined;

  /** Numbers the ids of an event that are new. */
  see(event: JsonObject): void {
    this.#add("e", event["id"]);
    this.#add("i", event["invocationId"]);
    this.#seeCalls(event["content"]);
    if (Array.isArray(event["longRunningToolIds"]))
      for (const id of event["longRunningToolIds"]) this.#add("c", id);
    const actions = isObject(event["actions"]) ? event["actions"] : {};
    this.#add("i", actions["rewindBeforeInvocationId"]);
    for (const name of REQUESTED)
      if (isObject(actions[name])) for (const id of Object.keys(actions[name])) this.#add("c", id);
  }

  replace(value: Json): Json {
    if (typeof value === "string") return this.#replaceIn(value);
    if (Array.isArray(value)) return value.map((item) => this.replace(item));
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [this.#replaceIn(key), this.replace(member)]),
    );
  }

  #seeCalls(value: Json | undefined): void {
    if (Array.isArray(value)) for (const item of value) this.#seeCalls(item);
    if (!isObject(value)) return;
    for (const [key, member] of Object.entries(value)) {
      if (CALLS.includes(key) && isObject(member)) this.#add("c", member["id"]);
      this.#seeCalls(member);
    }
  }

  #add(kind: "e" | "i" | "c", id: Json | undefined): void {
    if (typeof id !== "string" || id === "" || this.#labels.has(id)) return;
    this.#labels.set(id, `$${kind}${++this.#counts[kind]}`);
    this.#inTexts = undefined;
  }

  #replaceIn(text: string): string {
    const label = this.#labels.get(text);
    if (label !== undefined) return label;
    return this.#labels.size === 0
      ? text
      : text.replace(this.#pattern(), (id) => this.#labels.get(id) ?? id);
  }

  #pattern(): RegExp {
    return (this.#inTexts ??= new RegExp(
      `(?<![\\w$-])(?:${[...this.#labels.keys()]
        .filter((id) => id.startsWith("$") || id.length >= SHORTEST_IN_TEXTS)
        .toSorted((left, right) => right.length - left.length)
        .map((id) => id.replace(/[^\w\s-]/g, "\\$&"))
        .join("|")})(?![\\w-])`,
      "g",
    ));
  }
}
