import {
  freshFolder,
  freshKeyPrefix,
  freshSchema,
  sharedPostgres,
  sharedRedis,
  type TestServer,
} from "@adk/test-services";
import { join } from "node:path";

/** An empty store that is removed at the end. */
export interface Place extends AsyncDisposable {
  /** For `createSessionService`. */
  readonly uri: string;
}

/** The durable stores, by name. */
export const PLACES: Readonly<Record<string, () => Promise<Place>>> = {
  async sqlite() {
    const folder = await freshFolder();
    return {
      uri: `sqlite:${join(folder.path, "sessions.db")}`,
      [Symbol.asyncDispose]: async () => await folder[Symbol.asyncDispose](),
    };
  },
  async postgres() {
    const server = await sharedPostgres();
    const place = await freshSchema(server);
    return on(server, place, { schema: place.schema });
  },
  async redis() {
    const server = await sharedRedis();
    const place = await freshKeyPrefix(server);
    return on(server, place, { keyPrefix: place.keyPrefix });
  },
};

function on(server: TestServer, place: AsyncDisposable, options: Record<string, string>): Place {
  const uri = new URL(server.url);
  for (const [name, value] of Object.entries(options)) uri.searchParams.set(name, value);
  return {
    uri: uri.href,
    async [Symbol.asyncDispose]() {
      await place[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}
