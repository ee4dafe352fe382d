import { BaseLlm, type LlmRequest, type LlmResponse, type Part } from "@adk/core";

/** Stands in for a language model, so that the story needs no key. What it says follows from the last message alone. */
export class CourierLlm extends BaseLlm {
  constructor() {
    super({ model: "courier" });
  }

  override async *generateContentAsync({
    contents,
  }: LlmRequest): AsyncGenerator<LlmResponse, void, undefined> {
    yield { content: { role: "model", parts: [nextPart(contents.at(-1)?.parts ?? [])] } };
  }
}

function nextPart(last: readonly Part[]): Part {
  const [response] = last.flatMap(({ functionResponse }) => functionResponse ?? []);
  if (response?.response)
    return { text: `Your order travels as ${String(response.response["shipment"])}.` };
  const order = /\bO-\d+\b/.exec(last[0]?.text ?? "")?.[0] ?? "";
  return { functionCall: { name: "ship", args: { order } } };
}
