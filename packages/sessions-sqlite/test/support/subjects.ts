import { decorateStore } from "@adk/core";
import { sessionStoreSubject, VirtualClock, type SessionSubject } from "@adk/core/testing";
import { fileURLToPath } from "node:url";
import { SqliteSessionStore } from "../../src/index.ts";
import { TempFolder } from "./temp-folder.ts";
import type { WorkerData } from "./worker.ts";

/** A file, opened anew for each service, on the machine's clock. @param broken what is wrong in the other processes. */
export function fileSubject(broken?: string): SessionSubject {
  const folder = new TempFolder();
  const data: WorkerData = { path: folder.file(), broken };
  return sessionStoreSubject({
    connect: ({ ttlMs }) => new SqliteSessionStore({ path: folder.file(), ttlMs }),
    worker: {
      module: fileURLToPath(new URL("worker.ts", import.meta.url)),
      data,
      execArgv: ["--conditions=@adk/source"],
    },
    remove: async () => folder[Symbol.dispose](),
  });
}

/** A file, opened anew for each service, on a virtual clock: no case waits. */
export function fastFileSubject(): SessionSubject {
  const folder = new TempFolder();
  const clock = new VirtualClock();
  return sessionStoreSubject({
    clock,
    connect: ({ ttlMs }) => new SqliteSessionStore({ path: folder.file(), ttlMs, clock }),
    remove: async () => folder[Symbol.dispose](),
  });
}

/** One store in memory that all services share, on a virtual clock. */
export function memorySubject(): SessionSubject {
  const clock = new VirtualClock();
  let store: SqliteSessionStore | undefined;
  return sessionStoreSubject({
    clock,
    connect({ ttlMs }) {
      store ??= new SqliteSessionStore({ path: ":memory:", ttlMs, clock });
      // Closing one service leaves the others.
      return decorateStore(store, { [Symbol.asyncDispose]: async () => {} });
    },
    remove: async () => await store?.[Symbol.asyncDispose](),
  });
}
