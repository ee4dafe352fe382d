import { BaseLlm, type LlmRequest, type LlmResponse } from "@adk/core";

export interface MeteredTurn {
  readonly input?: number;
  /** What the model would like to say, in tokens; it keeps to the maximum it is told. */
  readonly output?: number;
  /** Called in its turn instead. */
  readonly answer?: (request: LlmRequest, abortSignal?: AbortSignal) => Promise<LlmResponse>;
}

/** A model that keeps to its maximum and says what it used: a token of output is a word of four letters. */
export class MeteredLlm extends BaseLlm {
  /** What it was told, call by call. */
  readonly maxima: (number | undefined)[] = [];
  readonly #turns: readonly MeteredTurn[];
  /** True tokens of all calls. */
  spent = 0;

  /** @param turns one for each call; the last one for all that follow. */
  constructor(model: string, turns: readonly MeteredTurn[] = [{}]) {
    super({ model });
    this.#turns = turns;
  }

  get calls(): number {
    return this.maxima.length;
  }

  override async *generateContentAsync(
    request: LlmRequest,
    _stream?: boolean,
    abortSignal?: AbortSignal,
  ): AsyncGenerator<LlmResponse, void, undefined> {
    const turn = this.#turns[Math.min(this.calls, this.#turns.length - 1)] ?? {};
    const maximum = request.config?.maxOutputTokens;
    this.maxima.push(maximum);
    if (turn.answer) {
      const response = await turn.answer(request, abortSignal);
      this.spent += response.usageMetadata?.totalTokenCount ?? 0;
      yield response;
      return;
    }
    await Promise.resolve();
    const { input = 10, output = 10 } = turn;
    const said = Math.min(output, maximum ?? Infinity);
    this.spent += input + said;
    yield {
      ...used(input, said),
      content: { role: "model", parts: [{ text: "word".repeat(said) }] },
    };
  }
}

/** A usage of so many tokens. */
export function used(input: number, output: number): LlmResponse {
  return {
    usageMetadata: {
      promptTokenCount: input,
      candidatesTokenCount: output,
      totalTokenCount: input + output,
    },
  };
}
