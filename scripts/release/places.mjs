import {
  freshBucket,
  freshKeyPrefix,
  freshSchema,
  sharedPostgres,
  sharedRedis,
  sharedS3,
} from "../../packages/test-services/src/index.ts";

/** What an adapter's example talks to: a place of its own on a real server, as a URI, and what its process is told. */
const PLACES = {
  "sessions-sqlite": async () => ({ uri: "sqlite:data/sessions.db" }),
  "artifacts-fs": async () => ({ uri: "file:data/artifacts" }),
  "sessions-postgres": async () => {
    const server = await sharedPostgres();
    const place = await freshSchema(server);
    return { isServer: true, uri: `${server.url}?schema=${place.schema}`, inside: [place, server] };
  },
  "sessions-redis": async () => {
    const server = await sharedRedis();
    const place = await freshKeyPrefix(server);
    const uri = `${server.url}?keyPrefix=${place.keyPrefix}`;
    return { isServer: true, uri, inside: [place, server] };
  },
  "artifacts-s3": async () => {
    const server = await sharedS3();
    const place = await freshBucket(server);
    const { endpoint, region, credentials } = place.access;
    const options = new URLSearchParams({ endpoint, region, forcePathStyle: "true" });
    return {
      isServer: true,
      uri: `s3://${place.bucket}/adk?${options}`,
      env: {
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      },
      inside: [place, server],
    };
  },
};

/** The place of a package; an adapter without one fails. One that stores nothing needs none. */
export async function openPlace(folder) {
  const isAdapter = /^(sessions|artifacts)-/.test(folder);
  if (!isAdapter) return { async [Symbol.asyncDispose]() {} };
  const { inside = [], ...place } = await PLACES[folder]();
  return {
    ...place,
    async [Symbol.asyncDispose]() {
      for (const each of inside) await each[Symbol.asyncDispose]();
    },
  };
}
