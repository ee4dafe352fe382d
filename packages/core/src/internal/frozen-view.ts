import { setOwn } from "./json.ts";

/**
 * A copy that is frozen at every depth: of lists, plain objects, bytes and errors. Anything else (a tool, a signal, a
 * function) is what it is.
 */
export function frozenView<T>(value: T): T {
  return viewOf(value, new Map()) as T;
}

function viewOf(value: unknown, seen: Map<object, unknown>): unknown {
  if (typeof value !== "object" || value === null) return value;
  const known = seen.get(value);
  if (known !== undefined) return known;
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    seen.set(value, list);
    for (const item of value) list.push(viewOf(item, seen));
    return Object.freeze(list);
  }
  if (value instanceof Error) return errorView(value, seen);
  // Bytes cannot be frozen.
  if (value instanceof Uint8Array) return value.slice();
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  const record: Record<string, unknown> = {};
  seen.set(value, record);
  for (const key of Object.keys(value))
    setOwn(record, key, viewOf((value as Record<string, unknown>)[key], seen));
  return Object.freeze(record);
}

/** An error of the same class, which says the same. */
function errorView(error: Error, seen: Map<object, unknown>): Error {
  // oxlint-disable-next-line adk/error-with-code -- the copy of an error that somebody else made
  const view = new Error(error.message);
  seen.set(error, view);
  Object.setPrototypeOf(view, Object.getPrototypeOf(error) as object);
  for (const key of Reflect.ownKeys(error)) {
    const { enumerable = false } = Object.getOwnPropertyDescriptor(error, key) ?? {};
    const value = viewOf(Reflect.get(error, key), seen);
    Object.defineProperty(view, key, { value, enumerable });
  }
  return Object.freeze(view);
}
