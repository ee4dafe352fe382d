import type { Content, GenerateContentConfig, Part } from "../../content/content.ts";
import type { LlmRequest } from "../llm-request.ts";

/** What the client is asked. */
export interface GeminiRequest {
  model: string;
  contents: Content[];
  config: GenerateContentConfig;
}

export interface ToRequestOptions {
  readonly model: string;
  /** The Gemini API refuses labels and display names: they go to Vertex AI only. */
  readonly vertexai: boolean;
  readonly signal: AbortSignal;
  /** Newer clients take it; older ones go on with their own, and do not say when to try again. */
  readonly fetch?: typeof fetch | undefined;
}

const NOTHING_ASKED = "Do what the system instruction says.";
const GO_ON = "Go on from here. If everything that was asked is done, say so and stop.";

/** The request as the client takes it. The `llmRequest` is read only: what must differ is copied. */
export function toRequest(llmRequest: LlmRequest, options: ToRequestOptions): GeminiRequest {
  const { labels, httpOptions, ...rest } = llmRequest.config ?? {};
  const config: GenerateContentConfig = {
    ...rest,
    abortSignal: options.signal,
    // Tools are called by the engine.
    automaticFunctionCalling: { disable: true },
  };
  if (labels && options.vertexai) config.labels = labels;
  if (httpOptions || options.fetch)
    config.httpOptions = { ...(options.fetch && { fetch: options.fetch }), ...httpOptions };
  const contents = llmRequest.contents.map((content) => toContent(content, options.vertexai));
  if (contents.at(-1)?.role !== "user")
    contents.push({
      role: "user",
      parts: [{ text: contents.length === 0 ? NOTHING_ASKED : GO_ON }],
    });
  return { model: llmRequest.model ?? options.model, contents, config };
}

function toContent(content: Content, vertexai: boolean): Content {
  const parts = content.parts;
  if (!parts) return content;
  const sent = parts.map((part) => toPart(part, vertexai));
  return sent.some((part, index) => part !== parts[index]) ? { ...content, parts: sent } : content;
}

function toPart(part: Part, vertexai: boolean): Part {
  let sent = part;
  // Ids that we gave mean nothing to the model.
  if (part.functionCall?.id?.startsWith("adk-")) {
    const { id: _, ...functionCall } = part.functionCall;
    sent = { ...sent, functionCall };
  }
  if (part.functionResponse?.id?.startsWith("adk-")) {
    const { id: _, ...functionResponse } = part.functionResponse;
    sent = { ...sent, functionResponse };
  }
  if (vertexai) return sent;
  if (part.inlineData?.displayName !== undefined) {
    const { displayName: _, ...inlineData } = part.inlineData;
    sent = { ...sent, inlineData };
  }
  if (part.fileData?.displayName !== undefined) {
    const { displayName: _, ...fileData } = part.fileData;
    sent = { ...sent, fileData };
  }
  return sent;
}
