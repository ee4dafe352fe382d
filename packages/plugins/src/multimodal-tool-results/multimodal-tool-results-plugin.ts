import {
  BasePlugin,
  type BaseTool,
  type CallbackContext,
  checkOptions,
  type Content,
  type LlmRequest,
  type OptionCheck,
  type Part,
  type ToolContext,
  oneOf,
} from "@adk/core";
import { filledText } from "../internal/option-checks.ts";
import { LoadedArtifacts } from "./loaded-artifacts.ts";
import { returnedParts } from "./returned-parts.ts";
import { hasParts, partsOf, responseWith, shortened, type StoredPart } from "./stored-parts.ts";

/** Where files that tools return are kept, and how long models see them. */
export interface MultimodalToolResultsPluginOptions {
  /**
   * `response`: in the stored response, where it counts towards the size of an event (`maxEventBytes` of the session service).
   * `artifacts`: as artifacts, which the response names with their version. @defaultValue "response"
   */
  storage?: "response" | "artifacts" | undefined;
  /** Whether later requests hold the files, too; else only those right behind the tool's response. @defaultValue false */
  keepInHistory?: boolean | undefined;
  /** @defaultValue "multimodal_tool_results_plugin" */
  name?: string | undefined;
}

const OPTIONS: Readonly<Record<keyof MultimodalToolResultsPluginOptions, OptionCheck>> = {
  storage: oneOf("response", "artifacts"),
  keepInHistory: "boolean",
  name: filledText,
};

/**
 * Lets a tool return a `Part` with a file, or a list of parts: the model gets them as parts of its next request.
 *
 * Everything that the request needs is stored with the tool's response, so a run that is resumed sends what an undisturbed
 * one sends.
 */
export class MultimodalToolResultsPlugin extends BasePlugin {
  readonly #asArtifacts: boolean;
  readonly #keepInHistory: boolean;
  readonly #loaded: LoadedArtifacts = new LoadedArtifacts();

  /** @throws AdkError `INVALID_ARGUMENT` for an option that is unknown or ill-typed. */
  constructor(options: MultimodalToolResultsPluginOptions = {}) {
    checkOptions("MultimodalToolResultsPlugin", options, OPTIONS);
    super(options.name ?? "multimodal_tool_results_plugin");
    this.#asArtifacts = options.storage === "artifacts";
    this.#keepInHistory = options.keepInHistory ?? false;
  }

  /** @throws AdkError what the artifact service throws, `FAILED_PRECONDITION` where the runner has none. */
  override async afterToolCallback({
    tool,
    toolContext,
    result,
  }: {
    tool: BaseTool;
    toolArgs: Record<string, unknown>;
    toolContext: ToolContext;
    result: unknown;
  }): Promise<Record<string, unknown> | undefined> {
    const parts = returnedParts(result);
    if (parts === undefined) return undefined;
    if (!this.#asArtifacts) return responseWith(parts);
    const stored: StoredPart[] = [];
    for (const [index, part] of parts.entries())
      stored.push(part.inlineData ? await saved(part, toolContext, `${tool.name}_${index}`) : part);
    return responseWith(stored);
  }

  /** Changes the request, and lets the next plugin have its say. */
  override async beforeModelCallback({
    callbackContext,
    llmRequest,
  }: {
    callbackContext: CallbackContext;
    llmRequest: LlmRequest;
  }): Promise<undefined> {
    const { contents } = llmRequest;
    if (!contents.some(hasParts)) return;
    const last = contents.findLastIndex(({ parts = [] }) =>
      parts.some(({ functionResponse }) => functionResponse),
    );
    const isNext = !contents.slice(last + 1).some(({ role }) => role === "model");
    llmRequest.contents = await Promise.all(
      contents.map(async (content, index) =>
        hasParts(content)
          ? await this.#expanded(
              content,
              callbackContext,
              this.#keepInHistory || (index === last && isNext),
            )
          : content,
      ),
    );
  }

  /** The content with short responses, and what they returned behind them. */
  async #expanded(content: Content, context: CallbackContext, shown: boolean): Promise<Content> {
    const returned: Part[] = [];
    const parts: Part[] = [];
    for (const part of content.parts ?? []) {
      const stored = part.functionResponse && partsOf(part.functionResponse);
      if (!part.functionResponse || !stored) {
        parts.push(part);
        continue;
      }
      parts.push(shortened(part.functionResponse, stored.length, shown));
      if (!shown) continue;
      for (const one of stored)
        returned.push("artifact" in one ? await this.#loaded.load(one.artifact, context) : one);
    }
    return { ...content, parts: [...parts, ...returned] };
  }
}

/** Saves the part as an artifact that the call names; a repeated call saves the next version. */
async function saved(part: Part, toolContext: ToolContext, suffix: string): Promise<StoredPart> {
  const callId = toolContext.functionCallId ?? toolContext.invocationId;
  // Models choose ids of calls; names of artifacts are stricter.
  const filename = `${callId.replaceAll(/[^\w.-]/g, "_")}_${suffix}`;
  const version = await toolContext.saveArtifact(filename, part);
  return { artifact: { filename, version } };
}
