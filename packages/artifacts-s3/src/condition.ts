import type { PutObjectCommand } from "@aws-sdk/client-s3";

/** A header of a PUT that is carried out only if it holds. */
export type Condition = readonly [name: string, value: string];

/** "If there is no such object." */
export function ifAbsent(conditional: "s3" | "gcs"): Condition {
  return conditional === "gcs" ? ["x-goog-if-generation-match", "0"] : ["if-none-match", "*"];
}

/** "If it is still this one." */
export function ifSame(etag: string): Condition {
  return ["if-match", etag];
}

/** Makes a PUT conditional. The header is there before the request is signed. */
export function addCondition(command: PutObjectCommand, [name, value]: Condition): void {
  command.middlewareStack.add(
    (next) => async (context) => {
      const { headers } = context.request as { headers: Record<string, string> };
      headers[name] = value;
      return await next(context);
    },
    { step: "build", name: "adkCondition" },
  );
}
