import type { LlmResponse, Part } from "@adk/core";
import type { ScriptedTurn } from "@adk/core/testing";
import { MAX_CALLS } from "./guards.ts";

/** What each call of the model costs. */
export const TOKENS_A_CALL = 1_000;

const FIND_ADA: Part = { functionCall: { name: "find_customer", args: { customer: "ada" } } };

/** The first run: it tries a tool three times, then answers. */
export const PATIENT: readonly ScriptedTurn[] = [
  say(FIND_ADA),
  say(FIND_ADA),
  say(FIND_ADA),
  say({ text: "Ada is on the gold plan." }),
];

/** The second run: it never answers. */
export const RESTLESS: readonly ScriptedTurn[] = Array.from({ length: MAX_CALLS }, () =>
  say(FIND_ADA),
);

/** The third run, of the app that is opened anew. */
export const FRUGAL: readonly ScriptedTurn[] = [
  say({ functionCall: { name: "budget_left", args: {} } }),
  ({ contents }) => {
    const { response } = contents.at(-1)?.parts?.[0]?.functionResponse ?? {};
    return say({ text: `${String(response?.["tokens"])} tokens are left.` });
  },
];

function say(part: Part): LlmResponse {
  const usageMetadata = { promptTokenCount: TOKENS_A_CALL - 100, candidatesTokenCount: 100 };
  return { content: { role: "model", parts: [part] }, usageMetadata };
}
