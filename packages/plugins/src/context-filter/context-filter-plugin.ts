import {
  AdkError,
  BasePlugin,
  type CallbackContext,
  checkOptions,
  type Content,
  type LlmRequest,
  type OptionCheck,
  integer,
} from "@adk/core";
import { filledText } from "../internal/option-checks.ts";
import { keepLastInvocations } from "./keep-last-invocations.ts";
import { withPartners } from "./with-partners.ts";

/** Chooses contents of a request. They are shared and frozen: leave some out or put others in their place, edit none. */
export type CustomFilter = (contents: readonly Content[]) => Content[] | Promise<Content[]>;

/** What of a conversation the models read. */
export interface ContextFilterPluginOptions {
  /** Invocations that a request holds at most, the one that runs included. @defaultValue all */
  numInvocationsToKeep?: number | undefined;
  /** Called with what `numInvocationsToKeep` has left. @defaultValue none */
  customFilter?: CustomFilter | undefined;
  /**
   * How many invocations too many there must be before any is left out: the start of the request then changes more rarely,
   * and a provider can cache it. @defaultValue 1
   */
  removeAmount?: number | undefined;
  /** @defaultValue "context_filter_plugin" */
  name?: string | undefined;
}

const OPTIONS: Readonly<Record<keyof ContextFilterPluginOptions, OptionCheck>> = {
  numInvocationsToKeep: integer(1),
  customFilter: "function",
  removeAmount: integer(1),
  name: filledText,
};

/**
 * Leaves older invocations out of each request; the log keeps them.
 *
 * A call and its response stay together: a cut between them moves back, and one that a custom filter drops alone is put
 * back. A custom filter that fails, or leaves nothing, changes nothing: it is logged.
 */
export class ContextFilterPlugin extends BasePlugin {
  readonly #keep: number | undefined;
  readonly #customFilter: CustomFilter | undefined;
  readonly #removeAmount: number;

  /** @throws AdkError `INVALID_ARGUMENT` for an option that is unknown or ill-typed. */
  constructor(options: ContextFilterPluginOptions = {}) {
    checkOptions("ContextFilterPlugin", options, OPTIONS);
    super(options.name ?? "context_filter_plugin");
    this.#keep = options.numInvocationsToKeep;
    this.#customFilter = options.customFilter;
    this.#removeAmount = options.removeAmount ?? 1;
  }

  /** Changes the request, and lets the next plugin have its say. */
  override async beforeModelCallback({
    callbackContext,
    llmRequest,
  }: {
    callbackContext: CallbackContext;
    llmRequest: LlmRequest;
  }): Promise<undefined> {
    if (this.#keep !== undefined)
      llmRequest.contents = keepLastInvocations(
        llmRequest.contents,
        this.#keep,
        this.#removeAmount,
      );
    if (this.#customFilter === undefined) return;
    try {
      llmRequest.contents = await this.#filtered(this.#customFilter, llmRequest.contents);
    } catch (error) {
      const { logger } = callbackContext.invocationContext.invocation;
      logger.error(`Plugin ${this.name}: its customFilter failed; the request is left as it was.`, {
        error,
      });
    }
  }

  async #filtered(customFilter: CustomFilter, contents: readonly Content[]): Promise<Content[]> {
    const left: unknown = await customFilter([...contents]);
    if (!Array.isArray(left) || left.length === 0)
      throw new AdkError(
        "INVALID_ARGUMENT",
        "A customFilter must return a list with at least one content.",
      );
    return withPartners(contents, left as Content[]);
  }
}
