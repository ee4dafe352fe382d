import type { Logger } from "@adk/core";
import type { Redactor } from "./redactor.ts";

/** A logger whose messages and details are redacted, errors in them too. */
export function redactingLogger(logger: Logger, redactor: Redactor): Logger {
  const redact = (level: keyof Logger): Logger[keyof Logger] => {
    return (message, details) =>
      details === undefined
        ? logger[level](redactor.text(message))
        : logger[level](redactor.text(message), withoutSecrets(details, redactor));
  };
  return {
    debug: redact("debug"),
    info: redact("info"),
    warn: redact("warn"),
    error: redact("error"),
  };
}

function withoutSecrets(
  details: Record<string, unknown>,
  redactor: Redactor,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(details).map(([name, value]) => [
      redactor.text(name),
      value instanceof Error ? redactedError(value, redactor) : redactor.value(value),
    ]),
  );
}

/** Another error of its class: the one that was thrown is somebody else's. */
function redactedError(error: Error, redactor: Redactor): Error {
  const copy = Object.create(Object.getPrototypeOf(error) as object) as Error;
  for (const name of Object.getOwnPropertyNames(error)) {
    const value: unknown = Reflect.get(error, name);
    const { enumerable = false } = Object.getOwnPropertyDescriptor(error, name) ?? {};
    Object.defineProperty(copy, name, {
      value: value instanceof Error ? redactedError(value, redactor) : redactor.value(value),
      enumerable,
      configurable: true,
      writable: true,
    });
  }
  return copy;
}
