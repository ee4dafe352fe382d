import { inspect } from "node:util";
import { AdkError, type Logger } from "@adk/core";
import { describe, expect, it } from "vitest";
import { redactingLogger } from "./redacting-logger.ts";
import { readRules } from "./redaction-options.ts";
import { Redactor } from "./redactor.ts";

function logged(log: (logger: Logger) => void): unknown[][] {
  const calls: unknown[][] = [];
  const at =
    (level: string) =>
    (...call: unknown[]): void =>
      void calls.push([level, ...call]);
  const inner = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  log(redactingLogger(inner, new Redactor(readRules({ rules: ["secret"] }))));
  return calls;
}

describe("redactingLogger", () => {
  it("takes secrets out of messages and details, at every level", () => {
    const calls = logged((logger) => {
      logger.debug("a secret");
      logger.info("plain", { "the secret": ["secret", 1] });
      logger.warn("warn");
      logger.error("error", { deep: { secret: true } });
    });
    expect(calls).toEqual([
      ["debug", "a [redacted]"],
      ["info", "plain", { "the [redacted]": ["[redacted]", 1] }],
      ["warn", "warn"],
      ["error", "error", { deep: { "[redacted]": true } }],
    ]);
  });

  it("logs another error in place of one with a secret, with its class, its causes and what it has", () => {
    const cause = new TypeError("cause: secret");
    const error = new AdkError("INVALID_ARGUMENT", "not secret", {
      cause,
      details: { a: "secret" },
    });
    const [[, , details] = []] = logged((logger) => logger.error("failed", { error }));
    const copy = (details as { error: AdkError & { cause: Error } }).error;
    expect(copy).toBeInstanceOf(AdkError);
    expect(copy.cause).toBeInstanceOf(TypeError);
    expect([copy.message, copy.cause.message]).toEqual(["not [redacted]", "cause: [redacted]"]);
    expect(copy).toMatchObject({ code: "INVALID_ARGUMENT", details: { a: "[redacted]" } });
    expect(`${copy.stack}${copy.cause.stack}`).not.toContain("secret");
    expect(error.message).toBe("not secret");
  });

  it("finds errors in lists, objects, maps and other errors", () => {
    const errors = [new Error("secret 1"), new Error("secret 2")];
    const error = new AggregateError(errors, "all failed");
    const all = {
      error,
      list: [errors[0]],
      deep: { one: errors[1] },
      map: new Map([["a", errors]]),
    };
    const [[, , details] = []] = logged((logger) => logger.error("failed", all));
    expect(inspect(details, { depth: 9, showHidden: true })).not.toContain("secret");
    expect(inspect(details)).toContain("[redacted] 1");
    expect((details as typeof all).error).toBeInstanceOf(AggregateError);
  });

  it("copes with what goes in a circle, and lets classes be", () => {
    const error = new Error("secret");
    error.cause = error;
    const signal = new AbortController().signal;
    const circle: Record<string, unknown> = { error, signal, list: [] };
    (circle["list"] as unknown[]).push(circle);
    const [[, , details] = []] = logged((logger) => logger.error("failed", circle));
    const copy = details as { error: Error; signal: unknown; list: unknown[] };
    expect(copy.error.cause).toBe(copy.error);
    expect(copy.error.message).toBe("[redacted]");
    expect(copy.list[0]).toBe(copy);
    expect(copy.signal).toBe(signal);
  });
});
