import { isEmpty, isObject, objectsOf, type Json, type JsonObject } from "./json.ts";
import { matchAll } from "./match-all.ts";
import { isMatcher, matches } from "./matchers.ts";
import { numberIds } from "./number-ids.ts";

/** The first place where an outcome is not what was expected. */
export interface Difference {
  path: string;
  expected: Json | undefined;
  found: Json | undefined;
}

export interface CompareOptions {
  /** Only what the expectation has is compared. */
  partial: boolean;
  /** Authors may interleave; each one's own order counts. */
  unordered: boolean;
  /** The hooks may be called in any order. */
  anyHooksOrder: boolean;
}

/** What an outcome consists of, in the order in which differences are told. */
const SECTIONS = ["steps", "session", "modelRequests", "hooks"] as const;

/** Compares a neutral outcome with a golden or an expectation. @returns the first difference, or nothing when it fits. */
export function compare(
  expectation: JsonObject,
  outcome: JsonObject,
  options: CompareOptions,
): Difference | undefined {
  if (!options.unordered) return new Comparer(options).outcome(expectation, outcome);
  const expected = numberIds(expectation, options);
  return (
    new Comparer(options).outcome(expected, outcome) ?? compareLabels(expectation, outcome, options)
  );
}

/** Numbers may be given otherwise where authors interleave, but they are the same numbers. */
function compareLabels(
  expectation: JsonObject,
  outcome: JsonObject,
  { partial }: CompareOptions,
): Difference | undefined {
  if (partial) return undefined;
  const [expected, found] = [expectation, outcome].map((value) => [
    ...new Set(
      JSON.stringify(value)
        .match(/"\$[eic]\d[^"]*"/g)
        ?.toSorted(),
    ),
  ]);
  return expected?.join() === found?.join() ? undefined : { path: "(ids)", expected, found };
}

/** Of an error only what is named is compared: its other words are ours. */
const STEP_ERROR = /^steps\[\d+\]\.error$/;

type Found = Json | undefined;
type Result = Difference | undefined;

class Comparer {
  readonly #options: CompareOptions;

  constructor(options: CompareOptions) {
    this.#options = options;
  }

  outcome(expected: JsonObject, found: JsonObject): Result {
    for (const section of SECTIONS) {
      if (this.#options.partial && !(section in expected)) continue;
      const difference = this.#section(section, expected[section], found[section]);
      if (difference) return difference;
    }
    const included = expected["$hooksInclude"];
    return included === undefined
      ? undefined
      : this.#included(objectsOf(included), objectsOf(found["hooks"]));
  }

  #section(section: (typeof SECTIONS)[number], expected: Found, found: Found): Result {
    const { unordered, anyHooksOrder } = this.#options;
    if (section === "session" && isObject(expected) && "$texts" in expected)
      return this.#sessionTexts(expected, found);
    if (section === "hooks" && anyHooksOrder) return this.#inAnyOrder(expected, found, section);
    if (section === "hooks" && unordered) return this.#byMember("agent", expected, found, section);
    if (section === "modelRequests" && unordered)
      return this.#byMember("agent", expected, found, section);
    return this.#value(expected, found, section);
  }

  #value(expected: Found, found: Found, path: string): Result {
    if (isMatcher(expected))
      return matches(expected, found) ? undefined : { path, expected, found };
    if (isEmpty(expected)) return this.#empty(expected, found, path);
    if (Array.isArray(expected)) return this.#list(expected, found, path);
    if (isObject(expected)) return this.#object(expected, found, path);
    return expected === found ? undefined : { path, expected, found };
  }

  /** In an expectation `{}` has nothing to compare; `[]`, `null` and what is absent from a golden mean none. */
  #empty(expected: Found, found: Found, path: string): Result {
    if (isEmpty(found)) return undefined;
    const open = this.#options.partial && isObject(expected) && isObject(found);
    return open ? undefined : { path, expected, found };
  }

  #object(expected: JsonObject, value: Found, path: string): Result {
    const found = value ?? {};
    if (!isObject(found)) return { path, expected, found };
    for (const key of Object.keys(expected)) {
      const difference = this.#value(expected[key], found[key], join(path, key));
      if (difference) return difference;
    }
    if (this.#options.partial || STEP_ERROR.test(path)) return undefined;
    for (const key of Object.keys(found))
      if (!(key in expected) && !isEmpty(found[key]))
        return { path: join(path, key), expected: undefined, found: found[key] };
    return undefined;
  }

  #list(expected: Json[], value: Found, path: string): Result {
    const { unordered, partial } = this.#options;
    if (!Array.isArray(value)) return { path, expected, found: value };
    const found =
      partial && path.endsWith(".events") && !expected.some(isCheckpoint)
        ? value.filter((event) => !isCheckpoint(event))
        : value;
    if (unordered && path.endsWith(".events"))
      return this.#byMember("author", expected, found, path);
    if (unordered && path.endsWith(".contents")) return this.#contents(expected, found, path);
    if (path.endsWith(".parts") && expected.some(isFunctionResponse))
      return this.#parts(expected, found, path);
    return this.#inOrder(expected, found, path);
  }

  #inOrder(expected: readonly Json[], found: readonly Json[], path: string): Result {
    for (let index = 0; index < Math.max(expected.length, found.length); index++) {
      const at = `${path}[${index}]`;
      if (index >= expected.length) return { path: at, expected: undefined, found: found[index] };
      if (index >= found.length) return { path: at, expected: expected[index], found: undefined };
      const difference = this.#value(expected[index], found[index], at);
      if (difference) return difference;
    }
    return undefined;
  }

  #inAnyOrder(expectedList: Found, foundList: Found, path: string): Result {
    const expected = listOf(expectedList);
    const found = listOf(foundList);
    const { unmatched, left } = matchAll(expected, found, (one, other) => this.#fits(one, other));
    if (unmatched.length > 0) {
      const [lonely] = unmatched;
      const at = `${path}[${expected.indexOf(lonely as Json)}]`;
      return left.length === 0
        ? { path: at, expected: lonely, found: undefined }
        : this.#value(lonely, left[0], at);
    }
    return left.length > 0 ? { path, expected: undefined, found: left[0] } : undefined;
  }

  /** What belongs to one agent in order; what belongs to none in any order. */
  #byMember(member: string, expectedList: Found, foundList: Found, path: string): Result {
    const expected = groups(listOf(expectedList), member);
    const found = groups(listOf(foundList), member);
    for (const name of new Set([...expected.keys(), ...found.keys()])) {
      const at = `${path}(${name ?? `no ${member}`})`;
      const [one, other] = [expected.get(name) ?? [], found.get(name) ?? []];
      const difference =
        name === undefined ? this.#inAnyOrder(one, other, at) : this.#inOrder(one, other, at);
      if (difference) return difference;
    }
    return undefined;
  }

  /** The words of other agents (`$text`) in any order, everything else in order. */
  #contents(expected: readonly Json[], found: readonly Json[], path: string): Result {
    const inOrder = this.#inOrder(expected, found, path);
    if (inOrder === undefined) return undefined;
    const told = expected.filter(isMatcher);
    const { unmatched, left } = matchAll(told, found, (one, other) => this.#fits(one, other));
    if (unmatched.length > 0) return inOrder;
    const own = expected.filter((content) => !isMatcher(content));
    return this.#inOrder(own, left, path) === undefined ? undefined : inOrder;
  }

  /** Function responses in any order, everything else in order. */
  #parts(expected: readonly Json[], found: readonly Json[], path: string): Result {
    const others = (list: readonly Json[]): Json[] =>
      list.filter((part) => !isFunctionResponse(part));
    return (
      this.#inAnyOrder(
        expected.filter(isFunctionResponse),
        found.filter(isFunctionResponse),
        path,
      ) ?? this.#inOrder(others(expected), others(found), path)
    );
  }

  #sessionTexts(expected: JsonObject, found: Found): Result {
    const { $texts: texts, ...rest } = expected;
    const session = isObject(found) ? found : {};
    const path = "session.$texts";
    const spoken = objectsOf(session["events"]).flatMap(textsOf);
    const difference = this.#options.unordered
      ? this.#inAnyOrder(texts, spoken, path)
      : this.#inOrder(listOf(texts), spoken, path);
    if (difference) return difference;
    const told = "events" in rest ? session : { ...session, events: [] };
    return this.#value(rest, told, "session");
  }

  #included(expected: JsonObject[], found: JsonObject[]): Result {
    const subset = new Comparer({ ...this.#options, partial: true });
    const { unmatched } = matchAll(expected, found, (one, other) => subset.#fits(one, other));
    return unmatched.length > 0
      ? { path: "$hooksInclude", expected: unmatched[0], found: undefined }
      : undefined;
  }

  #fits(expected: Found, found: Found): boolean {
    return this.#value(expected, found, "") === undefined;
  }
}

function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

function listOf(value: Found): Json[] {
  return Array.isArray(value) ? value : [];
}

function groups(list: readonly Json[], member: string): Map<string | undefined, Json[]> {
  const result = new Map<string | undefined, Json[]>();
  for (const item of list) {
    const name = isObject(item) ? item[member] : undefined;
    const key = typeof name === "string" ? name : undefined;
    result.set(key, [...(result.get(key) ?? []), item]);
  }
  return result;
}

/** An event that only says where an agent stands; an expectation that names none says nothing about them. */
function isCheckpoint(event: Json): boolean {
  if (!isObject(event) || event["content"] !== undefined || !isObject(event["actions"] ?? null))
    return false;
  const names = Object.keys(event["actions"] as JsonObject);
  return names.length > 0 && names.every((name) => name === "agentState" || name === "endOfAgent");
}

function isFunctionResponse(part: Json): boolean {
  return isObject(part) && "functionResponse" in part;
}

function textsOf(event: JsonObject): string[] {
  const content = event["content"];
  return objectsOf(isObject(content) ? content["parts"] : undefined).flatMap(({ text }) =>
    typeof text === "string" ? [text] : [],
  );
}
