import { sessionServiceSuite, type SessionLevel } from "@adk/core/testing";
import {
  offered,
  startRedis,
  startRedisCluster,
  startRedisSentinel,
  type RedisVersion,
} from "@adk/test-services";
import { Cluster, Redis } from "ioredis";
import { Cluster as OldestCluster } from "ioredis-oldest";
import { afterAll, describe, expect, it } from "vitest";
import { RedisSessionService } from "../src/index.ts";
import { ownRedisSubject, redisSubject } from "./support/subject.ts";
import { said } from "./support/writers.ts";

/** `ADK_TEST_MATRIX=1`: servers that not every run must have. */
const isMatrix = Boolean(process.env["ADK_TEST_MATRIX"]);
const SHORT: readonly SessionLevel[] = ["core", "lease"];
const KEY = { appName: "app", userId: "user", sessionId: "session" };

describe.each<[RedisVersion, { levels?: readonly SessionLevel[] }]>([
  ["6.2", { levels: SHORT }],
  ["8.0", { levels: SHORT }],
  ["valkey-8.0", {}],
])("Redis %s", async (version, more) => {
  const server = isMatrix ? await offered(async () => await startRedis({ version })) : undefined;
  afterAll(async () => await server?.[Symbol.asyncDispose]());

  describe.skipIf(!server)("with", () => {
    sessionServiceSuite(
      { describe, it },
      {
        name: "sessions",
        store: async () => await redisSubject(server!),
        knownGaps: [],
        ...more,
      },
    );

    it.skipIf(version === "6.2")("`localFsync` writes when the disk has it", async () => {
      await using own = await startRedis({ version, settings: { appendfsync: "always" } });
      const durability = { localFsync: true };
      await using service = await RedisSessionService.connect(own.url, { durability });
      const session = await service.createSession(KEY);
      await service.appendEvent({ session, event: said("one") });
      await own.kill();
      await own.start();
      expect((await service.getSession(KEY))?.lastSequence).toBe(1);
    });
  });
});

describe("behind Sentinel", async () => {
  const sentinel = isMatrix ? await offered(async () => await startRedisSentinel()) : undefined;
  afterAll(async () => await sentinel?.[Symbol.asyncDispose]());

  describe.skipIf(!sentinel)("with", () => {
    const { sentinels = [], masterName = "" } = sentinel ?? {};
    sessionServiceSuite(
      { describe, it },
      {
        name: "sessions",
        store: () =>
          ownRedisSubject({
            client: () => new Redis({ sentinels: [...sentinels], name: masterName }),
            worker: { url: `redis://127.0.0.1:${sentinels[0]?.port}`, sentinel: masterName },
          }),
        knownGaps: [],
      },
    );
  });
});

describe("in a cluster of Valkey 8", async () => {
  const cluster = isMatrix
    ? await offered(async () => await startRedisCluster({ version: "valkey-8.0" }))
    : undefined;
  afterAll(async () => await cluster?.[Symbol.asyncDispose]());

  describe.skipIf(!cluster).each([
    ["the newest ioredis", Cluster],
    ["ioredis 5.6.1", OldestCluster],
  ])("with %s", (_name, Driver) => {
    sessionServiceSuite(
      { describe, it },
      {
        name: "sessions",
        store: () =>
          ownRedisSubject({
            client: () => new Driver([...cluster!.addresses]),
            worker: { url: cluster!.masters[0]!.url, cluster: true },
            capabilities: { atomicAppState: false },
          }),
        knownGaps: [],
        levels: [...SHORT, "subscribe", "faults"],
      },
    );
  });
});
