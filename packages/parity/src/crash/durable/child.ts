/** One of the processes that play scripts on a durable store, and are killed. */
import { createSessionService } from "@adk/core";
import { serveJobs } from "./serve-jobs.ts";

serveJobs(async (uri) => await createSessionService(uri, { from: import.meta.url }));
