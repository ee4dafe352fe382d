import { describe, expect, it } from "vitest";
import { notApplicable, runCases, runSuite, type SuiteCase, type SuiteOptions } from "./suite.ts";

interface Subject extends AsyncDisposable {
  readonly fails: boolean;
}

const cases: SuiteCase<Subject>[] = [
  {
    key: "may-fail",
    title: "fails when told to",
    level: "core",
    async run({ fails }) {
      if (fails) throw new Error("told to");
    },
  },
  {
    key: "no-hook",
    title: "needs a hook that nobody has",
    level: "extra",
    async run() {
      notApplicable("There is no hook.");
    },
  },
];

/** Registers the suite with a runner that only notes the tests, then runs them. */
async function outcomes(
  fails: boolean,
  options: Omit<SuiteOptions<Subject>, "name" | "store">,
): Promise<Record<string, string>> {
  const tests: [string, () => Promise<void>][] = [];
  runSuite(
    { describe: (_name, body) => body(), it: (name, body) => tests.push([name, body]) },
    { name: "fake", store: () => ({ fails, async [Symbol.asyncDispose]() {} }), ...options },
    cases,
  );
  const result: Record<string, string> = {};
  for (const [name, body] of tests)
    result[name.slice(1, name.indexOf("]"))] = await body().then(
      () => "passed",
      (error: Error) => error.message,
    );
  return result;
}

describe("runSuite", () => {
  it("passes and fails as the cases do", async () => {
    const pinned = { notApplicable: ["no-hook"] };
    expect(await outcomes(false, pinned)).toEqual({ "may-fail": "passed", "no-hook": "passed" });
    expect(await outcomes(true, pinned)).toEqual({ "may-fail": "told to", "no-hook": "passed" });
  });

  it("accepts a known gap, and fails one that passes", async () => {
    const gap = { knownGaps: ["may-fail"], levels: ["core"] };
    expect(await outcomes(true, gap)).toEqual({ "may-fail": "passed" });
    expect((await outcomes(false, gap))["may-fail"]).toMatch(/passes now/);
  });

  it("fails what cannot be asked unless it is listed, and what is listed but can be asked", async () => {
    expect((await outcomes(false, {}))["no-hook"]).toMatch(
      /cannot be asked here: There is no hook/,
    );
    const listed = await outcomes(false, { notApplicable: ["may-fail", "no-hook"] });
    expect(listed["may-fail"]).toMatch(/can be asked now/);
  });

  it("refuses a key that no case has", async () => {
    await expect(outcomes(false, { knownGaps: ["may-fial"] })).rejects.toThrow(/may-fial/);
  });
});

describe("runCases", () => {
  it("tells the outcome of each case and disposes each subject", async () => {
    let disposed = 0;
    const results = await runCases<Subject, string>(
      () => ({
        fails: true,
        async [Symbol.asyncDispose]() {
          disposed++;
        },
      }),
      cases,
    );
    expect(results.map(({ key }) => key)).toEqual(["may-fail", "no-hook"]);
    expect(results[0]?.error).toBeInstanceOf(Error);
    expect(results[1]?.notApplicable).toBe("There is no hook.");
    expect(disposed).toBe(2);
  });
});
