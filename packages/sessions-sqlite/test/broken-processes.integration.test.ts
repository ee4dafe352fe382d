import { runCases, sessionServiceCases } from "@adk/core/testing";
import { describe, expect, it } from "vitest";
import { brokenProcesses } from "./support/broken-processes.ts";
import { fileSubject } from "./support/subjects.ts";

const cases = sessionServiceCases.filter(({ level }) => level === "processes");

describe("the session kit catches a process that", { timeout: 60_000 }, () => {
  it.each(brokenProcesses)("$name", async ({ name, caughtBy }) => {
    const named = cases.filter(({ key }) => caughtBy.includes(key));
    const results = await runCases(() => fileSubject(name), named);
    const caught = results.filter(({ error }) => error).map(({ key }) => key);
    expect(caught.toSorted()).toEqual([...caughtBy].toSorted());
  });

  it("and each of its cases catches one", () => {
    const caught = new Set(brokenProcesses.flatMap(({ caughtBy }) => caughtBy));
    expect(cases.map(({ key }) => key).filter((key) => !caught.has(key))).toEqual([]);
  });
});
