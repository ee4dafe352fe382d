import type { BaseLlm } from "../models/base-llm.ts";
import type { LlmRequest } from "../models/llm-request.ts";
import type { LlmResponse } from "../models/llm-response.ts";

/** A request with a call, its response and a config, so that there is something to change. */
export function makeRequest(): LlmRequest {
  return {
    contents: [
      { role: "user", parts: [{ text: "Say hello." }] },
      { role: "model", parts: [{ functionCall: { id: "adk-1", name: "look", args: {} } }] },
      {
        role: "user",
        parts: [{ functionResponse: { id: "adk-1", name: "look", response: { seen: true } } }],
      },
    ],
    config: { systemInstruction: "Be kind.", labels: { team: "a" }, temperature: 0 },
    liveConnectConfig: {},
    toolsDict: {},
  };
}

export async function ask(
  model: BaseLlm,
  stream: boolean,
  request: LlmRequest = makeRequest(),
): Promise<LlmResponse[]> {
  const responses: LlmResponse[] = [];
  for await (const response of model.generateContentAsync(request, stream))
    responses.push(response);
  return responses;
}

export interface Collected {
  readonly responses: LlmResponse[];
  readonly error?: unknown;
}

/** All responses until the end, and the error that ended them. */
export async function collect(
  model: BaseLlm,
  stream: boolean,
  signal: AbortSignal,
  onResponse?: () => void,
): Promise<Collected> {
  const responses: LlmResponse[] = [];
  try {
    for await (const response of model.generateContentAsync(makeRequest(), stream, signal)) {
      responses.push(response);
      onResponse?.();
    }
    return { responses };
  } catch (error) {
    return { responses, error };
  }
}

export async function firstOf(model: BaseLlm): Promise<LlmResponse | undefined> {
  for await (const response of model.generateContentAsync(makeRequest(), true)) return response;
  return undefined;
}

export function countedSignal(): { signal: AbortSignal; count: () => number } {
  const { signal } = new AbortController();
  const listeners = new Set<unknown>();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners.add(args[1]);
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners.delete(args[1]);
    remove(...args);
  };
  return { signal, count: () => listeners.size };
}

export function textOf(responses: readonly LlmResponse[]): string {
  return responses
    .flatMap(({ content }) => content?.parts ?? [])
    .map(({ text }) => text ?? "")
    .join("");
}

/** Name and arguments of each call; ids are the provider's own. */
export function callsOf(responses: readonly LlmResponse[]): { name: unknown; args: unknown }[] {
  return responses
    .flatMap(({ content }) => content?.parts ?? [])
    .flatMap(({ functionCall }) =>
      functionCall ? [{ name: functionCall.name, args: functionCall.args }] : [],
    );
}
