import { PostgresSessionService } from "@adk/sessions-postgres";
import { FaultProxy } from "@adk/test-services";
import pg from "pg";
import { postgresPlace, SCHEMA } from "../stores/postgres-place.ts";
import type { Line } from "./line.ts";
import { underLoad } from "./under-load.ts";

/** Notifications break off, and then never come again. */
export const notificationsCut: Line = {
  name: "notifications-cut",
  stores: ["postgres"],
  fault: "the connection that listens is cut, swallowed and frozen, and stays so",
  must: "complete by polling alone",
  leastFaults: 3,
  async run(context) {
    await using place = await postgresPlace();
    const { url } = place.server;
    await using proxy = await FaultProxy.start({ to: url });
    await using stack = new AsyncDisposableStack();
    const pool = (connectionString: string): pg.Pool => {
      const made = new pg.Pool({ connectionString, max: 4, connectionTimeoutMillis: 1_000 });
      made.on("error", () => {});
      stack.defer(async () => await made.end());
      return made;
    };
    const following = stack.use(
      new PostgresSessionService({
        client: pool(url),
        notificationClient: pool(proxy.through(url)),
        schema: SCHEMA,
      }),
    );
    const service = await place.open();
    const durability = await place.durability();
    const final = await underLoad(context, {
      services: [service],
      direct: service,
      following,
      writers: 4,
      sessions: 2,
      longestPauseMs: 3,
      faults: 3,
      async disturb(n) {
        if (n === 1) proxy.blackHole();
        if (n === 2) proxy.freeze();
        proxy.cutAll();
      },
    });
    // What was held back would be sent when the pools end.
    proxy.heal();
    return { durability, faults: 3, final };
  },
};
