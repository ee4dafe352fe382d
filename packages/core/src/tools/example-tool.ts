import type { Content } from "../content/content.ts";
import { AdkError } from "../errors.ts";
import { appendInstructions } from "../models/append-to-request.ts";
import { BaseTool, type ToolProcessLlmRequest } from "./base-tool.ts";

/** A question and what a good agent does with it. */
export interface Example {
  input: Content;
  output: Content[];
}

/** Finds examples that fit a question. */
export abstract class BaseExampleProvider {
  abstract getExamples(query: string): Example[] | Promise<Example[]>;
}

/** Shows the model worked examples, in the system instruction. It is no tool that the model could call. */
export class ExampleTool extends BaseTool {
  readonly examples: readonly Example[] | BaseExampleProvider;

  /** @throws AdkError `INVALID_ARGUMENT` for something that is neither a list of examples nor a provider. */
  constructor(examples: Example[] | BaseExampleProvider) {
    super({ name: "example_tool", description: "Worked examples." });
    const isProvider = typeof (examples as BaseExampleProvider | null)?.getExamples === "function";
    if (!isProvider && !(Array.isArray(examples) && examples.every(isExample)))
      throw new AdkError(
        "INVALID_ARGUMENT",
        "ExampleTool takes a list of examples ({ input: Content, output: Content[] }) or a BaseExampleProvider.",
      );
    this.examples = examples;
  }

  override async processLlmRequest({
    toolContext,
    llmRequest,
  }: ToolProcessLlmRequest): Promise<void> {
    const query = textOf(toolContext.userContent);
    if (query === "") return;
    const examples =
      this.examples instanceof BaseExampleProvider
        ? await this.examples.getExamples(query)
        : (this.examples as readonly Example[]);
    if (examples.length === 0) return;
    appendInstructions(llmRequest, [
      `Examples of how to answer. They are not part of this conversation.\n${examples.map(describe).join("\n")}`,
    ]);
  }

  override async runAsync(): Promise<unknown> {
    return undefined;
  }
}

function isExample(value: unknown): boolean {
  const { input, output } = (value ?? {}) as Partial<Example>;
  return typeof input === "object" && Array.isArray(output);
}

function describe({ input, output }: Example, index: number): string {
  const lines = [`EXAMPLE ${index + 1}`, `[user] ${textOf(input)}`];
  for (const content of output)
    for (const part of content.parts ?? []) {
      if (part.text) lines.push(`[${content.role ?? "model"}] ${part.text}`);
      if (part.functionCall)
        lines.push(
          `[model] calls ${part.functionCall.name}(${JSON.stringify(part.functionCall.args ?? {})})`,
        );
      if (part.functionResponse)
        lines.push(
          `[tool] ${part.functionResponse.name} returns ${JSON.stringify(part.functionResponse.response ?? {})}`,
        );
    }
  return [...lines, `END OF EXAMPLE ${index + 1}`].join("\n");
}

function textOf(content: Content | undefined): string {
  return (content?.parts ?? []).map((part) => part.text ?? "").join("");
}
