import { describe, expect, it } from "vitest";
import { readUrl } from "./read-url.ts";

describe("a URL of PostgreSQL", () => {
  it("says what is ours and what is the driver's", () => {
    const url =
      "postgresql://app:p%23w@db:5433/x?schema=s&ttlMs=5&pooler=1&connect_timeout=3&sslmode=require&options=-c%20a%3Db";
    const read = readUrl(url);
    expect(read.options).toEqual({
      schema: "s",
      ttlMs: 5,
      pooler: true,
      connectTimeoutMs: 3_000,
    });
    const { username, password, host, pathname, searchParams } = new URL(read.url);
    expect([username, password, host, pathname]).toEqual(["app", "p%23w", "db:5433", "/x"]);
    expect(Object.fromEntries(searchParams)).toEqual({ sslmode: "require", options: "-c a=b" });
    expect(readUrl("postgresql://db/100%25").url).toBe("postgresql://db/100%25");
  });

  it.each([
    ["postgresql://db/x?shema=foo", "no option `shema`. Did you mean `schema`?"],
    ["postgresql://db/x?ttlms=5", "no option `ttlms`. Did you mean `ttlMs`?"],
    ["postgresql://db/x?ssl_mode=require", "no option `ssl_mode`. Did you mean `sslmode`?"],
    ["postgresql://db/x?colour=1", "no option `colour`. It knows: application_name,"],
    ["postgresql://app:hunter#2@db/x", "`#` is `%23`"],
    ["postgresql://app:12#hunter@db/x", "`#` is `%23`"],
    ["postgresql://app:hunter2%@db/x", "`%` is `%25`"],
    ["postgresql://db/100%", "`%` is `%25`"],
    ["postgresql://db/100%ff", "`%` is `%25`"],
    ["postgresql://d%ffb/x", "`%` is `%25`"],
    ["postgresql:hunter2", "postgresql://user@host:5432/database"],
    ["mysql://app:hunter2@db", "postgresql://user@host:5432/database"],
    [7 as unknown as string, "postgresql://user@host:5432/database"],
  ])("%s is refused, and not repeated", (url, words) => {
    expect(() => readUrl(url)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: expect.stringContaining(words) as string,
      }),
    );
    expect(() => readUrl(url)).not.toThrow(/hunter/);
  });
});
