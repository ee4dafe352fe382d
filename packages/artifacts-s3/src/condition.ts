import type { PutObjectCommand } from "@aws-sdk/client-s3";

/** The header that says "only if there is no such object". */
export function conditionHeader(conditional: "s3" | "gcs"): readonly [string, string] {
  return conditional === "gcs" ? ["x-goog-if-generation-match", "0"] : ["if-none-match", "*"];
}

/** Makes a PUT conditional. The header is there before the request is signed. */
export function addCondition(command: PutObjectCommand, conditional: "s3" | "gcs"): void {
  const [name, value] = conditionHeader(conditional);
  command.middlewareStack.add(
    (next) => async (context) => {
      const { headers } = context.request as { headers: Record<string, string> };
      headers[name] = value;
      return await next(context);
    },
    { step: "build", name: "adkCondition" },
  );
}
