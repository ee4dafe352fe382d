/** Opens a subject's keys in a process of its own, for the kit's level `processes`. */
import { sessionWorker } from "@adk/core/testing";
import { RedisSessionService, type ConnectRedisOptions } from "../../src/index.ts";

/** What a worker needs to know. */
export interface WorkerData extends Pick<
  ConnectRedisOptions,
  "keyPrefix" | "cluster" | "sentinel" | "tag"
> {
  readonly url: string;
}

sessionWorker(async (data) => {
  const { url, ...options } = data as WorkerData;
  return await RedisSessionService.connect(url, options);
});
