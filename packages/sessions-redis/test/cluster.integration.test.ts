import { sessionServiceSuite } from "@adk/core/testing";
import { offered, startRedisCluster } from "@adk/test-services";
import { Cluster } from "ioredis";
import { afterAll, describe, it } from "vitest";
import { ownRedisSubject } from "./support/subject.ts";

const cluster = await offered(async () => await startRedisCluster());
afterAll(async () => await cluster?.[Symbol.asyncDispose]());

describe.skipIf(!cluster)("Redis Cluster", () => {
  sessionServiceSuite(
    { describe, it },
    {
      name: "sessions in a cluster of three",
      store: () =>
        ownRedisSubject({
          client: () => new Cluster([...cluster!.addresses]),
          worker: { url: cluster!.masters[0]!.url, cluster: true },
          capabilities: { atomicAppState: false },
        }),
      knownGaps: [],
      // Other processes, and what takes its time, in the matrix: `ADK_TEST_MATRIX=1`.
      ...(!process.env["ADK_TEST_MATRIX"] && {
        levels: ["core", "subscribe"] as const,
      }),
    },
  );
});
