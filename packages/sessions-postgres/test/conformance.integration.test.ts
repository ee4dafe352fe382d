import { sessionServiceSuite } from "@adk/core/testing";
import { offered, sharedPostgres } from "@adk/test-services";
import { afterAll, describe, it } from "vitest";
import { postgresSubject } from "./support/subject.ts";

const server = await offered(sharedPostgres);
afterAll(async () => await server?.[Symbol.asyncDispose]());

describe.skipIf(!server)("PostgreSQL", () => {
  sessionServiceSuite(
    { describe, it },
    {
      name: 'sessions in a schema named "adk test…"',
      store: async () => await postgresSubject(server!, { schemaPrefix: "adk test" }),
      knownGaps: [],
    },
  );
});
