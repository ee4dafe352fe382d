import { createEvent, type BaseSessionService, type Session } from "@adk/core";
import { PostgresSessionService } from "@adk/sessions-postgres";
import { RedisSessionService } from "@adk/sessions-redis";
import { freshSchema, startRedis } from "@adk/test-services";
import { fork, type ChildProcess } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { median, quantile, short } from "../../numbers.ts";
import { CONTENT, eventParams } from "../payload.ts";
import { KEY, type Line, type SessionsBench, type SessionsGroup } from "../sessions-bench.ts";
import type { StoreName } from "../stores.ts";

const EVERY_MS = 10;
const SUBSCRIPTIONS = 1_000;
const FOLLOWER = fileURLToPath(new URL("../children/follower.ts", import.meta.url));

/** From the append's call in this process to the iterator's yield in another. */
export const delivery: SessionsGroup = {
  name: "delivery",
  async measure(bench: SessionsBench): Promise<Line[]> {
    return [await onPostgres(bench), await onRedis(bench)];
  },
};

async function onPostgres(bench: SessionsBench): Promise<Line> {
  const { postgres } = bench;
  await using place = await freshSchema(postgres);
  const { schema } = place;
  await using service = await PostgresSessionService.connect(postgres.url, { schema });
  return await delivered("PostgreSQL", 5, bench, service, ["postgres", postgres.url, schema]);
}

async function onRedis(bench: SessionsBench): Promise<Line> {
  await using server = await startRedis({ onDisk: true, settings: { appendonly: "yes" } });
  const keyPrefix = "delivery:";
  await using service = await RedisSessionService.connect(server.url, { keyPrefix });
  return await delivered("Redis", 1, bench, service, ["redis", server.url, keyPrefix]);
}

async function delivered(
  name: string,
  goalMs: number,
  { repetitions, isQuick, progress }: SessionsBench,
  service: BaseSessionService,
  where: readonly [StoreName, url: string, place: string],
): Promise<Line> {
  const events = isQuick ? 50 : 200;
  const session = await service.createSession(KEY);
  using follower = startFollower(where);
  await followed(service, follower, [session]);
  const quantiles = { p50: [] as number[], p99: [] as number[] };
  for (let round = 0; round <= repetitions; round++) {
    progress(`delivery on ${name}, ${round} of ${repetitions}`);
    const heard = follower.next<Latency>("latencyMs", events);
    const sending: Promise<void>[] = [];
    for (let index = 0; index < events; index++) {
      sending.push(send(service, session));
      await pause(EVERY_MS);
    }
    await Promise.all(sending);
    const latencies = (await heard).map(({ latencyMs }) => latencyMs);
    if (round === 0) continue;
    quantiles.p50.push(quantile(latencies, 0.5));
    quantiles.p99.push(quantile(latencies, 0.99));
  }
  progress(`delivery on ${name}, ${SUBSCRIPTIONS} idle subscriptions`);
  const idle = await idlePerSecond(service, follower, isQuick ? 2_000 : 10_000);
  const [p50, p99] = [median(quantiles.p50), median(quantiles.p99)];
  return {
    name: `${name}, from the append's call to the iterator's yield in another process, 100 events/s`,
    must: false,
    ours: `p50 ${short(p50)} ms, p99 ${short(p99)} ms; ${SUBSCRIPTIONS.toLocaleString("en")} idle subscriptions send ${short(idle)} statements/s`,
    goal: `p50 ≤ ${goalMs} ms`,
    met: p50 <= goalMs,
  };
}

interface Latency {
  readonly latencyMs: number;
}

async function send(service: BaseSessionService, session: Session): Promise<void> {
  const content = `${process.hrtime.bigint()} ${CONTENT}`;
  await service.appendEvent({ session, event: createEvent(eventParams("e-1", content)) });
}

/** What a process with a thousand subscriptions sends while nothing happens. */
async function idlePerSecond(
  service: BaseSessionService,
  follower: Follower,
  forMs: number,
): Promise<number> {
  const sessions = await Promise.all(
    Array.from({ length: SUBSCRIPTIONS }, async () => await service.createSession(KEY)),
  );
  await followed(service, follower, sessions);
  const counted = follower.next<{ statements: number }>("statements", 1);
  follower.child.send({ idle: forMs });
  return ((await counted)[0]!.statements * 1_000) / forMs;
}

/** Lets the other process follow these sessions; it does when it has yielded an event of each. */
async function followed(
  service: BaseSessionService,
  follower: Follower,
  sessions: readonly Session[],
): Promise<void> {
  const heard = follower.next<Latency>("latencyMs", sessions.length);
  follower.child.send({ follow: sessions.map(({ id }) => id) });
  await Promise.all(sessions.map(async (session) => await send(service, session)));
  await heard;
}

interface Follower extends Disposable {
  readonly child: ChildProcess;
  /** The next so many messages of a kind. */
  next<T extends object>(kind: keyof T, count: number): Promise<T[]>;
}

function startFollower(where: readonly string[]): Follower {
  const child = fork(FOLLOWER, where, { execArgv: ["--conditions=@adk/source"] });
  const ended = new Promise<never>((_resolve, reject) => {
    child.once("exit", (code, signal) =>
      reject(new Error(`The process that follows ended with ${code ?? signal}.`)),
    );
  });
  ended.catch(() => {}); // told to whoever waits for a message
  return {
    child,
    async next<T extends object>(kind: keyof T, count: number) {
      const messages: T[] = [];
      const complete = new Promise<T[]>((resolve) => {
        child.on("message", function onMessage(message: T) {
          if (!(kind in message)) return;
          messages.push(message);
          if (messages.length < count) return;
          child.off("message", onMessage);
          resolve(messages);
        });
      });
      return await Promise.race([complete, ended]);
    },
    [Symbol.dispose]: () => void child.kill(),
  };
}
