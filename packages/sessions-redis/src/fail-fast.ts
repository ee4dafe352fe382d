import type { Driver } from "./redis-client.ts";

/** No server is there, or no host of this name. */
const UNREACHABLE: ReadonlySet<unknown> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOENT",
]);

/**
 * Until a client was connected once, a command does not wait for a server that is not there: a wrong URL is likelier than a
 * failover, and is to be told at once. The client goes on trying, as ever.
 */
export function failFast(driver: Driver): void {
  const options = driver.options as { maxRetriesPerRequest: number };
  const { maxRetriesPerRequest } = options;
  const onError = (error: Error & { code?: unknown }): void => {
    // `ioredis` looks at it when a connection has closed, which is after its error.
    options.maxRetriesPerRequest = UNREACHABLE.has(error.code) ? 0 : maxRetriesPerRequest;
  };
  const onReady = (): void => {
    driver.off("error", onError);
    driver.off("ready", onReady);
    options.maxRetriesPerRequest = maxRetriesPerRequest;
  };
  driver.on("error", onError);
  driver.on("ready", onReady);
}
