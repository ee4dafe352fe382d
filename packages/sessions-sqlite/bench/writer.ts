/** A process that appends until it is told to stop, and watches its own event loop. */
import { SqliteSessionStore } from "@adk/sessions-sqlite";

const [, , path = "", name = "", seconds = "5"] = process.argv;
const store = new SqliteSessionStore({ path, lockTimeoutMs: 30_000 });
const key = { appName: "bench", userId: "user", sessionId: name };
await store.create({ ...key, incarnation: name, initialState: {} });

let longest = 0;
let last = performance.now();
const timer = setInterval(() => {
  const now = performance.now();
  longest = Math.max(longest, now - last - 1);
  last = now;
}, 1);
const data = "x".repeat(1_000);
const end = performance.now() + Number(seconds) * 1_000;
let count = 0;
let slowest = 0;
while (performance.now() < end) {
  const startedAt = performance.now();
  const id = `${name}-${count}`;
  await store.append({ ...key, incarnation: name, id, timestamp: 0, data });
  slowest = Math.max(slowest, performance.now() - startedAt);
  count++;
}
clearInterval(timer);
await store[Symbol.asyncDispose]();
process.stdout.write(JSON.stringify({ name, count, longest, slowest }) + "\n");
