/**
 * A process that appends, and says how long its event loop stalled: `watched-writer.ts FILE NAME burst|MILLISECONDS`.
 *
 * `burst` appends twenty events at once and reads meanwhile; a number appends one by one for so long. Run it with
 * `--single-threaded`: V8's helpers wait for a processor too, and the event loop for them.
 */
import { SqliteSessionStore } from "@adk/sessions-sqlite";
import { writeSync } from "node:fs";
import { Stalls } from "../support/stalls.ts";

const [path = "", name = "", mode = "burst"] = process.argv.slice(2);
const key = { appName: "app", userId: "user", sessionId: name };
const say = (what: unknown): void => void writeSync(1, `${JSON.stringify(what)}\n`);
const append = { ...key, incarnation: name, timestamp: 0, data: "x".repeat(1_000) };

await using store = new SqliteSessionStore({ path, lockTimeoutMs: 60_000 });
await store.create({ ...key, incarnation: name, initialState: {} });
for (let n = 0; n < 50; n++) await store.append({ ...append, id: `warm-${n}` });
say("ready");
await new Promise((resolve) => process.stdin.once("data", resolve));

const stalls = new Stalls();
const startedAt = performance.now();
const spentMs = (): number => performance.now() - startedAt;
if (mode === "burst") {
  const appends = Array.from({ length: 20 }, (_x, n) => store.append({ ...append, id: `${n}` }));
  await store.read(key);
  const readMs = spentMs();
  const outcomes = await Promise.all(appends);
  const count = outcomes.filter(({ status }) => status === "ok").length;
  say({ ...stalls.stop(), count, readMs, waitedMs: spentMs() });
} else {
  let count = 0;
  while (spentMs() < Number(mode)) {
    const { status } = await store.append({ ...append, id: `${count}` });
    if (status === "ok") count++;
  }
  say({ ...stalls.stop(), count });
}
process.stdin.destroy();
