import { runCases, sessionServiceCases } from "@adk/core/testing";
import { describe, expect, it } from "vitest";
import { BrokenStatements, brokenSql } from "./support/broken.ts";
import { memorySubject } from "./support/subjects.ts";

describe("the session kit catches an adapter that", { timeout: 30_000 }, () => {
  it.each(brokenSql)("$name", async (broken) => {
    const cases = sessionServiceCases.filter(({ key }) => broken.caughtBy.includes(key));
    using statements = new BrokenStatements(broken);
    const results = await runCases(memorySubject, cases);
    expect(statements.count).toBeGreaterThan(0);
    const caught = results.filter(({ error }) => error).map(({ key }) => key);
    expect(caught.toSorted()).toEqual([...broken.caughtBy].toSorted());
  });
});

it("and nothing else: the same cases pass without the mistakes", { timeout: 30_000 }, async () => {
  const keys = new Set(brokenSql.flatMap(({ caughtBy }) => caughtBy));
  const cases = sessionServiceCases.filter(({ key }) => keys.has(key));
  const results = await runCases(memorySubject, cases);
  expect(results.filter(({ error, notApplicable }) => error ?? notApplicable)).toEqual([]);
});
