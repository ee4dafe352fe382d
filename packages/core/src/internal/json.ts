import { AdkError } from "../errors.ts";

/** A value that JSON can carry. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Deeper than this no value is accepted: JSON.parse and the walkers here stay far from the end of the stack. */
const MAX_DEPTH = 1_000;

export interface CopyOptions {
  /** Where the value stands, for the error: `actions.stateDelta`. */
  readonly path: string;
  /** Freezes every object of the copy. */
  readonly freeze?: boolean;
  /** Accepts `Uint8Array` as the `data` of an `inlineData` and writes it as base64. */
  readonly blobs?: boolean;
}

/**
 * A deep copy of `value` as JSON would carry it: members that are `undefined` are dropped, `toJSON` is asked (a `Date`
 * becomes its text), an instance of any other class becomes an object of its own members.
 *
 * @throws {@link AdkError} `NOT_SERIALIZABLE`, with the path, for what JSON cannot carry: functions, symbols, BigInts, NaN,
 *   cycles, maps, sets, bytes, errors, promises, `undefined` in a list.
 */
export function copyJson(value: unknown, options: CopyOptions): Json {
  try {
    return copy(value, options, [], undefined);
  } catch (error) {
    if (AdkError.isInstance(error, "NOT_SERIALIZABLE")) throw error;
    const { path } = options;
    throw new AdkError(
      "NOT_SERIALIZABLE",
      `${path || "The value"} cannot be read: a getter, a toJSON or a proxy in it throws. Use plain objects.`,
      { cause: error, details: { path } },
    );
  }
}

function copy(
  value: unknown,
  options: CopyOptions,
  parents: { key: string | number; object: object }[],
  key: string | number | undefined,
): Json {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      if (Number.isFinite(value)) return value;
      throw refused(`the number ${value}`, options, parents, key);
    case "object":
      if (value === null) return null;
      return copyObject(value, options, parents, key);
    default:
      throw refused(
        typeof value === "undefined" ? "undefined" : `a ${typeof value}`,
        options,
        parents,
        key,
      );
  }
}

function copyObject(
  value: object,
  options: CopyOptions,
  parents: { key: string | number; object: object }[],
  key: string | number | undefined,
): Json {
  if (parents.length >= MAX_DEPTH)
    throw refused(`something nested deeper than ${MAX_DEPTH} levels`, options, parents, key);
  if (parents.some((parent) => parent.object === value))
    throw refused("a cycle", options, parents, key);
  if (typeof (value as { toJSON?: unknown }).toJSON === "function") {
    const replaced = (value as { toJSON: (key: string) => unknown }).toJSON(String(key ?? ""));
    if (replaced !== value) return copy(replaced, options, parents, key);
  }
  parents.push({ key: key ?? "", object: value });
  let result: Json;
  if (Array.isArray(value)) {
    const list: Json[] = Array.from({ length: value.length });
    for (let index = 0; index < value.length; index++)
      list[index] = copy(value[index], options, parents, index);
    result = list;
  } else {
    if (value instanceof Uint8Array && options.blobs && key === "data" && parents.length > 1)
      if (parents[parents.length - 2]?.key === "inlineData") {
        parents.pop();
        return encodeBase64(value);
      }
    const unfit = unfitClass(value);
    if (unfit) {
      parents.pop();
      throw refused(unfit, options, parents, key);
    }
    const record: { [key: string]: Json } = {};
    for (const name of Object.keys(value)) {
      const member = (value as Record<string, unknown>)[name];
      if (member !== undefined) setOwn(record, name, copy(member, options, parents, name));
    }
    result = record;
  }
  parents.pop();
  if (options.freeze) Object.freeze(result);
  return result;
}

function unfitClass(value: object): string | undefined {
  const prototype = Object.getPrototypeOf(value) as unknown;
  if (prototype === Object.prototype || prototype === null) return undefined;
  if (value instanceof Map || value instanceof Set) return `a ${value.constructor.name}`;
  if (value instanceof ArrayBuffer) return "an ArrayBuffer";
  if (ArrayBuffer.isView(value)) return `a ${value.constructor.name}`;
  if (value instanceof Error) return "an Error";
  if (value instanceof Promise) return "a Promise (is an await missing?)";
  if (value instanceof RegExp || value instanceof WeakMap || value instanceof WeakSet)
    return `a ${value.constructor.name}`;
  return undefined;
}

function refused(
  what: string,
  options: CopyOptions,
  parents: readonly { key: string | number }[],
  key: string | number | undefined,
): AdkError {
  let path = options.path;
  const keys = [
    ...parents.slice(1).map((parent) => parent.key),
    ...(parents.length > 0 ? [key] : []),
  ];
  for (const step of keys.slice(0, 20))
    path += typeof step === "number" ? `[${step}]` : `${path === "" ? "" : "."}${String(step)}`;
  return new AdkError(
    "NOT_SERIALIZABLE",
    `${path || "The value"} is ${what}, which JSON cannot carry. Use plain objects, arrays, strings, finite numbers, booleans and null.`,
    { details: { path } },
  );
}

/** Sets an own property whatever its name is: `__proto__` becomes a plain key. */
export function setOwn<T>(record: Record<string, T>, key: string, value: T): void {
  if (key === "__proto__")
    Object.defineProperty(record, key, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  else record[key] = value;
}

/** The own property of that name; never one that is inherited. */
export function getOwn<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** A copy with the same own properties, `__proto__` included. */
export function copyRecord<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  const result: Record<string, T> = {};
  for (const key of Object.keys(record)) setOwn(result, key, record[key] as T);
  return result;
}

/** Freezes a decoded value at every depth and returns it. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  // Every event that is read passes here: only what is no leaf is called for.
  for (const member of Array.isArray(value) ? value : Object.values(value))
    if (typeof member === "object" && member !== null) deepFreeze(member);
  return Object.freeze(value);
}

/** A deep, unfrozen copy of a value that is JSON already. */
export function cloneJson<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => cloneJson(item) as unknown) as T;
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(value))
    setOwn(result, key, cloneJson((value as Record<string, unknown>)[key]));
  return result as T;
}

/** Whether two values are the same JSON; the order of keys does not count, members that are `undefined` are absent. */
export function equalJson(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null)
    return false;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  if (Array.isArray(left) && Array.isArray(right))
    return (
      left.length === right.length && left.every((item, index) => equalJson(item, right[index]))
    );
  const leftRecord = left as Record<string, unknown>;
  const rightRecord = right as Record<string, unknown>;
  const leftKeys = Object.keys(leftRecord).filter((key) => leftRecord[key] !== undefined);
  const rightCount = Object.keys(rightRecord).filter(
    (key) => rightRecord[key] !== undefined,
  ).length;
  return (
    leftKeys.length === rightCount &&
    leftKeys.every(
      (key) => Object.hasOwn(rightRecord, key) && equalJson(leftRecord[key], rightRecord[key]),
    )
  );
}

/** Standard base64 with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  let text = "";
  // Pieces of a multiple of three bytes can be joined. `apply` takes the array as it is: five times as fast as a spread.
  for (let start = 0; start < bytes.length; start += PIECE_BYTES) {
    const piece: ArrayLike<number> = bytes.subarray(start, start + PIECE_BYTES);
    text += btoa(String.fromCharCode.apply(null, piece as number[]));
  }
  return text;
}

const PIECE_BYTES = 0x6000;
