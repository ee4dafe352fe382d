import {
  BaseLlm,
  type Content,
  type FunctionResponse,
  type LlmRequest,
  type LlmResponse,
  type Part,
} from "@adk/core";

/**
 * Stands in for a language model, so that the story needs no key: it looks the order up, asks for the refund, and words what
 * came of it. It remembers nothing: what it does next follows from the request alone.
 */
export class ClerkLlm extends BaseLlm {
  constructor() {
    super({ model: "clerk" });
  }

  override async *generateContentAsync({
    contents,
  }: LlmRequest): AsyncGenerator<LlmResponse, void, undefined> {
    yield { content: { role: "model", parts: [nextPart(contents)] } };
  }
}

function nextPart(contents: readonly Content[]): Part {
  const last = contents.at(-1)?.parts ?? [];
  const [response] = last.flatMap(({ functionResponse }) => functionResponse ?? []);
  if (response) return afterTool(response);
  const order = /\b[A-Z]-\d+\b/.exec(last[0]?.text ?? "")?.[0];
  return order === undefined
    ? { text: "Which order is it about?" }
    : { functionCall: { name: "find_order", args: { order } } };
}

function afterTool({ name, response = {} }: FunctionResponse): Part {
  if (name === "find_order")
    return {
      functionCall: {
        name: "refund",
        args: { order: response["order"], amount: response["total"] },
      },
    };
  return {
    text:
      response["refunded"] === undefined
        ? "I am sorry, we cannot refund this order."
        : `Your ${String(response["refunded"])} € are on their way.`,
  };
}
