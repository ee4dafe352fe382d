import { offered, sharedRedis } from "@adk/test-services";
import { afterAll, describe, expect, it } from "vitest";
import { load } from "../src/load.ts";
import { run } from "../src/run.ts";
import { serviceMaker } from "../src/services.ts";

const cases = load();
const redis = await offered(sharedRedis);
afterAll(async () => await redis?.[Symbol.asyncDispose]());

/** What runs in memory runs alike on the stores that last. */
describe.each(redis ? ["sqlite", "redis"] : ["sqlite"])("scenarios on %s", (name) => {
  const make = serviceMaker(name);
  for (const parityCase of cases)
    it(parityCase.name, async () => {
      expect(await run(parityCase, make)).toBeUndefined();
    });
});
