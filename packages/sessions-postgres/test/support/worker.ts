/** Opens a subject's schema in a process of its own, for the kit's level `processes`. */
import { sessionWorker } from "@adk/core/testing";
import { PostgresSessionService } from "../../src/index.ts";

/** What a worker needs to know. */
export interface WorkerData {
  readonly url: string;
  readonly schema: string;
  readonly pooler?: boolean | undefined;
}

sessionWorker(async (data) => {
  const { url, ...options } = data as WorkerData;
  return await PostgresSessionService.connect(url, options);
});
