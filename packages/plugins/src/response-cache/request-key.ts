import { createHash } from "node:crypto";
import type { Content, Part, WrappedModelCall } from "@adk/core";
import { canonicalJson, NotData } from "./canonical-json.ts";

/** Who gets the answers that were given to somebody: the same user, all users of the app, or everybody. */
export type ResponseCacheScope = "user" | "app" | "global";

/**
 * What two requests have in common that may have one answer: model, contents but for the ids of calls, config, tools, and whose
 * they are. `undefined` for a request that is not data alone: nobody can say what it would be equal to.
 */
export function requestKey(call: WrappedModelCall, scope: ResponseCacheScope): string | undefined {
  const { llmRequest, model, callbackContext } = call;
  const { abortSignal: _, ...config } = llmRequest.config ?? {};
  try {
    const text = canonicalJson({
      owner: ownerOf(callbackContext, scope),
      provider: model.constructor.name,
      model: llmRequest.model ?? model.model,
      contents: withNeutralIds(llmRequest.contents),
      config,
      tools: Object.keys(llmRequest.toolsDict).toSorted(),
      allowedTools: llmRequest.allowedTools,
      previousInteractionId: llmRequest.previousInteractionId,
    });
    return createHash("sha256").update(text).digest("base64url");
  } catch (error) {
    if (error instanceof NotData) return undefined;
    throw error;
  }
}

function ownerOf(
  { appName, userId }: WrappedModelCall["callbackContext"],
  scope: ResponseCacheScope,
): string[] {
  if (scope === "global") return [];
  return scope === "app" ? [appName] : [appName, userId];
}

/** Ids of calls are made up anew in every run: each becomes its place in the order of their first appearance. */
function withNeutralIds(contents: readonly Content[]): Content[] {
  const places: Map<string, string> = new Map();
  const neutral = <Named extends { id?: string }>(named: Named): Named => {
    const { id } = named;
    if (id === undefined) return named;
    const place = places.get(id) ?? `call-${places.size + 1}`;
    places.set(id, place);
    return { ...named, id: place };
  };
  return contents.map((content) => ({
    ...content,
    parts: (content.parts ?? []).map((part): Part => {
      if (part.functionCall) return { ...part, functionCall: neutral(part.functionCall) };
      if (part.functionResponse)
        return { ...part, functionResponse: neutral(part.functionResponse) };
      return part;
    }),
  }));
}
