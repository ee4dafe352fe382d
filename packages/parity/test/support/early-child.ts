/** A process of `npm run crash` whose store says that an event is stored before it is: with the next command. */
import {
  type AppendCommand,
  BaseSessionService,
  decorateStore,
  type SessionStore,
} from "@adk/core";
import { SqliteSessionStore } from "@adk/sessions-sqlite";
import { serveJobs } from "../../src/crash/durable/serve-jobs.ts";

serveJobs(async (uri) => {
  const path = uri.replace(/^sqlite:/, "");
  return new BaseSessionService(early(new SqliteSessionStore({ path })));
});

function early(store: SessionStore): SessionStore {
  let waiting: AppendCommand | undefined;
  const catchUp = async (): Promise<void> => {
    const command = waiting;
    waiting = undefined;
    if (command) await store.append(command);
  };
  const { open: _absent, ...plain } = decorateStore(store, {
    async append(command) {
      await catchUp();
      const lastSequence = (await store.read(command))?.header.lastSequence ?? 0;
      waiting = command;
      const sequence = lastSequence + 1;
      const lastUpdateTime = Date.now();
      return { status: "ok", sequence, lastUpdateTime, duplicate: false, cancelRequested: false };
    },
    read: (async (command: never) => {
      await catchUp();
      return await store.read(command);
    }) as SessionStore["read"],
    async lease(command) {
      await catchUp();
      return await store.lease(command);
    },
    async list(command) {
      await catchUp();
      return await store.list(command);
    },
  });
  return plain;
}
