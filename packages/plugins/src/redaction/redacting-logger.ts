import type { Logger } from "@adk/core";
import type { Redactor } from "./redactor.ts";

/** A logger whose messages and details are redacted, errors in them too. */
export function redactingLogger(logger: Logger, redactor: Redactor): Logger {
  const redact = (level: keyof Logger): Logger[keyof Logger] => {
    return (message, details) =>
      details === undefined
        ? logger[level](redactor.text(message))
        : logger[level](redactor.text(message), detailsOf(details, redactor));
  };
  return {
    debug: redact("debug"),
    info: redact("info"),
    warn: redact("warn"),
    error: redact("error"),
  };
}

function detailsOf(
  details: Readonly<Record<string, unknown>>,
  redactor: Redactor,
): Record<string, unknown> {
  return redacted(details, redactor, new Map()) as Record<string, unknown>;
}

/** Copies by what they are copies of: causes and members may go in circles. */
type Copies = Map<object, unknown>;

/** As data is redacted, and errors, maps and sets with it, at every depth. */
function redacted(value: unknown, redactor: Redactor, copies: Copies): unknown {
  if (typeof value !== "object" || value === null) return redactor.value(value);
  if (copies.has(value)) return copies.get(value);
  const copyOf = (member: unknown): unknown => redacted(member, redactor, copies);
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    copies.set(value, list);
    for (const item of value) list.push(copyOf(item));
    return list;
  }
  if (value instanceof Map) {
    const map = new Map<unknown, unknown>();
    copies.set(value, map);
    for (const [key, member] of value) map.set(copyOf(key), copyOf(member));
    return map;
  }
  if (value instanceof Set) {
    const set = new Set<unknown>();
    copies.set(value, set);
    for (const member of value) set.add(copyOf(member));
    return set;
  }
  const isError = value instanceof Error;
  const names = isError ? Object.getOwnPropertyNames(value) : Object.keys(value);
  if (names.length === 0 || ArrayBuffer.isView(value)) return value;
  // Another error of its class: the one that was thrown is somebody else's. Other classes may need what a copy lacks.
  const copy: object = isError
    ? (Object.create(Object.getPrototypeOf(value) as object) as object)
    : {};
  copies.set(value, copy);
  for (const name of names)
    Object.defineProperty(copy, isError ? name : redactor.text(name), {
      value: copyOf(Reflect.get(value, name)),
      enumerable: Object.prototype.propertyIsEnumerable.call(value, name),
      configurable: true,
      writable: true,
    });
  return copy;
}
