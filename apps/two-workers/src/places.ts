import {
  freshKeyPrefix,
  freshSchema,
  offered,
  sharedPostgres,
  sharedRedis,
  type TestServer,
} from "@adk/test-services";

/** A place on a server that nobody else uses; it is empty, and removed at the end. */
export interface Place extends AsyncDisposable {
  readonly name: string;
  /** For `createSessionService`. */
  readonly uri: string;
}

export type OpenPlace = () => Promise<Place>;

/** A schema, or a key prefix, on a server that was given. */
export function placeAt(url: string): OpenPlace {
  const server = { url, isGiven: true, [Symbol.asyncDispose]: async () => {} };
  return async () => (/^rediss?:/.test(url) ? await onRedis(server) : await onPostgres(server));
}

/** PostgreSQL and Redis, started here; what cannot be had is named. */
export async function offeredPlaces(): Promise<OpenPlace[]> {
  const postgres = await offered(sharedPostgres);
  const redis = await offered(sharedRedis);
  return [
    ...(postgres ? [async () => await onPostgres(postgres)] : []),
    ...(redis ? [async () => await onRedis(redis)] : []),
  ];
}

async function onPostgres(server: TestServer): Promise<Place> {
  const place = await freshSchema(server);
  return at("PostgreSQL", server, place, { schema: place.schema });
}

async function onRedis(server: TestServer): Promise<Place> {
  const place = await freshKeyPrefix(server);
  return at("Redis", server, place, { keyPrefix: place.keyPrefix });
}

function at(
  name: string,
  server: TestServer,
  place: AsyncDisposable,
  options: Record<string, string>,
): Place {
  const uri = new URL(server.url);
  for (const [option, value] of Object.entries(options)) uri.searchParams.set(option, value);
  return {
    name,
    uri: uri.href,
    async [Symbol.asyncDispose]() {
      await place[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}
