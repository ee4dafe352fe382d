import { AdkError } from "@adk/core";
import { describe, expect, it } from "vitest";
import { discardsConnection, toAdkError } from "./errors.ts";

interface Line {
  readonly of: string;
  readonly error: object;
  /** Code, retryable, what a sent write left behind, whether the connection is given up. */
  readonly is: readonly [string, boolean, false | "unknown", boolean];
}

const state = (code: string): object => ({ code });
const said = (message: string): object => ({ message });

const table: readonly Line[] = [
  { of: "serialization_failure", error: state("40001"), is: ["UNAVAILABLE", true, false, false] },
  { of: "deadlock_detected", error: state("40P01"), is: ["UNAVAILABLE", true, false, false] },
  { of: "lock_not_available", error: state("55P03"), is: ["UNAVAILABLE", true, false, false] },
  { of: "query_canceled", error: state("57014"), is: ["TIMEOUT", true, false, false] },
  {
    of: "read_only_sql_transaction",
    error: state("25006"),
    is: ["UNAVAILABLE", true, false, true],
  },
  { of: "admin_shutdown", error: state("57P01"), is: ["UNAVAILABLE", true, "unknown", true] },
  { of: "crash_shutdown", error: state("57P02"), is: ["UNAVAILABLE", true, "unknown", true] },
  { of: "cannot_connect_now", error: state("57P03"), is: ["UNAVAILABLE", true, false, true] },
  { of: "connection_exception", error: state("08000"), is: ["UNAVAILABLE", true, "unknown", true] },
  { of: "connection_failure", error: state("08006"), is: ["UNAVAILABLE", true, "unknown", true] },
  {
    of: "transaction_resolution_unknown",
    error: state("08007"),
    is: ["UNAVAILABLE", true, "unknown", true],
  },
  { of: "protocol_violation", error: state("08P01"), is: ["MISCONFIGURED", false, false, false] },
  { of: "disk_full", error: state("53100"), is: ["STORE_FULL", false, false, false] },
  { of: "out_of_memory", error: state("53200"), is: ["UNAVAILABLE", true, false, false] },
  { of: "too_many_connections", error: state("53300"), is: ["UNAVAILABLE", true, false, false] },
  { of: "io_error", error: state("58030"), is: ["UNAVAILABLE", true, "unknown", true] },
  { of: "internal_error", error: state("XX000"), is: ["UNAVAILABLE", false, "unknown", true] },
  { of: "data_corrupted", error: state("XX001"), is: ["STORE_CORRUPT", false, false, false] },
  {
    of: "insufficient_privilege",
    error: state("42501"),
    is: ["PERMISSION_DENIED", false, false, false],
  },
  { of: "invalid_password", error: state("28P01"), is: ["PERMISSION_DENIED", false, false, false] },
  {
    of: "invalid_authorization",
    error: state("28000"),
    is: ["PERMISSION_DENIED", false, false, false],
  },
  { of: "invalid_catalog_name", error: state("3D000"), is: ["MISCONFIGURED", false, false, false] },
  { of: "undefined_table", error: state("42P01"), is: ["SCHEMA_MISMATCH", false, false, false] },
  { of: "undefined_function", error: state("42883"), is: ["SCHEMA_MISMATCH", false, false, false] },
  {
    of: "character_not_in_repertoire",
    error: state("22021"),
    is: ["INVALID_ARGUMENT", false, false, false],
  },
  { of: "check_violation", error: state("23514"), is: ["INVALID_ARGUMENT", false, false, false] },
  {
    of: "program_limit_exceeded",
    error: state("54000"),
    is: ["INVALID_ARGUMENT", false, false, false],
  },
  {
    of: "duplicate_prepared_statement",
    error: state("42P05"),
    is: ["MISCONFIGURED", false, false, false],
  },
  {
    of: "an SQLSTATE nobody knows",
    error: state("ZZ999"),
    is: ["UNAVAILABLE", false, false, false],
  },
  { of: "refused", error: state("ECONNREFUSED"), is: ["UNAVAILABLE", true, false, true] },
  { of: "no such host", error: state("ENOTFOUND"), is: ["UNAVAILABLE", true, false, true] },
  { of: "reset", error: state("ECONNRESET"), is: ["UNAVAILABLE", true, "unknown", true] },
  { of: "broken pipe", error: state("EPIPE"), is: ["UNAVAILABLE", true, "unknown", true] },
  {
    of: "self-signed",
    error: state("DEPTH_ZERO_SELF_SIGNED_CERT"),
    is: ["MISCONFIGURED", false, false, true],
  },
  {
    of: "another authority of the same name",
    error: state("CERT_SIGNATURE_FAILURE"),
    is: ["MISCONFIGURED", false, false, true],
  },
  {
    of: "another name",
    error: state("ERR_TLS_CERT_ALTNAME_INVALID"),
    is: ["MISCONFIGURED", false, false, true],
  },
  {
    of: "cut",
    error: said("Connection terminated unexpectedly"),
    is: ["UNAVAILABLE", true, "unknown", true],
  },
  {
    of: "slow to connect",
    error: said("timeout exceeded when trying to connect"),
    is: ["TIMEOUT", true, false, true],
  },
  {
    of: "no TLS",
    error: said("The server does not support SSL connections"),
    is: ["MISCONFIGURED", false, false, true],
  },
  {
    of: "no password",
    error: said("SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string"),
    is: ["PERMISSION_DENIED", false, false, true],
  },
  {
    of: "a closed pool",
    error: said("Cannot use a pool after calling end on the pool"),
    is: ["CLOSED", false, false, true],
  },
  { of: "something else", error: said("?"), is: ["UNAVAILABLE", true, "unknown", true] },
];

const driverError = (members: object): Error => Object.assign(new Error("driver"), members);

describe("toAdkError", () => {
  it.each(table)("$of", ({ error, is }) => {
    const thrown = driverError(error);
    const made = toAdkError(thrown, { isSent: true, isWrite: true });
    const { committed } = made.details;
    expect([made.code, made.retryable, committed, discardsConnection(thrown)]).toEqual(is);
    expect(made.message).toMatch(/\. [A-Z].*\.$/);
  });

  it.each([
    [
      { code: "ECONNREFUSED", address: "10.0.0.1", port: 5432 },
      "PostgreSQL at 10.0.0.1:5432 failed (ECONNREFUSED). The server is not reachable.",
    ],
    [
      { code: "ENOTFOUND", hostname: "bd.example" },
      "PostgreSQL at bd.example failed (ENOTFOUND). Its name is not known. Check the host",
    ],
    [
      { code: "ENOENT", address: "/run/.s.PGSQL.5432" },
      "PostgreSQL at /run/.s.PGSQL.5432 failed (ENOENT).",
    ],
    [
      { code: "28P01", message: 'password authentication failed for user "app"' },
      'PostgreSQL for user "app" failed (28P01). The server refused the password.',
    ],
    [
      { code: "28000", message: 'role "ada" does not exist' },
      'PostgreSQL for user "ada" failed (28000). The server refused the role',
    ],
    [
      { code: "28000", message: "no PostgreSQL user name specified in startup packet" },
      "no user name in the URL, and none in `PGUSER`",
    ],
    [{ code: "42501", message: 'permission denied for user "x"' }, "PostgreSQL failed (42501)."],
  ])("says of %o where, or as whom", (members, words) => {
    const thrown = driverError(members);
    const context = { isSent: false, isWrite: true };
    expect(toAdkError(thrown, context).message).toContain(words);
    expect(toAdkError(new AggregateError([thrown]), context).message).toContain(words);
  });

  it("says that nothing was written when nothing was sent, or only read", () => {
    const lost = driverError(state("ECONNRESET"));
    expect(toAdkError(lost, { isSent: false, isWrite: true }).details["committed"]).toBe(false);
    expect(toAdkError(lost, { isSent: true, isWrite: false }).details["committed"]).toBe(false);
  });

  it("keeps of the cause its name, code and message, and nothing that quotes values", () => {
    const thrown = driverError({
      code: "23505",
      message: 'duplicate key: "secret"',
      detail: "Key (id)=(secret) already exists.",
      parameters: ["secret"],
    });
    const { cause, message } = toAdkError(thrown, { isSent: true, isWrite: true });
    expect(cause).toMatchObject({
      name: "Error",
      code: "23505",
      message: "The server's error 23505.",
    });
    expect(JSON.stringify([message, cause, Object.entries(cause as object)])).not.toContain(
      "secret",
    );
  });

  it("takes the first of several addresses' errors, and leaves our own as they are", () => {
    const many = new AggregateError([driverError(state("ECONNREFUSED"))]);
    expect(toAdkError(many, { isSent: false, isWrite: true }).code).toBe("UNAVAILABLE");
    const own = new AdkError("CLOSED", "Closed.");
    expect(toAdkError(own, { isSent: true, isWrite: true })).toBe(own);
  });
});
