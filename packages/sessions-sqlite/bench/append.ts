/**
 * One append of 1 KB against a bare INSERT between BEGIN IMMEDIATE and COMMIT: same folder, same settings, interleaved.
 * `node --conditions=@adk/source bench/append.ts [folder]`
 */
import { SqliteSessionStore } from "@adk/sessions-sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const ROUNDS = 7;
const PER_ROUND = 400;

const folder = mkdtempSync(join(process.argv[2] ?? tmpdir(), "adk-bench-"));
const data = "x".repeat(1_000);
const bare = new DatabaseSync(join(folder, "bare.db"));
bare.exec(
  "PRAGMA journal_mode=wal; PRAGMA synchronous=full; CREATE TABLE event (sid INTEGER, sequence INTEGER, id TEXT, data TEXT, PRIMARY KEY (sid, sequence)); CREATE UNIQUE INDEX event_id ON event (sid, id);",
);
const begin = bare.prepare("BEGIN IMMEDIATE");
const insert = bare.prepare("INSERT INTO event VALUES (?, ?, ?, ?)");
const commit = bare.prepare("COMMIT");
const key = { appName: "bench", userId: "user", sessionId: "s" };
await using store = new SqliteSessionStore({ path: join(folder, "adk.db") });
await store.create({ ...key, incarnation: "i", initialState: {} });
await store.lease({ ...key, op: "acquire", leaseId: "l", owner: "o", ttlMs: 600_000 });

let sequence = 0;
const kinds: Record<string, (id: string) => unknown> = {
  "bare INSERT": (id) => {
    begin.run();
    insert.run(1, sequence, id, data);
    commit.run();
  },
  append: async (id) => await store.append({ ...key, incarnation: "i", id, timestamp: 0, data }),
  "append, lease and state": async (id) =>
    await store.append({
      ...key,
      incarnation: "i",
      id,
      timestamp: 0,
      data,
      delta: { session: { set: { [`k${sequence % 10}`]: "1" }, remove: [] } },
      lease: { leaseId: "l", ttlMs: 600_000, header: {} },
    }),
};
const times = new Map<string, number[]>(Object.keys(kinds).map((name) => [name, []]));
for (let round = 0; round <= ROUNDS; round++) {
  const sums = new Map<string, number>();
  // One of each in turn: the disk's moods reach all of them.
  for (let n = 0; n < PER_ROUND; n++) {
    sequence++;
    for (const [name, run] of Object.entries(kinds)) {
      const startedAt = performance.now();
      await run(`${name}-${crypto.randomUUID()}`);
      sums.set(name, (sums.get(name) ?? 0) + performance.now() - startedAt);
    }
  }
  if (round > 0) for (const [name, sum] of sums) times.get(name)?.push(sum / PER_ROUND);
}
const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const limit = median(times.get("bare INSERT") ?? []);
for (const [name, values] of times)
  process.stdout.write(
    `${name.padEnd(24)} ${(median(values) * 1000).toFixed(0).padStart(6)} µs  ${(limit / median(values)).toFixed(2)} ×\n`,
  );
bare.close();
rmSync(folder, { recursive: true, force: true });
