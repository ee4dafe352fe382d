import type { FinishReason, GenerateContentResponse } from "../../content/content.ts";
import type { LlmResponse } from "../llm-response.ts";

/** The client's answer, or a chunk of one, in our words. */
export function toResponse(response: GenerateContentResponse): LlmResponse {
  const candidate = response.candidates?.[0];
  const { content, finishReason } = candidate ?? {};
  return defined({
    content: content?.parts?.length ? { ...content, role: content.role ?? "model" } : undefined,
    groundingMetadata: candidate?.groundingMetadata,
    citationMetadata: candidate?.citationMetadata,
    finishReason,
    avgLogprobs: candidate?.avgLogprobs,
    logprobsResult: candidate?.logprobsResult,
    usageMetadata: response.usageMetadata,
    modelVersion: response.modelVersion,
    ...(candidate
      ? stopped(finishReason, candidate.finishMessage)
      : blocked(response.promptFeedback)),
  });
}

/** An answer that ended in another way than it should is an error that the caller sees, whatever came before. */
function stopped(
  finishReason: FinishReason | undefined,
  finishMessage: string | undefined,
): Pick<LlmResponse, "errorCode" | "errorMessage"> {
  const reason: string | undefined = finishReason;
  if (reason === undefined || reason === "STOP" || reason === "FINISH_REASON_UNSPECIFIED")
    return {};
  return { errorCode: reason, errorMessage: finishMessage ?? `The model stopped: ${reason}.` };
}

function blocked(
  feedback: GenerateContentResponse["promptFeedback"],
): Pick<LlmResponse, "errorCode" | "errorMessage"> {
  if (!feedback?.blockReason) return {};
  return {
    errorCode: feedback.blockReason,
    errorMessage:
      feedback.blockReasonMessage ?? `The request was blocked: ${feedback.blockReason}.`,
  };
}

/** The same record without members that are `undefined`. */
export function defined(response: LlmResponse): LlmResponse {
  return Object.fromEntries(Object.entries(response).filter(([, value]) => value !== undefined));
}
