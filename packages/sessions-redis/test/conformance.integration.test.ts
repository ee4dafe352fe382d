import { sessionServiceSuite } from "@adk/core/testing";
import { offered, sharedRedis } from "@adk/test-services";
import { afterAll, describe, it } from "vitest";
import { redisSubject } from "./support/subject.ts";

const server = await offered(sharedRedis);
afterAll(async () => await server?.[Symbol.asyncDispose]());

describe.skipIf(!server)("Redis", () => {
  sessionServiceSuite(
    { describe, it },
    {
      name: "sessions in Redis",
      store: async () => await redisSubject(server!),
      knownGaps: [],
    },
  );
});
