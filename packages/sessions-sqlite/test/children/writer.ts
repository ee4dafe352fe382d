/**
 * A process that appends numbered events and says each one that was acknowledged: `writer.ts FILE NAME [COUNT]`.
 *
 * It goes on where the last process of its name stopped: the number stands in the session's state, under its name.
 */
import { SqliteSessionStore } from "@adk/sessions-sqlite";
import { writeSync } from "node:fs";

const [path = "", name = "", count = "Infinity"] = process.argv.slice(2);
const key = { appName: "app", userId: "user", sessionId: "session" };
const say = (what: string): void => void writeSync(1, `${what}\n`);

await using store = new SqliteSessionStore({ path, lockTimeoutMs: 30_000 });
const created = await store.create({ ...key, incarnation: "life", initialState: {} });
if (created.status !== "ok") throw new Error(created.status);
let n = Number(created.state?.session[name] ?? 0);
const last = n + Number(count);
say("ready");
while (n < last) {
  n++;
  const change = { set: { [name]: `${n}` }, remove: [] };
  const outcome = await store.append({
    ...key,
    incarnation: "life",
    id: `${name}-${n}`,
    timestamp: Date.now(),
    data: `${name}-${n}:`.padEnd(1_000, "x"),
    delta: { app: change, user: change, session: change },
  });
  if (outcome.status !== "ok") throw new Error(outcome.status);
  say(`${name}-${n} ${outcome.sequence}`);
}
