/**
 * A process that is killed at its n-th call that changes something on the disk, or syncs it: `cut-saver.ts ROOT N`.
 *
 * It saves, streams, copies and deletes, and prints a line for each that was acknowledged; at its end `done` and the number of
 * those calls.
 */
import { FileArtifactService } from "@adk/artifacts-fs";
import { writeSync } from "node:fs";
import files from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

const [root = "", at = "0"] = process.argv.slice(2);
let calls = 0;

function killAt<Method extends string>(object: Record<Method, unknown>, method: Method): void {
  const original = object[method] as (...parameters: unknown[]) => unknown;
  object[method] = function (this: unknown, ...parameters: unknown[]) {
    if (++calls === Number(at)) process.kill(process.pid, "SIGKILL");
    return original.apply(this, parameters);
  };
}

const handle = await files.open(process.execPath);
const fileHandle = Object.getPrototypeOf(handle) as Record<string, unknown>;
await handle.close();
const promises = files as unknown as Record<string, unknown>;
for (const name of ["link", "mkdir", "rename", "rm"]) killAt(promises, name);
for (const name of ["sync", "write"]) killAt(fileHandle, name);
syncBuiltinESMExports();

const say = (line: string): void => void writeSync(1, `${line}\n`);
const key = { appName: "app", userId: "user", sessionId: "session" };
const fork = { ...key, newSessionId: "fork" };
const service = new FileArtifactService(root);

for (const text of ["a0", "a1"])
  say(`saved ${await service.saveArtifact({ ...key, filename: "a", artifact: { text } })}`);
async function* body(): AsyncGenerator<Uint8Array> {
  for (const piece of ["b0 ", "in ", "pieces"]) yield new TextEncoder().encode(piece);
}
await service.saveArtifactStream({ ...key, filename: "b", body: body(), mimeType: "text/plain" });
say("streamed");
await service.copySessionArtifacts(fork);
say("copied");
const own = { ...key, sessionId: "other", filename: "own", artifact: { text: "own" } };
await service.saveArtifact(own);
say("beside");
await service.copySessionArtifacts({ ...key, newSessionId: "other" });
say("copied beside");
await service.deleteArtifact({ ...key, filename: "a" });
say("deleted");
await service.saveArtifact({ ...key, filename: "a", artifact: { text: "a0 again" } });
say("saved again");
await service.deleteSessionArtifacts(key);
say("erased");
say(`done ${calls}`);
