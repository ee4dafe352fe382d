import { createEvent, type BaseSessionService } from "@adk/core";
import { freshSchema, offered, sharedPostgres } from "@adk/test-services";
import { afterAll, describe, expect, it } from "vitest";
import { PostgresSessionService } from "../src/index.ts";
import { one } from "./support/asking.ts";

const server = await offered(sharedPostgres);
afterAll(async () => await server?.[Symbol.asyncDispose]());

const SESSIONS = 40;
const EVENTS = 25;

describe.skipIf(!server)("appends of many sessions at once", () => {
  const url = server?.url ?? "";

  async function transactions(): Promise<number> {
    // Counted by the log's own positions of commits would be exact; rows are enough: xmin is the transaction that wrote one.
    return Number((await one(url, "select txid_current()::text as n"))["n"]);
  }

  it("share transactions; each gets its own answer, in call order, with its state", async () => {
    await using place = await freshSchema(server!);
    const { schema } = place;
    await using service = await PostgresSessionService.connect(url, {
      schema,
      notifications: "off",
    });
    await using other = await PostgresSessionService.connect(url, { schema, notifications: "off" });
    const key = (n: number): { appName: string; userId: string; sessionId: string } => ({
      appName: "app",
      userId: `u${n % 3}`,
      sessionId: `s${n}`,
    });
    const handles = async (from: BaseSessionService) =>
      await Promise.all(
        Array.from({ length: SESSIONS }, async (_item, n) => await from.getOrCreateSession(key(n))),
      );
    const before = await transactions();
    // Two processes on the same sessions: some members are passed over for the other's locks.
    await Promise.all(
      [service, other].map(async (each, process) => {
        const sessions = await handles(each);
        await Promise.all(
          sessions.flatMap((session, n) =>
            Array.from({ length: EVENTS }, async (_item, e) => {
              const event = createEvent({
                id: `${process}:${n}:${e}`,
                author: "user",
                invocationId: "e",
                content: { role: "user", parts: [{ text: `${n}:"\\{},${e}` }] },
                actions: {
                  stateDelta: {
                    [`k${process}`]: e,
                    'quote"d\\': `{${e}}`,
                    ...(e % 10 === 0 && { [`app:a${n}`]: e }),
                  },
                },
                ...(e === 5 && { stateRemoved: ['quote"d\\'] }),
              });
              const stored = await each.appendEvent({ session, event });
              expect(stored.id).toBe(event.id);
            }),
          ),
        );
      }),
    );
    const used = (await transactions()) - before;
    expect(used).toBeLessThan(2 * SESSIONS * EVENTS);
    const shared = await service.getAppState({ appName: "app" });
    for (let n = 0; n < SESSIONS; n++) {
      const found = await service.getSession(key(n));
      const events = found?.events ?? [];
      expect(events.map(({ sequence }) => sequence)).toEqual(
        events.map((_event, index) => index + 1),
      );
      for (const process of [0, 1]) {
        const own = events.filter(({ id }) => id.startsWith(`${process}:`)).map(({ id }) => id);
        expect(own).toEqual(Array.from({ length: EVENTS }, (_item, e) => `${process}:${n}:${e}`));
        expect(found?.state[`k${process}`]).toBe(EVENTS - 1);
      }
      expect(events.find(({ id }) => id === `0:${n}:7`)?.content?.parts?.[0]?.text).toBe(
        `${n}:"\\{},7`,
      );
      expect(found?.state['quote"d\\']).toBe(`{${EVENTS - 1}}`);
      expect(shared[`a${n}`]).toBe(20);
    }
  });
});
