/** Opens a subject's file in a process of its own, for the kit's level `processes`; `broken` names a mistake to make. */
import { BaseSessionService } from "@adk/core";
import { sessionWorker } from "@adk/core/testing";
import { SqliteSessionStore } from "../../src/index.ts";
import { brokenProcesses } from "./broken-processes.ts";

/** What a worker needs to know. */
export interface WorkerData {
  readonly path: string;
  readonly broken?: string | undefined;
}

sessionWorker((data) => {
  const { path, broken } = data as WorkerData;
  const store = new SqliteSessionStore({ path });
  if (broken === undefined) return new BaseSessionService(store);
  const mistake = brokenProcesses.find(({ name }) => name === broken);
  if (!mistake) throw new Error(`There is no mistake "${broken}".`);
  return new BaseSessionService(mistake.decorate(store));
});
