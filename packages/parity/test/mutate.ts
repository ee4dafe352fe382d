import { isObject, type Json, type JsonObject } from "../src/json.ts";
import { isMatcher } from "../src/matchers.ts";

export type Path = readonly (string | number)[];

/** A change of one place in an outcome that an exact comparison must find. */
export interface Mutation {
  kind: "change" | "drop" | "add" | "reorder";
  path: Path;
}

/** Whose lists may come in another order. */
export interface Loose {
  unordered: boolean;
  anyHooksOrder: boolean;
}

/** Every mutation at a place that the expectation compares exactly; `partial`: what it has not is not compared. */
export function mutations(expectation: JsonObject, partial: boolean, loose: Loose): Mutation[] {
  const result: Mutation[] = [];
  function visit(value: Json, path: Path): void {
    if (isMatcher(value)) return;
    if (Array.isArray(value)) {
      if (inOrder(value, path, loose))
        for (let index = 1; index < value.length; index++)
          if (exactly(value[index - 1]) !== exactly(value[index]))
            result.push({ kind: "reorder", path: [...path, index - 1] });
      value.forEach((item, index) => visit(item, [...path, index]));
    } else if (isObject(value)) {
      if (!partial) result.push({ kind: "add", path });
      for (const [key, member] of Object.entries(value)) visit(member, [...path, key]);
    } else result.push({ kind: "change", path }, { kind: "drop", path });
  }
  for (const section of ["steps", "session", "modelRequests", "hooks"])
    if (section in expectation) visit(expectation[section] as Json, [section]);
  return result;
}

/** A copy of the outcome with the mutation, or nothing when it has no such place. */
export function mutate(outcome: JsonObject, { kind, path }: Mutation): JsonObject | undefined {
  const copy = structuredClone(outcome);
  const last = path.at(-1) as string | number;
  const parent = path.slice(0, -1).reduce<unknown>((value, key) => member(value, key), copy);
  const value = member(parent, last);
  if (value === undefined) return undefined;
  const holder = parent as Record<string | number, unknown>;
  if (kind === "add") (value as JsonObject)["added"] = 1;
  else if (kind === "change") holder[last] = changed(value as Json);
  else if (kind === "reorder")
    (parent as unknown[]).splice(
      Number(last),
      0,
      ...(parent as unknown[]).splice(Number(last) + 1, 1),
    );
  else if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else delete holder[last];
  return copy;
}

/** What the matchers of a golden describe in their place, so that it is an outcome. */
export function expand(golden: JsonObject): JsonObject {
  return sample(golden) as JsonObject;
}

function sample(value: Json): Json {
  if (value === "$any") return "anything";
  if (Array.isArray(value)) return value.map(sample);
  if (!isObject(value)) return value;
  if ("$text" in value)
    return {
      role: value["role"] as Json,
      parts: [{ text: (value["$text"] as string[]).join(" ") }],
    };
  const result: JsonObject = {};
  for (const [key, item] of Object.entries(value))
    if (isObject(item) && "$mentions" in item) {
      const text = (item["$mentions"] as string[]).join(" ");
      result[key] = key === "error" && "op" in value ? { message: text } : text;
    } else result[key] = sample(item);
  return result;
}

function changed(value: Json): Json {
  if (typeof value === "string") return `${value}~`;
  if (typeof value === "number") return value + 1;
  return !value;
}

function member(value: unknown, key: string | number): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string | number, unknown>)[key]
    : undefined;
}

function inOrder(list: Json[], path: Path, { unordered, anyHooksOrder }: Loose): boolean {
  const name = path.at(-1);
  if (name === "hooks" && anyHooksOrder) return false;
  if (unordered && ["hooks", "modelRequests", "events", "contents"].includes(String(name)))
    return false;
  return !list.some((item) => isObject(item) && "functionResponse" in item);
}

/** What is compared exactly in a value, as a text. */
function exactly(value: Json | undefined): string {
  return JSON.stringify(value, (_, item: Json) => (isMatcher(item) ? "$matcher" : item));
}
