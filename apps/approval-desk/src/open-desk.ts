import { type App, Runner } from "@adk/core";
import { SqliteSessionService } from "@adk/sessions-sqlite";

/** A desk as every process opens it: a runner, and a connection of its own to the file of sessions. */
export async function openDesk(app: App, path: string): Promise<Runner> {
  return new Runner({
    app,
    sessionService: await SqliteSessionService.connect({ path }),
    autoCreateSession: true,
    // After a crash others wait for so long.
    leaseTtlMs: 500,
  });
}
