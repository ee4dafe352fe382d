import { sessionServiceSuite, type SessionLevel } from "@adk/core/testing";
import { offered, sharedPostgres, startPostgres, type PostgresVersion } from "@adk/test-services";
import { afterAll, describe, it } from "vitest";
import { postgresSubject } from "./support/subject.ts";

/** `ADK_TEST_MATRIX=1`: servers that not every run must have. */
const OTHERS: readonly PostgresVersion[] = process.env["ADK_TEST_MATRIX"]
  ? [15, 13, 14, 16, 17]
  : [];
const LEVELS: readonly SessionLevel[] = ["core", "lease"];

const shared = await offered(sharedPostgres);
const others = await Promise.all(
  OTHERS.map(async (version) => await offered(async () => await startPostgres({ version }))),
);
afterAll(async () => {
  for (const server of [shared, ...others]) await server?.[Symbol.asyncDispose]();
});

const NAME = 'sessions in a schema named "adk test…"';

describe.skipIf(!shared)(shared?.isGiven ? "PostgreSQL" : "PostgreSQL 18", () => {
  const store = async () => await postgresSubject(shared!, { schemaPrefix: "adk test" });
  sessionServiceSuite({ describe, it }, { name: NAME, store, knownGaps: [] });
});

for (const [index, version] of OTHERS.entries())
  describe.skipIf(!others[index])(`PostgreSQL ${version}`, () => {
    const store = async () => await postgresSubject(others[index]!, { schemaPrefix: "adk test" });
    const levels = version === 15 ? {} : { levels: LEVELS };
    sessionServiceSuite({ describe, it }, { name: NAME, store, knownGaps: [], ...levels });
  });
