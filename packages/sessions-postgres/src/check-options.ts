import { AdkError } from "@adk/core";

/** What an option must be: a word of `typeof`, or a check that says what was expected when the value is not it. */
export type OptionCheck =
  | "string"
  | "boolean"
  | "function"
  | ((value: unknown) => string | undefined);

/** @throws {@link AdkError} `INVALID_ARGUMENT` that names the option. `undefined` counts as absent. */
export function checkOptions(
  owner: string,
  options: unknown,
  table: Readonly<Record<string, OptionCheck>>,
): void {
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw invalid(`${owner} takes an object with its options.`);
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const check = Object.hasOwn(table, name) ? table[name] : undefined;
    if (check === undefined)
      throw invalid(
        `${owner} has no option \`${name}\`. It knows: ${Object.keys(table).toSorted().join(", ")}.`,
      );
    const expected =
      typeof check === "function"
        ? check(value)
        : typeof value === check
          ? undefined
          : `a ${check}`;
    if (expected !== undefined) throw invalid(`${owner}: \`${name}\` must be ${expected}.`);
  }
}

export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER): OptionCheck {
  return (value) =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
      ? undefined
      : `a whole number from ${min} to ${max === Number.MAX_SAFE_INTEGER ? "2^53-1" : max}`;
}

export function oneOf(...values: readonly string[]): OptionCheck {
  return (value) =>
    values.includes(value as string)
      ? undefined
      : `one of ${values.map((text) => JSON.stringify(text)).join(", ")}`;
}

export function queryable(value: unknown): string | undefined {
  return typeof value === "object" &&
    value !== null &&
    typeof (value as { query?: unknown }).query === "function"
    ? undefined
    : "a client with `query`: a Pool of pg";
}

function invalid(message: string): AdkError {
  return new AdkError("INVALID_ARGUMENT", message);
}
