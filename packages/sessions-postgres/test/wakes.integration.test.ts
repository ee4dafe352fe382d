import { createEvent, type BaseSessionService, type Event, type Session } from "@adk/core";
import { freshSchema, offered, sharedPostgres } from "@adk/test-services";
import { afterAll, describe, expect, it } from "vitest";
import { PostgresSessionService, type ConnectPostgresOptions } from "../src/index.ts";
import { asking } from "./support/asking.ts";

const server = await offered(sharedPostgres);
afterAll(async () => await server?.[Symbol.asyncDispose]());

const KEY = { appName: "app", userId: "user", sessionId: "session" };
const NEVER_MS = 600_000;

describe.skipIf(!server)("followers of another process", () => {
  const url = server?.url ?? "";

  /** A writer and a follower with connections of their own. */
  async function pair(follower: ConnectPostgresOptions): Promise<{
    writer: BaseSessionService;
    reader: BaseSessionService;
    session: Session;
    schema: string;
    [Symbol.asyncDispose](): Promise<void>;
  }> {
    const place = await freshSchema(server!);
    const { schema } = place;
    const writer = await PostgresSessionService.connect(url, { schema });
    const session = await writer.createSession(KEY);
    const reader = await PostgresSessionService.connect(url, {
      schema,
      applicationName: schema,
      ...follower,
    });
    return {
      writer,
      reader,
      session,
      schema,
      async [Symbol.asyncDispose]() {
        await writer[Symbol.asyncDispose]();
        await reader[Symbol.asyncDispose]();
        await place[Symbol.asyncDispose]();
      },
    };
  }

  async function say(service: BaseSessionService, session: Session, text: string): Promise<void> {
    const content = { role: "user", parts: [{ text }] };
    await service.appendEvent({
      session,
      event: createEvent({ author: "user", invocationId: "e-1", content }),
    });
  }

  const textOf = (event: Event | undefined): string | undefined => event?.content?.parts?.[0]?.text;

  /** Until a hint has come by the way that is tested: the first ones may find nobody listening yet. */
  async function warm(
    of: Awaited<ReturnType<typeof pair>>,
    events: AsyncIterator<Event>,
  ): Promise<void> {
    await expect
      .poll(
        async () => {
          const before = performance.now();
          await say(of.writer, of.session, "warm");
          await events.next();
          return performance.now() - before;
        },
        { timeout: 10_000 },
      )
      .toBeLessThan(200);
  }

  it("are told by notifications alone: polling is far away", async () => {
    await using of = await pair({ pollMs: NEVER_MS });
    const events = of.reader.subscribe({ ...KEY, afterSequence: 0 })[Symbol.asyncIterator]();
    // The first hint may find nobody listening; the subscription reads once it does.
    const first = events.next();
    await say(of.writer, of.session, "first");
    expect(textOf((await first).value as Event)).toBe("first");
    const waits: number[] = [];
    for (let n = 0; n < 50; n++) {
      const next = events.next();
      await new Promise((resolve) => setTimeout(resolve, 2));
      const before = performance.now();
      await say(of.writer, of.session, `m${n}`);
      expect(textOf((await next).value as Event)).toBe(`m${n}`);
      waits.push(performance.now() - before);
    }
    waits.sort((left, right) => left - right);
    // Far below any polling; on a quiet machine it is a few milliseconds.
    expect(waits[25]).toBeLessThan(200);
    await events.return?.();
  });

  it("are told of a cancel, so that a holder learns it at once", async () => {
    await using of = await pair({ pollMs: NEVER_MS });
    const opened = await of.reader.openSession({ ...KEY, owner: "o", ttlMs: 600_000 });
    const event = createEvent({ author: "user", invocationId: "e-1" });
    await of.reader.appendEvent({ ...opened, event, header: { invocationId: "e-1" } });
    await expect
      .poll(
        async () => {
          await of.writer.requestCancel({ ...KEY, invocationId: "e-1" });
          return opened.lease.cancelled.aborted;
        },
        { timeout: 10_000 },
      )
      .toBe(true);
  });

  it.each([
    ["polling alone", { notifications: "off", pollMs: 50 }],
    ["polling, behind a pooler", { pooler: true, pollMs: 50 }],
  ] as const)("are told by %s", async (_name, options) => {
    await using of = await pair(options);
    const events = of.reader.subscribe({ ...KEY, afterSequence: 0 })[Symbol.asyncIterator]();
    for (let n = 0; n < 5; n++) {
      const next = events.next();
      await say(of.writer, of.session, `m${n}`);
      expect(textOf((await next).value as Event)).toBe(`m${n}`);
    }
    await events.return?.();
  });

  it("miss nothing when the listening connection is cut again and again under 4 writers", async () => {
    await using of = await pair({ pollMs: 200 });
    const PER_WRITER = 60;
    const seen: number[] = [];
    const following = (async () => {
      for await (const event of of.reader.subscribe({ ...KEY, afterSequence: 0 })) {
        seen.push(event.sequence ?? 0);
        if (seen.length === 4 * PER_WRITER) return;
      }
    })();
    let isWriting = true;
    let cuts = 0;
    const cutting = (async () => {
      const text =
        "select count(pg_terminate_backend(pid))::int as n from pg_stat_activity where application_name = $1 and query like 'listen%'";
      while (isWriting || cuts < 3) {
        cuts += await asking(url, async (client) =>
          Number((await client.query(text, [of.schema])).rows[0]?.n),
        );
        await new Promise((resolve) => setTimeout(resolve, 50));
        if (!isWriting && cuts > 0) return;
      }
    })();
    await Promise.all(
      [1, 2, 3, 4].map(async (writer) => {
        const session = await of.writer.getSession(KEY);
        for (let n = 0; n < PER_WRITER; n++) await say(of.writer, session!, `${writer}:${n}`);
      }),
    );
    isWriting = false;
    await Promise.all([following, cutting]);
    expect(seen).toEqual(Array.from({ length: 4 * PER_WRITER }, (_item, index) => index + 1));
    expect(cuts).toBeGreaterThan(0);
    // And it listens again.
    const after = { ...KEY, afterSequence: 4 * PER_WRITER };
    const events = of.reader.subscribe(after)[Symbol.asyncIterator]();
    await warm(of, events);
    await events.return?.();
  });

  it("of 1,000 sessions are looked at with one statement", async () => {
    await using of = await pair({ notifications: "off", pollMs: 100 });
    const sessions = await Promise.all(
      Array.from(
        { length: 1_000 },
        async (_item, n) => await of.writer.createSession({ ...KEY, sessionId: `s${n}` }),
      ),
    );
    const followers = sessions.map((session) =>
      of.reader
        .subscribe({ ...KEY, sessionId: session.id, afterSequence: 0 })
        [Symbol.asyncIterator](),
    );
    const firsts = followers.map(async (follower) => await follower.next());
    await new Promise((resolve) => setTimeout(resolve, 300));
    await Promise.all(sessions.map(async (session) => await say(of.writer, session, session.id)));
    const events = await Promise.all(firsts);
    expect(events.map(({ value }) => textOf(value as Event))).toEqual(sessions.map(({ id }) => id));
    await Promise.all(followers.map(async (follower) => await follower.return?.()));
  });
});
