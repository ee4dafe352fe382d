/** One of the two workers. */
import { createCourier } from "./courier.ts";
import { serveWorker } from "./serve-worker.ts";

await serveWorker(createCourier);
