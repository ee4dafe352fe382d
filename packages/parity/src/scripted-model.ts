import { BaseLlm, type Content, type LlmRequest, type LlmResponse } from "@adk/core";
import type { Recorder } from "./recorder.ts";
import type { Turn } from "./scenario.ts";
import { ScriptedFailure } from "./scripted-failure.ts";

/** A model that answers each call with the next turn of its agent and notes what it was asked. */
export class ScriptedModel extends BaseLlm {
  readonly #agent: string;
  readonly #turns: Turn[];
  readonly #recorder: Recorder;

  /** @param turns taken away one by one; agents of one name share them. */
  constructor(agent: string, turns: Turn[], recorder: Recorder) {
    super({ model: "scripted" });
    this.#agent = agent;
    this.#turns = turns;
    this.#recorder = recorder;
  }

  override async *generateContentAsync(
    llmRequest: LlmRequest,
  ): AsyncGenerator<LlmResponse, void, undefined> {
    const instruction = textOf(llmRequest.config?.systemInstruction);
    this.#recorder.modelRequests.push({
      agent: this.#agent,
      ...(instruction === undefined ? {} : { systemInstruction: instruction }),
      contents: structuredClone(llmRequest.contents),
      tools: declaredTools(llmRequest).toSorted(),
    });
    const turn = this.#turns.shift();
    if (turn === undefined)
      throw new ScriptedFailure(`The scenario has no turn left for the model of ${this.#agent}.`);
    if (!Array.isArray(turn)) throw new ScriptedFailure(turn.error);
    for (const chunk of turn) yield structuredClone(chunk);
  }
}

type Instruction = NonNullable<LlmRequest["config"]>["systemInstruction"];

/** The texts of an instruction, each set apart by a blank line. */
function textOf(instruction: Instruction): string | undefined {
  if (instruction === undefined || typeof instruction === "string") return instruction;
  const parts = Array.isArray(instruction)
    ? instruction
    : "parts" in instruction
      ? ((instruction as Content).parts ?? [])
      : [instruction];
  return parts
    .map((part) => (typeof part === "string" ? part : "text" in part ? (part.text ?? "") : ""))
    .join("\n\n");
}

function declaredTools({ config }: LlmRequest): string[] {
  return (config?.tools ?? []).flatMap((entry) =>
    "functionDeclarations" in entry
      ? (entry.functionDeclarations ?? []).map((declaration) => declaration.name ?? "")
      : [],
  );
}
