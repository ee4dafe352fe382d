// A process that keeps one server for others: `node keeper.ts <path> <spec>`. It listens at <path>.sock, tells whoever
// connects where the server is, and ends it, and itself, when nobody is connected any more. So a server never outlives its
// users, however they ended. <path>.lock says who keeps it.

import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import {
  chownSync,
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { createServer, createConnection, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePort } from "./free-port.ts";
import type { ServerSpec } from "./server.ts";

const [path, json] = process.argv.slice(2) as [string, string];
const spec = JSON.parse(json) as ServerSpec;
const WAITING_FOR_FIRST_MS = 30_000;
const LAST_SIGNAL = spec.endsWithKill === true ? "SIGKILL" : "SIGQUIT";

if (!takeLock()) process.exit(0);

const dir = mkdtempSync(join(dataFolder(), "adk-test-server-"));
if (spec.uid !== undefined) chownSync(dir, spec.uid, spec.uid);
const logFile = `${path}.log`;
rmSync(logFile, { force: true });
rmSync(`${path}.sock`, { force: true });

let port = 0;
let server: ChildProcess | undefined;
let ended: Promise<void> = Promise.resolve();
let greeting: string | undefined;
const users = new Set<Socket>();
let leaving: ReturnType<typeof setTimeout> | undefined;
let isLeaving = false;

const listener = createServer((user) => {
  // Its server is about to end: whoever comes now waits for the next keeper.
  if (isLeaving) return void user.destroy();
  users.add(user);
  clearTimeout(leaving);
  if (greeting !== undefined) user.write(greeting);
  user.on("error", () => user.destroy());
  user.on("close", () => {
    users.delete(user);
    leaveWhenAlone(spec.lingerMs);
  });
  let queue = Promise.resolve();
  createInterface({ input: user }).on("line", (line) => {
    queue = queue.then(async () => {
      const answer = await operate(line).then(
        () => "ok",
        (error: unknown) => String(error),
      );
      if (!user.destroyed && line !== "leave") user.write(`${answer}\n`);
      if (line === "leave" && users.size === 1 && spec.lingerMs === 0) {
        await leave();
      }
      if (line === "leave") user.end();
    });
  });
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(signal, () => void leave());
listener.listen(`${path}.sock`);
leaveWhenAlone(WAITING_FOR_FIRST_MS);

try {
  await prepare();
  await start();
  greeting = `${JSON.stringify({ url: fill(spec.url) })}\n`;
} catch (error) {
  greeting = `${JSON.stringify({ error: String(error) })}\n`;
}
for (const user of users) user.write(greeting);

function leaveWhenAlone(ms: number): void {
  clearTimeout(leaving);
  leaving = setTimeout(() => {
    if (users.size === 0) void leave();
  }, ms);
}

async function leave(): Promise<void> {
  isLeaving = true;
  await stop(LAST_SIGNAL);
  end();
}

function end(): void {
  rmSync(dir, { recursive: true, force: true });
  for (const file of [`${path}.sock`, `${path}.lock`, logFile]) rmSync(file, { force: true });
  process.exit(0);
}

async function operate(operation: string): Promise<void> {
  switch (operation) {
    case "leave":
      return;
    case "kill":
      return await stop("SIGKILL");
    case "stop":
      return await stop("SIGINT");
    case "stopAtOnce":
      return await stop("SIGQUIT");
    case "start":
      return await start();
    case "freeze":
      return signalAll("SIGSTOP");
    case "thaw":
      return signalAll("SIGCONT");
    default:
      throw new Error(`no operation ${operation}`);
  }
}

async function prepare(): Promise<void> {
  port = await freePort(spec.secondPortOffset);
  for (const words of spec.prepare) {
    const [file = "", ...parameters] = words.map(fill);
    const { status, stderr, error } = spawnSync(file, parameters, options());
    if (status !== 0) throw new Error(`${file} failed: ${error?.message ?? String(stderr)}`);
  }
}

async function start(): Promise<void> {
  const [file = "", ...parameters] = spec.command.map(fill);
  const log = openSync(logFile, "a");
  const offset = readFileSync(logFile).length;
  const child = spawn(file, parameters, { ...options(), stdio: ["ignore", log, log] });
  closeSync(log);
  server = child;
  let hasEnded = false;
  ended = new Promise((resolve) => {
    const done = (): void => {
      hasEnded = true;
      resolve();
    };
    child.once("exit", done);
    child.once("error", done);
  });
  writeFileSync(`${path}.lock`, `${process.pid} ${child.pid ?? 0}`);
  for (const deadline = Date.now() + 20_000; ;) {
    const said = readFileSync(logFile).subarray(offset).toString();
    if (said.includes(spec.readyLine) && (await accepts())) return;
    if (hasEnded || Date.now() > deadline)
      throw new Error(`${file} did not start: ${said.slice(-2_000)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function stop(signal: "SIGKILL" | "SIGINT" | "SIGQUIT"): Promise<void> {
  if (!server?.pid) return;
  signalAll("SIGCONT");
  const children = signal === "SIGKILL" ? childrenOf(server.pid) : [];
  server.kill(signal);
  for (const pid of children) tryKill(pid, "SIGKILL");
  await ended;
  // A child that was killed is gone a moment later; only then is the data nobody's.
  for (const deadline = Date.now() + 5_000; children.some(isAlive) && Date.now() < deadline;)
    await new Promise((resolve) => setTimeout(resolve, 5));
  server = undefined;
}

function signalAll(signal: "SIGSTOP" | "SIGCONT"): void {
  if (!server?.pid) return;
  // The parent first, so that it starts no more; waking in the other order.
  const all = [server.pid, ...childrenOf(server.pid)];
  for (const pid of signal === "SIGSTOP" ? all : all.toReversed()) tryKill(pid, signal);
}

function childrenOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
    return children === "" ? [] : children.split(" ").map(Number);
  } catch {
    return [];
  }
}

function tryKill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already.
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** One keeper a path. A lock whose keeper has died is taken over, and the server that it may have left is ended. */
function takeLock(): boolean {
  for (let attempt = 0; attempt < 20; attempt++) {
    try {
      writeFileSync(`${path}.lock`, `${process.pid} 0`, { flag: "wx" });
      return true;
    } catch {
      const [keeper = 0, orphan = 0] = readLock();
      if (keeper !== 0 && isAlive(keeper)) return false;
      const stale = `${path}.stale-${process.pid}`;
      try {
        renameSync(`${path}.lock`, stale);
      } catch {
        continue;
      }
      rmSync(stale, { force: true });
      if (orphan !== 0 && commandOf(orphan).includes("adk-test-server-"))
        tryKill(orphan, LAST_SIGNAL);
    }
  }
  return false;
}

function readLock(): number[] {
  try {
    return readFileSync(`${path}.lock`, "utf8").split(" ").map(Number);
  } catch {
    return [];
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

function fill(word: string): string {
  return word.replaceAll("{dir}", dir).replaceAll("{port}", String(port));
}

function options(): {
  cwd: string;
  env: Record<string, string>;
  uid?: number;
  gid?: number;
} {
  return {
    cwd: dir,
    env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C", ...spec.env },
    ...(spec.uid !== undefined && { uid: spec.uid, gid: spec.uid }),
  };
}

async function accepts(): Promise<boolean> {
  return await new Promise((resolve) => {
    const probe = createConnection({ port, host: "127.0.0.1" });
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", () => resolve(false));
  });
}

/** Memory where there is some: what is tested survives the death of a server, not that of the machine. */
function dataFolder(): string {
  if (spec.onDisk) return tmpdir();
  try {
    const { bavail, bsize } = statfsSync("/dev/shm");
    return bavail * bsize > 1_073_741_824 ? "/dev/shm" : tmpdir();
  } catch {
    return tmpdir();
  }
}
