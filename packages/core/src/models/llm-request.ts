import type { Content, GenerateContentConfig, LiveConnectConfig } from "../content/content.ts";
import type { BaseTool } from "../tools/base-tool.ts";

/** What a model is asked. Hooks may change it before the call; `contents` are replaced entry by entry, never edited in place. */
export interface LlmRequest {
  /** The model's name. */
  model?: string | undefined;
  /** A fresh array of shared, frozen contents. */
  contents: Content[];
  /** Never holds tools directly: use `appendTools`. */
  config?: GenerateContentConfig | undefined;
  liveConnectConfig: LiveConnectConfig;
  /** The tools of this request by name. */
  toolsDict: Record<string, BaseTool>;
  allowedTools?: string[] | undefined;
  previousInteractionId?: string | undefined;
}
