import type { S3Client } from "@aws-sdk/client-s3";

/**
 * Host and port of the server, for people: nothing of an endpoint's URL that may be secret. `undefined` where the client does
 * not know it, for want of a region say.
 */
export async function endpointOf({ config }: S3Client): Promise<string | undefined> {
  try {
    const given = await config.endpoint?.();
    if (given) return given.port === undefined ? given.hostname : `${given.hostname}:${given.port}`;
    const { url } = config.endpointProvider({
      Region: await config.region(),
      UseFIPS: await config.useFipsEndpoint(),
      UseDualStack: await config.useDualstackEndpoint(),
    });
    return url.host;
  } catch {
    return undefined;
  }
}
