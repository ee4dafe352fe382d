import {
  AdkError,
  BasePlugin,
  type CallbackContext,
  checkOptions,
  type Event,
  type InvocationContext,
  type LlmRequest,
  type OptionCheck,
  oneOf,
} from "@adk/core";
import { filledText } from "../internal/option-checks.ts";
import { repairPairs } from "./repair-pairs.ts";
import { type CallStamps, createCallStamps, keysOf, type SecretKey } from "./call-stamps.ts";
import { checkStamps } from "./check-stamps.ts";
import { stampCalls } from "./stamp-calls.ts";

/** What is repaired, and what is checked. */
export interface ToolCallIntegrityPluginOptions {
  /** Whether requests are repaired. @defaultValue true */
  repairHistory?: boolean | undefined;
  /**
   * With a key, the calls of agents are stamped when they are stored, and checked before each run. Of a list the first key
   * stamps, and all of them check: that is how keys are changed. @defaultValue none: nothing is stamped
   */
  secretKey?: SecretKey | readonly SecretKey[] | undefined;
  /**
   * What is done about a call without a stamp, for instance one that is older than the plugin: `block` ends the run, `shadow`
   * logs a warning. A wrong stamp always ends the run. @defaultValue "block"
   */
  enforcement?: "block" | "shadow" | undefined;
  /** @defaultValue "tool_call_integrity" */
  name?: string | undefined;
}

const OPTIONS: Readonly<Record<keyof ToolCallIntegrityPluginOptions, OptionCheck>> = {
  repairHistory: "boolean",
  secretKey: (value) => (keysOf(value) ? undefined : "a key that is not empty, or a list of keys"),
  enforcement: oneOf("block", "shadow"),
  name: filledText,
};

/**
 * Guards that calls and what belongs to them stay what they were.
 *
 * It repairs requests: each call gets its response right behind it, and a response without a call is left out. Core builds
 * requests that are in order; filters, other plugins and request processors may not. Register it behind them. With a
 * `secretKey` it also notices when somebody has changed a call in the store, say one that a person is asked to approve.
 */
export class ToolCallIntegrityPlugin extends BasePlugin {
  readonly #repairs: boolean;
  readonly #stamps: CallStamps | undefined;
  readonly #isStrict: boolean;
  readonly #checked: WeakSet<Event> = new WeakSet();

  /** @throws {@link AdkError} `INVALID_ARGUMENT` for an option that is unknown or ill-typed. */
  constructor(options: ToolCallIntegrityPluginOptions = {}) {
    checkOptions("ToolCallIntegrityPlugin", options, OPTIONS);
    if (options.enforcement !== undefined && options.secretKey === undefined)
      throw new AdkError(
        "INVALID_ARGUMENT",
        "ToolCallIntegrityPlugin: `enforcement` needs a `secretKey`; without one nothing is stamped or checked.",
      );
    super(options.name ?? "tool_call_integrity");
    this.#repairs = options.repairHistory ?? true;
    const keys = options.secretKey === undefined ? undefined : keysOf(options.secretKey);
    this.#stamps = keys && createCallStamps(keys);
    this.#isStrict = options.enforcement !== "shadow";
  }

  /** @throws {@link AdkError} `FAILED_PRECONDITION`, as the cause of `PLUGIN_FAILED`, for a stamp that is wrong or missing. */
  override async beforeRunCallback({
    invocationContext,
  }: {
    invocationContext: InvocationContext;
  }): Promise<undefined> {
    if (this.#stamps)
      await checkStamps(invocationContext, this.#stamps, {
        plugin: this.name,
        isStrict: this.#isStrict,
        checked: this.#checked,
      });
  }

  /** Adds stamps to the event's own metadata: with an answer, later plugins would not see the event. */
  override async onEventCallback({
    invocationContext,
    event,
  }: {
    invocationContext: InvocationContext;
    event: Event;
  }): Promise<undefined> {
    if (this.#stamps && !event.partial) await stampCalls(invocationContext, event, this.#stamps);
  }

  /** Changes the request, and lets the next plugin have its say. */
  override async beforeModelCallback({
    callbackContext,
    llmRequest,
  }: {
    callbackContext: CallbackContext;
    llmRequest: LlmRequest;
  }): Promise<undefined> {
    if (!this.#repairs) return;
    const { contents, repairs } = repairPairs(llmRequest.contents);
    if (contents === llmRequest.contents) return;
    llmRequest.contents = contents;
    const { logger } = callbackContext.invocationContext.invocation;
    logger.warn(
      `Plugin ${this.name} has repaired a request of agent ${callbackContext.agentName}.`,
      {
        ...repairs,
      },
    );
  }
}
