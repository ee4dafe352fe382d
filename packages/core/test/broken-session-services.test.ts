import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { sessionServiceCases } from "../src/testing/sessions/session-service-suite.ts";
import { runCases } from "../src/testing/suite.ts";
import { brokenAppends } from "./broken/sessions/append.ts";
import type { BrokenSessions } from "./broken/sessions/broken.ts";
import { brokenLeases } from "./broken/sessions/leases.ts";
import { brokenLists } from "./broken/sessions/lists.ts";
import { brokenServices, harmless } from "./broken/sessions/services.ts";
import { brokenStates } from "./broken/sessions/state.ts";
import { brokenWaiting } from "./broken/sessions/waiting.ts";

/** Cases of several processes need a store that outlives one: `packages/sessions-sqlite` breaks it for them. */
const cases = sessionServiceCases.filter(({ level }) => level !== "processes");

async function failing(subject: BrokenSessions["subject"]): Promise<string[]> {
  const results = await runCases(subject, cases);
  const failed = results.filter(({ error, notApplicable }) => error ?? notApplicable);
  return failed.map(({ key }) => key).toSorted();
}

// How long a service waits before it repeats a call, and so what a lease or a life outlasts, is the same each time.
beforeEach(() => void vi.spyOn(Math, "random").mockReturnValue(0.5));
afterEach(() => void vi.restoreAllMocks());

const broken = [
  ...brokenAppends,
  ...brokenStates,
  ...brokenLists,
  ...brokenLeases,
  ...brokenServices,
  ...brokenWaiting,
];

describe("the session kit catches a service that", { timeout: 30_000 }, () => {
  it.each(broken)("$name", async ({ subject, fails }) => {
    expect(fails.length).toBeGreaterThan(0);
    expect(await failing(subject)).toEqual(fails);
  });
});

describe("the session kit accepts a service", { timeout: 30_000 }, () => {
  it.each(harmless)("$name", async ({ subject }) => {
    expect(await failing(subject)).toEqual([]);
  });
});

/** Only what fails nearly everything fails these. */
const WITHOUT_TEETH = [
  "create-with-id",
  "append-sequences",
  "read-your-writes",
  "values-converted",
  "subscribe-left",
];

it("every case of the session kit is failed by some broken service", () => {
  const caught = new Set(broken.flatMap(({ fails }) => fails));
  const uncaught = cases.map(({ key }) => key).filter((key) => !caught.has(key));
  expect(uncaught).toEqual(WITHOUT_TEETH);
});
