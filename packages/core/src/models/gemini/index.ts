export { Gemini, isGemini } from "./gemini.ts";
export {
  geminiInitParams,
  type GeminiClient,
  type GeminiParams,
  type GeminiTarget,
} from "./gemini-params.ts";
export type { GeminiRetryOptions } from "./retry.ts";
export type { GeminiRequest } from "./to-request.ts";
