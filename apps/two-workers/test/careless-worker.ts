/** A worker whose tool asks under another key each time. */
import { randomUUID } from "node:crypto";
import { createCourier } from "../src/courier.ts";
import { serveWorker } from "../src/serve-worker.ts";

await serveWorker((carrier, onShip) => createCourier(carrier, onShip, () => randomUUID()));
