import { createEvent } from "@adk/core";
import { offered, offeredDisk, startPostgres } from "@adk/test-services";
import { afterAll, expect, it } from "vitest";
import { PostgresSessionService } from "../src/index.ts";
import { asking } from "./support/asking.ts";

const KEY = { appName: "app", userId: "user", sessionId: "session" };

const server = await offered(async () => await startPostgres());
const disk = server && (await offeredDisk({ bytes: 8 * 1024 * 1024 }));
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await disk?.[Symbol.asyncDispose]();
});

it.skipIf(!disk)(
  "a full disk is STORE_FULL, nothing is half-written, and it heals by itself",
  { timeout: 60_000 },
  async () => {
    const { url } = server!;
    // The tables are on it, the log is not: a log that cannot grow ends the server, and is tested as its crash.
    await asking(url, async (client) => {
      await client.query(`create tablespace small location '${disk!.path}'`);
      await client.query("alter database postgres set default_tablespace = small");
    });
    await using service = await PostgresSessionService.connect(url);
    const [full, other] = await Promise.all(
      ["full", "other"].map(
        async (sessionId) => await service.createSession({ ...KEY, sessionId, state: { n: 0 } }),
      ),
    );
    const small = createEvent({ author: "user", invocationId: "e" });
    await service.appendEvent({ session: other!, event: small });
    const large = createEvent({
      author: "user",
      invocationId: "e",
      content: { role: "user", parts: [{ text: randomText(400_000) }] },
      actions: { stateDelta: { n: 1, "app:n": 1, "user:n": 1 } },
    });
    await disk!.fill();

    await expect(service.appendEvent({ session: full!, event: large })).rejects.toMatchObject({
      code: "STORE_FULL",
      retryable: false,
      details: { committed: false, driverCode: "53100" },
    });
    const before = await service.getSession({ ...KEY, sessionId: "full" });
    expect(before).toMatchObject({ lastSequence: 0, events: [], state: { n: 0 } });
    expect(Object.keys(before!.state)).toEqual(["n"]);
    // What fits on the pages that there are is written.
    const next = createEvent({ author: "user", invocationId: "e" });
    await service.appendEvent({ session: other!, event: next });

    await disk!.makeRoom();
    await service.appendEvent({ session: full!, event: large });
    const after = await service.getSession({ ...KEY, sessionId: "full" });
    expect(after?.state).toEqual({ n: 1, "app:n": 1, "user:n": 1 });
    expect(after?.events.map(({ content }) => content)).toEqual([large.content]);
  },
);

/** PostgreSQL compresses what repeats. */
function randomText(length: number): string {
  let text = "";
  while (text.length < length) text += Math.random().toString(36).slice(2);
  return text.slice(0, length);
}
