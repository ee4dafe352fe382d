import { inspect } from "node:util";
import { AdkError, type AdkErrorCode } from "@adk/core";
import { describe, expect, it } from "vitest";
import { fileError, postgresError } from "./errors.ts";

const PLACE = '"public"."agent_events"';
const coded = (code: string, message = "as the driver says"): Error =>
  Object.assign(new Error(message), { code, detail: "Key (row_id)=(secret) …", where: "secret" });

type Row = [code: string, means: AdkErrorCode, retryable: boolean, committed: false | "unknown"];

describe("postgresError", () => {
  it.each<Row>([
    ["3F000", "SCHEMA_MISMATCH", false, false],
    ["42P01", "SCHEMA_MISMATCH", false, false],
    ["42703", "SCHEMA_MISMATCH", false, false],
    ["42P10", "SCHEMA_MISMATCH", false, false],
    ["23502", "SCHEMA_MISMATCH", false, false],
    ["42501", "PERMISSION_DENIED", false, false],
    ["28P01", "PERMISSION_DENIED", false, false],
    ["3D000", "MISCONFIGURED", false, false],
    ["22007", "INVALID_ARGUMENT", false, false],
    ["53100", "STORE_FULL", false, false],
    ["53300", "UNAVAILABLE", true, false],
    ["55P03", "UNAVAILABLE", true, false],
    ["40P01", "UNAVAILABLE", true, false],
    ["40003", "UNAVAILABLE", true, "unknown"],
    ["25006", "UNAVAILABLE", true, false],
    ["57014", "TIMEOUT", true, false],
    ["57P01", "UNAVAILABLE", true, "unknown"],
    ["08006", "UNAVAILABLE", true, "unknown"],
    ["42601", "UNAVAILABLE", false, false],
    ["ECONNREFUSED", "UNAVAILABLE", true, "unknown"],
    ["ECONNRESET", "UNAVAILABLE", true, "unknown"],
    ["EPIPE", "UNAVAILABLE", true, "unknown"],
    ["E2BIG", "UNAVAILABLE", true, "unknown"],
    ["constructor", "UNAVAILABLE", true, "unknown"],
  ])("%s is %s (retryable: %s)", (driverCode, code, retryable, committed) => {
    const error = postgresError(coded(driverCode), PLACE);
    expect(error).toMatchObject({ code, retryable, details: { committed, driverCode } });
    expect(error.message).toMatch(
      new RegExp(`^Table "public"."agent_events" .+ \\(${driverCode}\\)[.:]`),
    );
    expect(error.cause).toMatchObject({ name: "Error", code: driverCode });
    expect(inspect(error)).not.toContain("secret");
  });

  it("keeps a message that may quote values to itself", () => {
    const told = 'invalid input syntax for type timestamptz: "secret"';
    expect(inspect(postgresError(coded("22007", told), PLACE))).not.toContain("secret");
    expect(postgresError(coded("3F000", told), PLACE).cause).toMatchObject({ message: told });
  });

  it("takes what has no code for a lost connection, and an AdkError as it is", () => {
    const tried = new AggregateError([coded("ECONNREFUSED"), coded("ETIMEDOUT")], "");
    for (const error of [tried, new Error("Connection terminated"), "gone", undefined])
      expect(postgresError(error, PLACE)).toMatchObject({ code: "UNAVAILABLE", retryable: true });
    expect(postgresError(tried, PLACE).details["driverCode"]).toBe("ECONNREFUSED");
    const own = new AdkError("TIMEOUT", "late");
    expect(postgresError(own, PLACE)).toBe(own);
  });
});

describe("fileError", () => {
  it.each<Row>([
    ["ENOSPC", "STORE_FULL", false, "unknown"],
    ["EACCES", "PERMISSION_DENIED", false, "unknown"],
    ["EROFS", "PERMISSION_DENIED", false, "unknown"],
    ["EISDIR", "MISCONFIGURED", false, "unknown"],
    ["ENAMETOOLONG", "MISCONFIGURED", false, "unknown"],
    ["EIO", "UNAVAILABLE", true, "unknown"],
  ])("%s is %s (retryable: %s)", (driverCode, code, retryable, committed) => {
    const error = fileError(coded(driverCode), "rows.jsonl");
    expect(error).toMatchObject({ code, retryable, details: { committed, driverCode } });
    expect(error.message).toMatch(new RegExp(`^"rows.jsonl" .+ \\(${driverCode}\\)[.:]`));
    expect(error.cause).toMatchObject({ code: driverCode, message: "as the driver says" });
  });
});
