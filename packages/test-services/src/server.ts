import { spawn } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A server that a test may use. */
export interface TestServer extends AsyncDisposable {
  readonly url: string;
  /** Somebody else's (`ADK_TEST_…_URL`): no flush, no configuration, no kill. */
  readonly isGiven: boolean;
}

/** A server of this test alone, which it may hurt. */
export interface OwnServer extends TestServer {
  readonly port: number;
  /** Ends it as a crash of the machine's power would (SIGKILL), and waits until it is gone. */
  kill(): Promise<void>;
  /** Ends it in order (SIGINT): clients are cut off, data is on the disk. */
  stop(): Promise<void>;
  /** Ends it without a checkpoint (SIGQUIT). */
  stopAtOnce(): Promise<void>;
  /** Starts it again on its data and its port. */
  start(): Promise<void>;
  /** Stops all its processes where they stand (SIGSTOP): connections are accepted, nothing is answered. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
}

/** What a keeper runs: the same words for every server. */
export interface ServerSpec {
  /** Its folder is made for it; `{dir}` and `{port}` in the words below stand for it and for a free port. */
  readonly prepare: readonly (readonly string[])[];
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Runs under this user and group; absent: as we do. */
  readonly uid?: number | undefined;
  /** What the log says, or `port` for: it accepts connections. */
  readonly readyLine: string;
  readonly url: string;
  /** The port so much above its own is the server's too. */
  readonly secondPortOffset?: number | undefined;
  /** Ends with SIGKILL when nobody uses it any more; absent: with SIGQUIT. */
  readonly endsWithKill?: boolean | undefined;
  readonly onDisk: boolean;
  /** How long it stays after its last user has left, in milliseconds. */
  readonly lingerMs: number;
}

type Operation = "kill" | "stop" | "stopAtOnce" | "start" | "freeze" | "thaw";

const KEEPER = fileURLToPath(new URL("./keeper.ts", import.meta.url));
const START_MS = 60_000;

/** One server for everybody who asks with the same name at the same time, in whichever process; it ends with its last user. */
export async function shareServer(name: string, spec: ServerSpec): Promise<TestServer> {
  const key = createHash("sha256").update(KEEPER).update(JSON.stringify(spec)).digest("hex");
  const held = await hold(join(runFolder(), `${name}-${key.slice(0, 12)}`), spec);
  return { url: held.url, isGiven: false, [Symbol.asyncDispose]: held.leave };
}

/** A server for one user, which ends with it, however that ends. */
export async function startServer(name: string, spec: ServerSpec): Promise<OwnServer> {
  const held = await hold(join(runFolder(), `${name}-${randomUUID().slice(0, 12)}`), {
    ...spec,
    lingerMs: 0,
  });
  const ask = (operation: Operation) => async (): Promise<void> => await held.ask(operation);
  return {
    url: held.url,
    port: Number(new URL(held.url).port),
    isGiven: false,
    kill: ask("kill"),
    stop: ask("stop"),
    stopAtOnce: ask("stopAtOnce"),
    start: ask("start"),
    freeze: ask("freeze"),
    thaw: ask("thaw"),
    [Symbol.asyncDispose]: held.leave,
  };
}

interface Held {
  readonly url: string;
  ask(operation: Operation): Promise<void>;
  leave(): Promise<void>;
}

/** Short: the path of a socket may have 107 bytes. */
function runFolder(): string {
  const folder = join(tmpdir(), `adk-test-${userInfo().uid}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** Joins the keeper of this path, or starts one. A keeper ends itself when nobody holds it: nothing outlives a crash. */
async function hold(path: string, spec: ServerSpec): Promise<Held> {
  const deadline = Date.now() + START_MS;
  for (let attempt = 0; ; attempt++) {
    const socket = await join_(path);
    if (socket) {
      const held = await greet(socket);
      if (held) return held;
    } else if (attempt % 40 === 0) startKeeper(path, spec);
    if (Date.now() > deadline)
      throw new Error(`The server of ${path} did not start in a minute. See ${path}.log.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function startKeeper(path: string, spec: ServerSpec): void {
  const child = spawn(process.execPath, [KEEPER, path, JSON.stringify(spec)], {
    detached: true,
    stdio: "ignore",
    // What a test runner tells its own processes is not meant for this one.
    env: { PATH: process.env["PATH"] ?? "" },
  });
  child.unref();
}

async function join_(path: string): Promise<Socket | undefined> {
  return await new Promise((resolve) => {
    const socket = connect(`${path}.sock`);
    socket.once("connect", () => resolve(socket));
    socket.once("error", () => resolve(undefined));
  });
}

/** @returns `undefined` when the keeper was just leaving. */
async function greet(socket: Socket): Promise<Held | undefined> {
  const answers: ((line: string | undefined) => void)[] = [];
  const lines = createInterface({ input: socket });
  lines.on("line", (line) => answers.shift()?.(line));
  const next = async (): Promise<string | undefined> =>
    await new Promise((resolve) => answers.push(resolve));
  const first = next();
  let isClosed = false;
  const closed = new Promise<void>((resolve) => {
    socket.once("close", () => {
      isClosed = true;
      for (const answer of answers.splice(0)) answer(undefined);
      resolve();
    });
  });
  socket.on("error", () => socket.destroy());
  const greeting = await first;
  if (greeting === undefined) return undefined;
  const { url, error } = JSON.parse(greeting) as { url: string; error?: string };
  if (error !== undefined) throw new Error(error);
  socket.unref();
  return {
    url,
    async ask(operation) {
      if (isClosed) throw new Error("The server's keeper is gone.");
      socket.ref();
      const answer = next();
      socket.write(`${operation}\n`);
      const line = await answer;
      socket.unref();
      if (line !== "ok") throw new Error(`${operation}: ${line ?? "the server's keeper is gone"}`);
    },
    async leave() {
      socket.ref();
      socket.end("leave\n");
      await closed;
    },
  };
}
