import { AdkError, type Content, type LlmRequest, type Part } from "@adk/core";

/** The conversation as chat messages, the system instruction first. */
export function toMessages({ contents, config }: LlmRequest): object[] {
  const system = systemText(config?.systemInstruction);
  const messages: object[] = system === "" ? [] : [{ role: "system", content: system }];
  for (const content of contents) {
    const parts = content.parts ?? [];
    for (const { functionResponse } of parts)
      if (functionResponse)
        messages.push({
          role: "tool",
          tool_call_id: functionResponse.id,
          content: JSON.stringify(functionResponse.response ?? {}),
        });
    const text = textOf(parts);
    const calls = parts.flatMap(({ functionCall }) =>
      functionCall
        ? {
            id: functionCall.id,
            type: "function",
            function: {
              name: functionCall.name,
              arguments: JSON.stringify(functionCall.args ?? {}),
            },
          }
        : [],
    );
    if (content.role !== "model") {
      if (text !== "") messages.push({ role: "user", content: text });
    } else if (calls.length > 0)
      messages.push({ role: "assistant", content: text || null, tool_calls: calls });
    else if (text !== "") messages.push({ role: "assistant", content: text });
  }
  return messages;
}

/** The request's tools as the server wants them declared. */
export function toTools({ config }: LlmRequest): object[] {
  return (config?.tools ?? []).flatMap((tool) =>
    ("functionDeclarations" in tool ? (tool.functionDeclarations ?? []) : []).map(
      ({ name, description, parameters, parametersJsonSchema }) => ({
        type: "function",
        function: {
          name,
          description,
          parameters: parametersJsonSchema ?? lowerTypes(parameters) ?? NO_PARAMETERS,
        },
      }),
    ),
  );
}

const NO_PARAMETERS = { type: "object", properties: {} };

function systemText(
  instruction: NonNullable<LlmRequest["config"]>["systemInstruction"] | undefined,
): string {
  if (instruction === undefined || typeof instruction === "string") return instruction ?? "";
  if (Array.isArray(instruction))
    return instruction.map((part) => (typeof part === "string" ? part : textOf([part]))).join("\n");
  return textOf(
    "parts" in instruction ? ((instruction as Content).parts ?? []) : [instruction as Part],
  );
}

/** Thoughts stay with us. */
function textOf(parts: readonly Part[]): string {
  let text = "";
  for (const part of parts) {
    if (part.inlineData || part.fileData)
      throw new AdkError(
        "UNSUPPORTED",
        "This model reads text only. Save the file as an artifact and let a tool read it.",
      );
    if (!part.thought) text += part.text ?? "";
  }
  return text;
}

/** `Schema` of `@google/genai` writes types in capitals. */
function lowerTypes(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(lowerTypes);
  if (typeof schema !== "object" || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]: [string, unknown]) => [
      key,
      key === "type" && typeof value === "string" ? value.toLowerCase() : lowerTypes(value),
    ]),
  );
}
