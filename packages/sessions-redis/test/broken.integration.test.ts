import { runCases, sessionServiceCases, type SessionSubject } from "@adk/core/testing";
import { offered, sharedRedis } from "@adk/test-services";
import { afterAll, describe, expect, it } from "vitest";
import { broken } from "./support/broken.ts";
import { redisSubject } from "./support/subject.ts";

const server = await offered(sharedRedis);
afterAll(async () => await server?.[Symbol.asyncDispose]());

describe.skipIf(!server)("the session kit catches an adapter that", { timeout: 90_000 }, () => {
  it.each(broken)("$name", async ({ subject, fails }) => {
    const named = sessionServiceCases.filter(({ key }) => fails.includes(key));
    expect(named).toHaveLength(fails.length);
    const store = async (): Promise<SessionSubject> => await redisSubject(server!, subject);
    // It works otherwise: what fails below fails for its fault.
    const sound = sessionServiceCases.filter(({ key }) => key === "append-sequences");
    expect(await runCases(store, sound)).toEqual([{ key: "append-sequences" }]);
    const results = await runCases(store, named);
    for (const { key, error } of results)
      expect.soft(error, `${key} lets it pass`).toBeInstanceOf(Error);
  });
});
