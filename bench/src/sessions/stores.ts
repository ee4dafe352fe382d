import type { BaseSessionService } from "@adk/core";
import { PostgresSessionService } from "@adk/sessions-postgres";
import pg from "pg";
import { counted } from "./postgres.ts";

export type StoreName = "postgres";

/** A service that counts what it sends, and what its pool sends beside. */
export function openStores(
  name: StoreName,
  url: string,
  place: string,
): { service: BaseSessionService; statements(): number } {
  if (name !== "postgres") throw new Error(`There is no store called ${String(name)}.`);
  const { client, sent } = counted(new pg.Pool({ connectionString: url }));
  const service = new PostgresSessionService({ client, schema: place });
  return { service, statements: () => sent.length };
}
