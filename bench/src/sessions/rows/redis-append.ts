import type { AppendCommand } from "@adk/core";
import {
  RedisSessionService,
  RedisSessionStore,
  type RedisSessionStoreOptions,
} from "@adk/sessions-redis";
import { startRedis, startRedisReplica, type OwnServer } from "@adk/test-services";
import { Redis } from "ioredis";
import { randomUUID } from "node:crypto";
import { median, short } from "../../numbers.ts";
import { blocksInTurn, callsInTurn, ratioOf, runWriters } from "../in-turn.ts";
import { newEvent, storedBytes } from "../payload.ts";
import { KEY, type Line, type SessionsBench, type SessionsGroup } from "../sessions-bench.ts";

const CONNECTIONS = 16;
const GOALS = { one: 0.7, many: 0.4 };
const LEASE = { leaseId: "lease", ttlMs: 600_000, header: {} };
/** A version that knows WAITAOF, which came with 7.2. */
const WITH_WAITAOF = "8.0";
const SETTINGS = { appendonly: "yes", appendfsync: "everysec" };

/** Appends to Redis with its log on the disk, beside a bare RPUSH of the same bytes. */
export const redisAppend: SessionsGroup = {
  name: "redis-append",
  async measure(bench: SessionsBench): Promise<Line[]> {
    await using server = await startRedis({ onDisk: true, settings: SETTINGS });
    const data = await storedBytes();
    return [
      await one(bench, server.url, data),
      await many(bench, server.url, data),
      await durable(bench, data),
    ];
  },
};

/** One client: each promise more, up to what a run of the Runner has. */
async function one(
  { repetitions, isQuick }: SessionsBench,
  url: string,
  data: string,
): Promise<Line> {
  await using stack = new AsyncDisposableStack();
  const bare = client(stack, url);
  const telling = await appender(stack, url, data, "auto");
  const silent = await appender(stack, url, data, "off");
  const service = stack.use(await RedisSessionService.connect(url, { keyPrefix: "service:" }));
  const handle = await service.createSession(KEY);
  const figures = await callsInTurn(
    { repetitions, calls: isQuick ? 100 : 500 },
    {
      bare: async () => await bare.rpush("bare", data),
      plain: async () => await silent({}),
      leased: async () => await silent({ lease: LEASE }),
      ours: async () => await telling({ lease: LEASE }),
      service: async () => await service.appendEvent({ session: handle, event: newEvent() }),
    },
  );
  const times = (name: keyof typeof figures): string =>
    `${ratioOf(figures.bare, figures[name]).toFixed(2)} ×`;
  const ratio = ratioOf(figures.bare, figures.ours);
  return {
    name: "Redis, AOF everysec, 1 client: an append of the store with lease and publish",
    must: false,
    ours: `${short(median(figures.ours))} ms`,
    bare: `${short(median(figures.bare))} ms (RPUSH)`,
    goal: `≥ ${GOALS.one} × a bare RPUSH`,
    found: `${ratio.toFixed(2)} ×; once only and in order, alone, ${times("plain")}, with the lease ${times("leased")}; the service's appendEvent ${times("service")}`,
    met: ratio >= GOALS.one,
  };
}

/** A connection and a session for each of many writers. */
async function many(
  { repetitions, isQuick }: SessionsBench,
  url: string,
  data: string,
): Promise<Line> {
  const blockMs = isQuick ? 200 : 1_000;
  await using stack = new AsyncDisposableStack();
  const [bare, ours]: [(() => Promise<unknown>)[], (() => Promise<unknown>)[]] = [[], []];
  for (let index = 0; index < CONNECTIONS; index++) {
    const connection = client(stack, url);
    bare.push(async () => await connection.rpush(`bare:${index}`, data));
    const append = await appender(stack, url, data, "auto");
    ours.push(async () => await append({ lease: LEASE }));
  }
  let failed = 0;
  const block = (writers: readonly (() => Promise<unknown>)[]) => async () => {
    const result = await runWriters(writers, blockMs);
    failed += result.failed;
    return result.perSecond;
  };
  const figures = await blocksInTurn(repetitions, { bare: block(bare), ours: block(ours) });
  const ratio = ratioOf(figures.ours, figures.bare);
  return {
    name: `Redis, AOF everysec, ${CONNECTIONS} connections: appends of the store with lease and publish`,
    must: false,
    ours: `${short(median(figures.ours))}/s, ${failed} failed`,
    bare: `${short(median(figures.bare))}/s (RPUSH)`,
    goal: `≥ ${GOALS.many} × a bare RPUSH`,
    found: `${ratio.toFixed(2)} ×`,
    met: ratio >= GOALS.many && failed === 0,
  };
}

/** What waiting for a replica and for the disk costs, with either setting of the log. */
async function durable({ repetitions, isQuick }: SessionsBench, data: string): Promise<Line> {
  await using stack = new AsyncDisposableStack();
  const start = async (appendfsync: string): Promise<OwnServer> =>
    stack.use(
      await startRedis({
        version: WITH_WAITAOF,
        onDisk: true,
        settings: { ...SETTINGS, appendfsync },
      }),
    );
  const [everySecond, always] = [await start("everysec"), await start("always")];
  stack.use(await startRedisReplica(everySecond, { version: WITH_WAITAOF, onDisk: true }));
  const append = async (url: string, durability: RedisSessionStoreOptions["durability"]) => {
    const made = await appender(stack, url, data, "auto", durability);
    return async (): Promise<void> => void (await made({ lease: LEASE }));
  };
  const figures = await callsInTurn(
    { repetitions, calls: isQuick ? 20 : 200 },
    {
      none: await append(everySecond.url, {}),
      replica: await append(everySecond.url, { replicas: 1 }),
      noneAlways: await append(always.url, {}),
      diskAlways: await append(always.url, { localFsync: true }),
    },
  );
  // The disk is written once a second: a few say it.
  const { disk } = await callsInTurn(
    { repetitions, calls: 3 },
    { disk: await append(everySecond.url, { localFsync: true }) },
  );
  const ms = (values: readonly number[]): string => `${short(median(values))} ms`;
  return {
    name: "Redis, 1 client: an append that waits, `durability`",
    must: false,
    ours: `Redis 8.0, AOF everysec: ${ms(figures.none)}; \`replicas: 1\` ${ms(figures.replica)}; \`localFsync\` ${ms(disk)}. AOF always: ${ms(figures.noneAlways)}; \`localFsync\` ${ms(figures.diskAlways)}`,
  };
}

function client(stack: AsyncDisposableStack, url: string): Redis {
  return stack.adopt(new Redis(url), (each) => each.disconnect());
}

/** Appends to a session of a connection of its own, which is under a lease. */
async function appender(
  stack: AsyncDisposableStack,
  url: string,
  data: string,
  notifications: "auto" | "off",
  durability: RedisSessionStoreOptions["durability"] = {},
): Promise<(more: Partial<AppendCommand>) => Promise<unknown>> {
  const store = stack.use(
    new RedisSessionStore({ client: client(stack, url), notifications, durability }),
  );
  const key = { ...KEY, sessionId: randomUUID() };
  await store.create({ ...key, incarnation: "i", initialState: {} });
  const { leaseId, ttlMs } = LEASE;
  await store.lease({ ...key, op: "acquire", leaseId, owner: "bench", ttlMs });
  return async (more) => {
    const event = { id: randomUUID(), timestamp: Date.now(), data };
    const outcome = await store.append({ ...key, incarnation: "i", ...event, ...more });
    if (outcome.status !== "ok") throw new Error(`An append ended with ${outcome.status}.`);
  };
}
