import type { OwnServer } from "./server.ts";

/** Servers that start at the same time: all of them, or none is left. */
export async function startAll<Server extends OwnServer>(
  starts: readonly (() => Promise<Server>)[],
): Promise<Server[]> {
  const outcomes = await Promise.allSettled(starts.map(async (start) => await start()));
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  const servers = outcomes.flatMap((outcome) =>
    outcome.status === "fulfilled" ? [outcome.value] : [],
  );
  if (!failed) return servers;
  await endAll(servers);
  throw failed.reason as Error;
}

export async function endAll(servers: readonly OwnServer[]): Promise<void> {
  await Promise.all(servers.map(async (server) => await server[Symbol.asyncDispose]()));
}
