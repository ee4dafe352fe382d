import {
  AdkError,
  BasePlugin,
  type CallbackContext,
  injectSessionState,
  type InstructionProvider,
  type LlmRequest,
  ReadonlyContext,
} from "@adk/core";
import { prependInstruction } from "./prepend-instruction.ts";

/**
 * Puts one instruction in front of the system instruction of every request, of every agent of the app.
 *
 * Nothing is stored: the text is made anew for each request, from the state as it is then.
 */
export class GlobalInstructionPlugin extends BasePlugin {
  readonly #globalInstruction: string | InstructionProvider;

  /**
   * @param globalInstruction a template, filled from state and artifacts as an agent's own instruction is (`{name}`,
   *   `{user:name}`, `{artifact.file}`, `?` for what may be missing), or a function that gives the text, taken as it is.
   * @throws {@link AdkError} `INVALID_ARGUMENT` for anything else.
   */
  constructor(
    globalInstruction: string | InstructionProvider,
    name: string = "global_instruction",
  ) {
    super(name);
    if (typeof globalInstruction !== "string" && typeof globalInstruction !== "function")
      throw new AdkError(
        "INVALID_ARGUMENT",
        'GlobalInstructionPlugin takes a text, or a function that gives one: new GlobalInstructionPlugin("Be brief.").',
      );
    this.#globalInstruction = globalInstruction;
  }

  /** Changes the request, and lets the next plugin have its say. */
  override async beforeModelCallback({
    callbackContext,
    llmRequest,
  }: {
    callbackContext: CallbackContext;
    llmRequest: LlmRequest;
  }): Promise<undefined> {
    const context = new ReadonlyContext(callbackContext.invocationContext);
    const instruction = this.#globalInstruction;
    const text =
      typeof instruction === "function"
        ? await instruction(context)
        : await injectSessionState(instruction, context);
    if (text !== "") prependInstruction(llmRequest, text);
  }
}
