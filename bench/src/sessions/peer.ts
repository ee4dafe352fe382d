import type * as core from "@adk/core";
import type { BaseSessionService, Session } from "@adk/core";
import { existsSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { install, run } from "../../../packages/core/test/support/packed.ts";

const VERSION = "2.0.0";
/** The newest of the range it asks for that the registries have whole. */
const DRIVERS = "6.6.16";
const FOLDER = fileURLToPath(
  new URL(`../../.peer/google-adk-${VERSION}-database/`, import.meta.url),
);

/** `@google/adk`: what is used here has the names of ours. */
export type PeerAdk = typeof core & {
  readonly DatabaseSessionService: new (
    options: string | Readonly<Record<string, unknown>>,
  ) => BaseSessionService;
  setLogger(logger: null): void;
};

/** The peer with its database drivers, installed on the first use. */
export async function loadPeer(progress: (text: string) => void): Promise<PeerAdk> {
  if (!existsSync(join(FOLDER, "package-lock.json"))) {
    progress(`installing @google/adk@${VERSION} and its drivers into bench/.peer (once)`);
    rmSync(FOLDER, { recursive: true, force: true });
    await install(FOLDER, [
      `@google/adk@${VERSION}`,
      `@mikro-orm/postgresql@${DRIVERS}`,
      `@mikro-orm/sqlite@${DRIVERS}`,
    ]);
  }
  await buildSqlite(progress);
  const door = join(FOLDER, "node_modules/@google/adk/dist/esm/index.js");
  const peer = (await import(pathToFileURL(door).href)) as PeerAdk;
  peer.setLogger(null);
  return peer;
}

/** Its SQLite is a native module: fetched ready-made, else compiled against the headers of this Node. */
async function buildSqlite(progress: (text: string) => void): Promise<void> {
  const folder = join(FOLDER, "node_modules/sqlite3");
  if (existsSync(join(folder, "build/Release/node_sqlite3.node"))) return;
  progress("fetching or compiling the peer's sqlite3 (once, two minutes)");
  try {
    await run("npx", ["prebuild-install", "-r", "napi"], folder);
  } catch {
    const headers = await nodeHeaders();
    await run("npx", ["node-gyp", "rebuild", "-j", "2", `--nodedir=${headers}`], folder);
  }
}

/** The folder of a Node of this version that has its headers: the one that runs, else the npm package of the same build. */
async function nodeHeaders(): Promise<string> {
  const packageName = `node-${process.platform}-${process.arch}`;
  const own = join(dirname(process.execPath), "..");
  const fetched = join(FOLDER, "node_modules", packageName);
  const hasHeaders = (root: string): boolean => existsSync(join(root, "include/node/node_api.h"));
  const found = [own, join(own, "node_modules", packageName), fetched].find(hasHeaders);
  if (found !== undefined) return found;
  const build = `${packageName}@${process.versions.node}`;
  await run("npm", ["install", "--no-save", "--ignore-scripts", build], FOLDER);
  return fetched;
}

/** Closes its pool; it has no word for that. */
export async function closePeer(service: BaseSessionService): Promise<void> {
  const { orm } = service as unknown as { orm?: { close(): Promise<void> } };
  await orm?.close();
}

/** A session of the peer's with so many events of 1 KB. */
export async function filledPeer(
  peer: PeerAdk,
  service: BaseSessionService,
  params: Parameters<PeerAdk["createEvent"]>[0],
  count: number,
): Promise<Session> {
  const session = await service.createSession({ appName: "bench", userId: "user" });
  for (let index = 0; index < count; index++)
    await service.appendEvent({ session, event: peer.createEvent(params) });
  return session;
}
