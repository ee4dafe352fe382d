import type { LlmResponse, Part } from "@adk/core";

/**
 * The responses of one call, without what belongs to that call alone: the ids of the calls in them (each replay gets new ones),
 * and the metadata of plugins further in, such as what a budget was charged.
 */
export type RecordedAnswer = readonly LlmResponse[];

/** What a replay has cost. */
const NOTHING_USED = { promptTokenCount: 0, candidatesTokenCount: 0, totalTokenCount: 0 };

/** The responses as they can be replayed; `undefined` unless they are one complete answer without an error. */
export function recordAnswer(responses: readonly LlmResponse[]): RecordedAnswer | undefined {
  const whole = responses.at(-1);
  const isComplete =
    whole !== undefined &&
    !whole.partial &&
    responses.slice(0, -1).every(({ partial }) => partial) &&
    responses.every(isWithoutError) &&
    (whole.content?.parts?.length ?? 0) > 0;
  if (!isComplete) return undefined;
  return responses.map(({ customMetadata: _metadata, ...response }) =>
    withoutCallIds(structuredClone(response)),
  );
}

function isWithoutError({ errorCode, interrupted, finishReason }: LlmResponse): boolean {
  const isFinished = finishReason === undefined || String(finishReason) === "STOP";
  return errorCode === undefined && !interrupted && isFinished;
}

/**
 * The answer once more, in copies, with a usage of 0: for a stream in the pieces it came in, or in one when it came whole;
 * else whole.
 */
export function* replay(answer: RecordedAnswer, stream: boolean): Generator<LlmResponse> {
  const whole = answer.at(-1) as LlmResponse;
  const pieces = answer.slice(0, -1);
  if (stream && pieces.length > 0) for (const piece of pieces) yield unpaid(structuredClone(piece));
  else if (stream) yield { content: structuredClone(whole.content), partial: true };
  yield unpaid(structuredClone(whole));
}

/** Pieces that told no usage tell none. */
function unpaid(response: LlmResponse): LlmResponse {
  const tellsUsage = !response.partial || response.usageMetadata !== undefined;
  return tellsUsage ? { ...response, usageMetadata: { ...NOTHING_USED } } : response;
}

function withoutCallIds(response: LlmResponse): LlmResponse {
  const { content } = response;
  if (!content?.parts?.some(({ functionCall }) => functionCall)) return response;
  const parts = content.parts.map((part): Part => {
    if (!part.functionCall) return part;
    const { id: _id, ...functionCall } = part.functionCall;
    return { ...part, functionCall };
  });
  return { ...response, content: { ...content, parts } };
}
