import { S3Client } from "@aws-sdk/client-s3";
import type { S3Access } from "@adk/test-services";

/** A client that counts what it sends, each try of a request by itself. */
export function countedClient(access: S3Access): {
  client: S3Client;
  sent: () => number;
} & Disposable {
  const client = new S3Client({
    ...access,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
  let count = 0;
  client.middlewareStack.add(
    (next) => async (context) => {
      count++;
      return await next(context);
    },
    // Behind the SDK's retries.
    { step: "deserialize", name: "counted" },
  );
  return { client, sent: () => count, [Symbol.dispose]: () => client.destroy() };
}
