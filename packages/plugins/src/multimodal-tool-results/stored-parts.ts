import type { Content, FunctionResponse, Part } from "@adk/core";

/** The member of a stored response that holds the parts. */
const PARTS_KEY = "parts_returned_by_tool";

/** A part as it is stored: whole, or, when it is an artifact, as the name and version of that. */
export type StoredPart = Part | { readonly artifact: { filename: string; version: number } };

/** The response that is stored for a tool that has returned these parts. */
export function responseWith(parts: readonly StoredPart[]): Record<string, unknown> {
  return { [PARTS_KEY]: [...parts] };
}

/** The parts of a stored response; `undefined` for any other response. */
export function partsOf({ response }: FunctionResponse): StoredPart[] | undefined {
  const parts = response?.[PARTS_KEY];
  return Array.isArray(parts) ? (parts as StoredPart[]) : undefined;
}

/** Whether any response of the content has parts. */
export function hasParts({ parts = [] }: Content): boolean {
  return parts.some(({ functionResponse }) => functionResponse && partsOf(functionResponse));
}

/** What the model reads as the response itself. */
export function shortened(response: FunctionResponse, count: number, shown: boolean): Part {
  const result = shown
    ? `The tool returned ${count} ${count === 1 ? "part" : "parts"}, which follow.`
    : `The tool returned ${count} ${count === 1 ? "part" : "parts"}, which stood in an earlier request.`;
  return { functionResponse: Object.assign({}, response, { response: { result } }) };
}
