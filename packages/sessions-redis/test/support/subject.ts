import { decorateStore, type SessionStore, type SessionStoreCapabilities } from "@adk/core";
import { sessionStoreSubject, type SessionSubject } from "@adk/core/testing";
import { freshKeyPrefix, type TestServer } from "@adk/test-services";
import { Redis } from "ioredis";
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import {
  RedisSessionStore,
  type RedisClient,
  type RedisSessionStoreOptions,
} from "../../src/index.ts";
import type { WorkerData } from "./worker.ts";

export interface RedisSubjectOptions {
  readonly store?: Partial<RedisSessionStoreOptions> | undefined;
  /** Connects; closed at the end. @defaultValue a `Redis` of the newest ioredis */
  readonly client?: ((url: string) => RedisClient) | undefined;
  /** Changes a store. */
  readonly decorate?: ((store: SessionStore) => SessionStore) | undefined;
}

/** One key prefix a subject, removed at the end; a store, and a client, for each service, as another process would have. */
export async function redisSubject(
  server: Pick<TestServer, "url">,
  { client = (url) => new Redis(url), ...options }: RedisSubjectOptions = {},
): Promise<SessionSubject> {
  const place = await freshKeyPrefix(server);
  return subjectAt({
    ...options,
    keyPrefix: place.keyPrefix,
    client: () => client(server.url),
    worker: { url: server.url, keyPrefix: place.keyPrefix },
    remove: async () => await place[Symbol.asyncDispose](),
  });
}

export interface OwnRedisSubjectOptions extends Omit<RedisSubjectOptions, "client"> {
  readonly client: () => RedisClient;
  /** How another process connects. */
  readonly worker: Omit<WorkerData, "keyPrefix">;
  readonly capabilities?: SessionStoreCapabilities | undefined;
}

/** The same on servers of the test's own, whose keys go with them. */
export function ownRedisSubject(options: OwnRedisSubjectOptions): SessionSubject {
  const keyPrefix = `adk-${randomUUID().slice(0, 8)}:`;
  const worker = { ...options.worker, keyPrefix };
  const subject = subjectAt({ ...options, keyPrefix, worker, remove: async () => {} });
  return { ...subject, capabilities: options.capabilities };
}

interface Place extends Omit<RedisSubjectOptions, "client"> {
  readonly keyPrefix: string;
  readonly client: () => RedisClient;
  readonly worker: WorkerData;
  remove(): Promise<void>;
}

function subjectAt(place: Place): SessionSubject {
  const { keyPrefix, worker, decorate = (store) => store } = place;
  const clients: RedisClient[] = [];
  return sessionStoreSubject({
    worker: {
      module: fileURLToPath(new URL("worker.ts", import.meta.url)),
      data: worker,
      execArgv: ["--conditions=@adk/source"],
    },
    connect: ({ ttlMs }) => {
      const client = place.client();
      clients.push(client);
      const store = new RedisSessionStore({ client, keyPrefix, ttlMs, ...place.store });
      return decorate(decorateStore(store, {}));
    },
    async remove() {
      for (const client of clients) client.disconnect();
      await place.remove();
    },
  });
}
