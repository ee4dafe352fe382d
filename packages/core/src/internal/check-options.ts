import { AdkError } from "../errors.ts";
import { closest } from "./closest.ts";

/** What an option must be: a `typeof` word, or a check that says what was expected when the value is not it. */
export type OptionCheck =
  | "string"
  | "boolean"
  | "number"
  | "function"
  | "object"
  | "array"
  | ((value: unknown) => string | undefined);

/**
 * Checks an options object against a table with a row for every option. `undefined` counts as absent.
 *
 * @param open whether options without a row are let pass.
 * @throws AdkError `INVALID_ARGUMENT` that names the owner, the option, what was expected and what was given; for an
 *   unknown option the known ones, and the one that was probably meant.
 */
export function checkOptions(
  owner: string,
  options: unknown,
  table: Readonly<Record<string, OptionCheck>>,
  open = false,
): void {
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw new AdkError(
      "INVALID_ARGUMENT",
      `${owner} takes an object with its options, got ${describe(options)}.`,
    );
  for (const name of Object.keys(options)) {
    const value = (options as Record<string, unknown>)[name];
    if (value === undefined) continue;
    const check = Object.hasOwn(table, name) ? table[name] : undefined;
    if (check === undefined && open) continue;
    if (check === undefined) throw unknownOption(owner, name, Object.keys(table));
    const expected = typeof check === "function" ? check(value) : unfit(check, value);
    if (expected !== undefined)
      throw new AdkError(
        "INVALID_ARGUMENT",
        `${owner}: \`${name}\` must be ${expected}, got ${describe(value)}.`,
        { details: { option: name } },
      );
  }
}

function unknownOption(owner: string, name: string, known: readonly string[]): AdkError {
  const meant = closest(name, known);
  const question = meant === undefined ? "" : ` Did you mean \`${meant}\`?`;
  return new AdkError(
    "INVALID_ARGUMENT",
    `${owner} has no option \`${name}\`.${question} It knows: ${known.toSorted().join(", ")}.`,
    { details: { option: name } },
  );
}

function unfit(
  check: Exclude<OptionCheck, (value: unknown) => unknown>,
  value: unknown,
): string | undefined {
  switch (check) {
    case "array":
      return Array.isArray(value) ? undefined : "a list";
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value)
        ? undefined
        : "an object";
    default:
      return typeof value === check ? undefined : `a ${check}`;
  }
}

/** A whole number within bounds, inclusive. */
export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER): OptionCheck {
  return (value) =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
      ? undefined
      : `a whole number from ${min} to ${max === Number.MAX_SAFE_INTEGER ? "2^53-1" : max}`;
}

/** One of some texts. */
export function oneOf(...values: readonly string[]): OptionCheck {
  return (value) =>
    values.includes(value as string)
      ? undefined
      : `one of ${values.map((text) => JSON.stringify(text)).join(", ")}`;
}

/** The names of an interface's members, all of them. */
export function membersOf<Request>(
  names: Readonly<Record<keyof Request, true>>,
): ReadonlySet<string> {
  return new Set(Object.keys(names));
}

/**
 * Refuses members that nobody reads; `undefined` counts as absent. A single loop over the names, for what is called at
 * every turn.
 *
 * @throws AdkError `INVALID_ARGUMENT` that names the owner, the member and the known ones.
 */
export function checkMembers(owner: string, request: object, known: ReadonlySet<string>): void {
  for (const name in request)
    if (!known.has(name) && (request as Record<string, unknown>)[name] !== undefined)
      if (Object.hasOwn(request, name)) throw unknownOption(owner, name, [...known]);
}

/** An object with these methods. */
export function having(
  what: string,
  ...methods: readonly string[]
): (value: unknown) => string | undefined {
  return (value) =>
    typeof value === "object" &&
    value !== null &&
    methods.every((method) => typeof (value as Record<string, unknown>)[method] === "function")
      ? undefined
      : what;
}

/**
 * Checks the store that a service is made of.
 *
 * @throws AdkError `INVALID_ARGUMENT` that names what is missing.
 */
export function checkStore(
  owner: string,
  store: unknown,
  methods: readonly string[],
  example: string,
): void {
  const missing =
    typeof store === "object" && store !== null
      ? methods.filter((method) => typeof (store as Record<string, unknown>)[method] !== "function")
      : undefined;
  if (missing?.length === 0) return;
  throw new AdkError(
    "INVALID_ARGUMENT",
    `${owner} needs a store as its first argument, got ${describe(store)}${missing ? ` without ${missing.map((method) => `\`${method}\``).join(", ")}` : ""}. Give it one, for instance ${example}.`,
  );
}

/** What a value is, in a few words, without its payload; of a URL its scheme alone: the rest may hold a password. */
export function describe(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "string") return describeText(value);
  if (typeof value === "object") {
    const name = (value.constructor as { name?: string } | undefined)?.name;
    return name && name !== "Object" ? `${/^[AEIO]/.test(name) ? "an" : "a"} ${name}` : "an object";
  }
  if (typeof value === "function") return "a function";
  return typeof value === "undefined" ? "undefined" : `${typeof value} ${String(value)}`;
}

function describeText(text: string): string {
  const scheme = /^\s*([a-z][a-z0-9+.-]{0,31}):\/\//i.exec(text)?.[1];
  if (scheme !== undefined) return `a URL (${scheme}:)`;
  return text.length > 60 || /:\/\/|:[^@]*@/.test(text)
    ? `a text of ${text.length} characters`
    : JSON.stringify(text);
}
