import { decorateStore, type SessionStore } from "@adk/core";
import { sessionStoreSubject, type SessionSubject } from "@adk/core/testing";
import { freshKeyPrefix, type TestServer } from "@adk/test-services";
import { Redis } from "ioredis";
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

/** One key prefix a subject; a store, and a client, for each service, as another process would have. */
export async function redisSubject(
  server: Pick<TestServer, "url">,
  options: RedisSubjectOptions = {},
): Promise<SessionSubject> {
  const place = await freshKeyPrefix(server);
  const { keyPrefix } = place;
  const clients: RedisClient[] = [];
  const { decorate = (store) => store, client: connect = (url) => new Redis(url) } = options;
  const data: WorkerData = { url: server.url, keyPrefix };
  return sessionStoreSubject({
    worker: {
      module: fileURLToPath(new URL("worker.ts", import.meta.url)),
      data,
      execArgv: ["--conditions=@adk/source"],
    },
    connect: ({ ttlMs }) => {
      const client = connect(server.url);
      clients.push(client);
      const store = new RedisSessionStore({ client, keyPrefix, ttlMs, ...options.store });
      return decorate(decorateStore(store, {}));
    },
    async remove() {
      for (const client of clients) client.disconnect();
      await place[Symbol.asyncDispose]();
    },
  });
}
