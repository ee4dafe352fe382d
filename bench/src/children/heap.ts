// Bytes of heap for each event of 1,000 sessions with 100 events of a short text.
import { filled, loadAdk, report } from "./adk.ts";

const SESSIONS = 1_000;
const EVENTS = 100;

const adk = await loadAdk();
const used = (): number => {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
};

await filled(adk, new adk.InMemorySessionService(), EVENTS); // what is made once
const service = new adk.InMemorySessionService();
const before = used();
for (let index = 0; index < SESSIONS; index++) await filled(adk, service, EVENTS);
const bytes = (used() - before) / (SESSIONS * EVENTS);
if ((await service.listSessions({ appName: "bench" })).sessions.length === 0)
  throw new Error("lost");
report({ bytes });
