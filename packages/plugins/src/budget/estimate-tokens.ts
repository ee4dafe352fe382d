import type { LlmRequest, Part } from "@adk/core";

const BYTES_PER_TOKEN = 4;
/** A file whose size in tokens depends on what is in it: about that of a page, or of half a minute of sound. */
const TOKENS_PER_FILE = 1_000;

/**
 * A guess at the input tokens of a request: a token for each 4 bytes of its texts, calls, results, system instruction and
 * declared tools, in UTF-8, and 1,000 for each file.
 */
export function estimateTokens({ contents, config }: LlmRequest): number {
  let bytes = bytesOf(config?.systemInstruction) + bytesOf(config?.tools);
  bytes += bytesOf(config?.responseSchema) + bytesOf(config?.responseJsonSchema);
  let files = 0;
  for (const { parts = [] } of contents)
    for (const part of parts) {
      bytes += bytesOfPart(part);
      if (part.inlineData ?? part.fileData) files++;
      files += part.functionResponse?.parts?.length ?? 0;
    }
  return Math.ceil(bytes / BYTES_PER_TOKEN) + files * TOKENS_PER_FILE;
}

/** A guess at the tokens of what a model has said in a part. */
export function estimateAnswerTokens(parts: readonly Part[]): number {
  return parts.reduce((bytes, part) => bytes + bytesOfPart(part), 0) / BYTES_PER_TOKEN;
}

function bytesOfPart({ text, functionCall, functionResponse, ...rest }: Part): number {
  return (
    Buffer.byteLength(text ?? "") +
    (functionCall ? bytesOf([functionCall.name, functionCall.args, functionCall.partialArgs]) : 0) +
    (functionResponse ? bytesOf([functionResponse.name, functionResponse.response]) : 0) +
    bytesOf(rest.executableCode) +
    bytesOf(rest.codeExecutionResult)
  );
}

function bytesOf(value: unknown): number {
  if (value === undefined) return 0;
  return Buffer.byteLength(typeof value === "string" ? value : (JSON.stringify(value) ?? ""));
}
