import type { FunctionCall } from "../../content/content.ts";
import { AdkError } from "../../errors.ts";
import { getOwn, setOwn } from "../../internal/json.ts";

export type PartialArg = NonNullable<FunctionCall["partialArgs"]>[number];

/** `.name`, `name` at the start, `[3]`, `['name']` or `["name"]`. */
const STEP = /\.?([^.[\]'"\s][^.[\]]*)|\[(\d+)\]|\[(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\]/y;

/** Longer lists are not built from pieces: an index out of nowhere would fill the memory. */
const MAX_GAP = 1_000;

/**
 * Adds one streamed piece of an argument to `args`: a text is appended to the text that stands there, another value takes
 * its place.
 *
 * @throws {@link AdkError} `MODEL_FAILED` for a path that cannot be followed: a call with a lost argument must not run.
 */
export function applyPartialArg(args: Record<string, unknown>, partial: PartialArg): void {
  const value = valueOf(partial);
  if (value === undefined) return;
  const path = parsePath(partial.jsonPath ?? "");
  const last = path.pop();
  if (last === undefined) throw unreadable();
  let place: unknown = args;
  for (const [index, step] of path.entries()) {
    let next = read(place, step);
    if (typeof next !== "object" || next === null) {
      next = typeof (path[index + 1] ?? last) === "number" ? [] : {};
      write(place, step, next);
    }
    place = next;
  }
  const existing = read(place, last);
  write(
    place,
    last,
    typeof value === "string" && typeof existing === "string" ? existing + value : value,
  );
}

function valueOf(partial: PartialArg): string | number | boolean | null | undefined {
  if (partial.nullValue !== undefined) return null;
  return partial.stringValue ?? partial.numberValue ?? partial.boolValue;
}

function parsePath(path: string): (string | number)[] {
  const steps: (string | number)[] = [];
  STEP.lastIndex = path.startsWith("$") ? 1 : 0;
  while (STEP.lastIndex < path.length) {
    const match = STEP.exec(path);
    if (!match) throw unreadable();
    const [, name, index, single, double] = match;
    if (index !== undefined) steps.push(Number(index));
    else steps.push(name ?? (single ?? double ?? "").replace(/\\(.)/g, "$1"));
  }
  return steps;
}

function read(place: unknown, step: string | number): unknown {
  if (Array.isArray(place)) return typeof step === "number" ? place[step] : undefined;
  return getOwn(place as Record<string, unknown>, String(step));
}

function write(place: unknown, step: string | number, value: unknown): void {
  if (!Array.isArray(place)) {
    setOwn(place as Record<string, unknown>, String(step), value);
    return;
  }
  if (typeof step !== "number" || step > place.length + MAX_GAP) throw unreadable();
  while (place.length < step) place.push(null);
  place[step] = value;
}

function unreadable(): AdkError {
  return new AdkError(
    "MODEL_FAILED",
    "Gemini streamed an argument of a function call under a path that cannot be followed. Call again, or switch `streamFunctionCallArguments` off.",
    { retryable: true },
  );
}
