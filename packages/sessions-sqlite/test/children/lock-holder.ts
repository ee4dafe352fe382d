/** A process that holds the write lock: `lock-holder.ts FILE MILLISECONDS`. It says when it has it, and when it is over. */
import { writeSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

const [path = "", ms = "0"] = process.argv.slice(2);
const database = new DatabaseSync(path, { timeout: 10_000 });
database.exec("BEGIN IMMEDIATE");
writeSync(1, "locked\n");
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(ms));
database.exec("COMMIT");
writeSync(1, "unlocked\n");
database.close();
