import type { StoreName } from "./address.ts";
import type { Place, ServerPlace } from "./place.ts";
import { postgresPlace } from "./postgres-place.ts";
import { redisPlace } from "./redis-place.ts";
import { sqlitePlace } from "./sqlite-place.ts";

export async function openPlace(store: StoreName): Promise<Place> {
  return store === "sqlite" ? await sqlitePlace() : await openServerPlace(store);
}

/** Of a store that is a server. */
export async function openServerPlace(store: StoreName): Promise<ServerPlace> {
  switch (store) {
    case "postgres":
      return await postgresPlace();
    case "redis":
      return await redisPlace();
    case "sqlite":
      throw new Error("SQLite has no server.");
  }
}
