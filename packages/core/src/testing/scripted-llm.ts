import type { Content, GenerateContentConfig, Part } from "../content/content.ts";
import { AdkError } from "../errors.ts";
import { checkOptions, describe, having, type OptionCheck } from "../internal/check-options.ts";
import { type Clock, delay, systemClock } from "../internal/clock.ts";
import { cloneJson, deepFreeze } from "../internal/json.ts";
import { untilAborted } from "../internal/until-aborted.ts";
import { BaseLlm } from "../models/base-llm.ts";
import type { LlmRequest } from "../models/llm-request.ts";
import type { LlmResponse } from "../models/llm-response.ts";

/** A chunk, an error to throw after the chunks before it, or a promise of one that is waited for (of nothing: only waited for). */
export type ScriptedChunk = LlmResponse | Error | Promise<LlmResponse | Error | void>;

/** What a call answers: a text, a response, an error to throw, or chunks. */
export type ScriptedAnswer = string | LlmResponse | Error | readonly ScriptedChunk[];

/** One answer, or a function that makes it from the request; its promise is waited for until the call is aborted. */
export type ScriptedTurn =
  | ScriptedAnswer
  | ((request: LlmRequest, abortSignal?: AbortSignal) => ScriptedAnswer | Promise<ScriptedAnswer>);

/** What the model says, and how fast. */
export interface ScriptedLlmParams {
  /** @defaultValue "scripted" */
  model?: string | undefined;
  /** The answers, one for each call, in order. */
  turns: readonly ScriptedTurn[];
  /** After the last turn, start again with the first. @defaultValue false */
  repeat?: boolean | undefined;
  /** Waited before each response. @defaultValue 0 */
  delayMs?: number | undefined;
  /** Time for `delayMs`. @defaultValue the machine's */
  clock?: Clock | undefined;
}

const OPTIONS: Readonly<Record<keyof ScriptedLlmParams, OptionCheck>> = {
  model: "string",
  turns: "array",
  repeat: "boolean",
  delayMs: (value) =>
    typeof value === "number" && value >= 0 ? undefined : "a number of milliseconds",
  clock: having("a clock with `now` and `after`", "now", "after"),
};

/** What a call was asked, as it was then: contents are frozen copies, `config` is a copy of its first level. */
export interface ScriptedRequest {
  readonly model: string;
  readonly stream: boolean;
  readonly contents: readonly Content[];
  readonly systemInstruction: string;
  /** Names of the declared tools, sorted. */
  readonly tools: readonly string[];
  /** As sent, without the signal. */
  readonly config: Readonly<GenerateContentConfig>;
}

/**
 * A model that says what the test tells it to.
 *
 * A call takes the next turn. Of a list, responses with `partial: true` are left out unless the call streams. A text or
 * a single response with texts comes, when streamed, in two pieces and then whole. A call without a turn left fails,
 * and so does {@link ScriptedLlm.assertConsumed} when turns are left.
 */
export class ScriptedLlm extends BaseLlm {
  /** The calls so far. */
  readonly requests: ScriptedRequest[] = [];
  readonly #turns: readonly ScriptedTurn[];
  readonly #repeat: boolean;
  readonly #delayMs: number;
  readonly #clock: Clock;

  /** @throws {@link AdkError} `INVALID_ARGUMENT` for an option that is unknown or ill-typed, or a turn that is none. */
  constructor(params: ScriptedLlmParams) {
    checkOptions("ScriptedLlm", params, OPTIONS);
    const { model = "scripted", turns, repeat = false, delayMs = 0, clock } = params;
    if (turns === undefined)
      throw invalid("ScriptedLlm needs `turns`: a list of answers, one for each call");
    for (const [index, turn] of turns.entries())
      if (typeof turn !== "function") checkAnswer(turn, `turns[${index}]`);
    super({ model });
    this.#turns = turns;
    this.#repeat = repeat;
    this.#delayMs = delayMs;
    this.#clock = clock ?? systemClock;
  }

  override async *generateContentAsync(
    llmRequest: LlmRequest,
    stream: boolean = false,
    abortSignal?: AbortSignal,
  ): AsyncGenerator<LlmResponse, void, undefined> {
    abortSignal?.throwIfAborted();
    const call = this.requests.length + 1;
    const turn = this.#next();
    this.requests.push(record(llmRequest, this.model, stream));
    const answer =
      typeof turn === "function"
        ? await untilAborted(Promise.resolve(turn(llmRequest, abortSignal)), abortSignal)
        : turn;
    if (typeof turn === "function") checkAnswer(answer, `the answer to call ${call}`);
    for (const chunk of chunksOf(answer, stream)) {
      const response = chunk instanceof Promise ? await untilAborted(chunk, abortSignal) : chunk;
      if (!response || (!stream && "partial" in response && response.partial)) continue;
      if (this.#delayMs > 0) await delay(this.#clock, this.#delayMs, abortSignal);
      abortSignal?.throwIfAborted();
      if (response instanceof Error) throw response;
      yield cloneJson(response);
    }
  }

  /** @throws {@link AdkError} `FAILED_PRECONDITION` when turns were not asked for. */
  assertConsumed(): void {
    const left = this.#turns.length - this.requests.length;
    if (left > 0)
      throw new AdkError(
        "FAILED_PRECONDITION",
        `ScriptedLlm ${this.model}: ${left} of ${this.#turns.length} turns were not asked for. Remove them from \`turns\`, or find out why the model was called less often.`,
        { details: { left, turns: this.#turns.length } },
      );
  }

  #next(): ScriptedTurn {
    const { length } = this.#turns;
    const call = this.requests.length;
    const turn = this.#turns[this.#repeat && length > 0 ? call % length : call];
    if (turn !== undefined) return turn;
    throw new AdkError(
      "FAILED_PRECONDITION",
      `ScriptedLlm ${this.model}: call ${call + 1}, but \`turns\` has only ${length}. Add a turn, or find out why the model was called again.`,
      { details: { call: call + 1, turns: length } },
    );
  }
}

function checkAnswer(answer: unknown, where: string): void {
  if (typeof answer === "string") return;
  if (!Array.isArray(answer)) {
    if (typeof answer === "object" && answer !== null) return;
    throw invalid(
      `ScriptedLlm: ${where} must be a text, a response, an error or a list of chunks, got ${describe(answer)}`,
    );
  }
  const unfit = answer.findIndex((chunk) => typeof chunk !== "object" || chunk === null);
  if (unfit >= 0)
    throw invalid(
      `ScriptedLlm: ${where} is a list of chunks, so each must be a response such as { content: { role: "model", parts: [{ text: "hi" }] }, partial: true }, an error or a promise; [${unfit}] is ${describe(answer[unfit])}`,
    );
}

function invalid(what: string): AdkError {
  return new AdkError("INVALID_ARGUMENT", `${what}.`);
}

function chunksOf(answer: ScriptedAnswer, stream: boolean): readonly ScriptedChunk[] {
  if (isList(answer)) return answer;
  if (answer instanceof Error) return [answer];
  const whole: LlmResponse =
    typeof answer === "string" ? { content: { role: "model", parts: [{ text: answer }] } } : answer;
  return stream ? [...pieces(whole), whole] : [whole];
}

function isList(answer: ScriptedAnswer): answer is readonly ScriptedChunk[] {
  return Array.isArray(answer);
}

/** Two pieces for each text, one for anything else: joined they are the whole again. */
function pieces(whole: LlmResponse): LlmResponse[] {
  return (whole.content?.parts ?? []).flatMap((part) =>
    halves(part).map((piece) => ({
      content: { ...whole.content, parts: [piece] },
      partial: true,
    })),
  );
}

function halves(part: Part): Part[] {
  if (part.text === undefined || part.text.length < 2) return [part];
  const characters = [...part.text];
  const middle = Math.ceil(characters.length / 2);
  const texts = [characters.slice(0, middle), characters.slice(middle)];
  return texts
    .filter((text) => text.length > 0)
    .map((text) => ({ ...cloneJson(part), text: text.join("") }));
}

function record(llmRequest: LlmRequest, model: string, stream: boolean): ScriptedRequest {
  // A signal is not data. The config's members are replaced, not edited, by everything that builds requests.
  const { abortSignal: _, ...config } = llmRequest.config ?? {};
  return Object.freeze({
    model: llmRequest.model ?? model,
    stream,
    contents: Object.freeze(
      llmRequest.contents.map((content) =>
        Object.isFrozen(content) ? content : deepFreeze(cloneJson(content)),
      ),
    ),
    systemInstruction: textOf(config.systemInstruction),
    tools: (config.tools ?? [])
      .flatMap((tool) => ("functionDeclarations" in tool ? (tool.functionDeclarations ?? []) : []))
      .map(({ name }) => name ?? "")
      .sort(),
    config: Object.freeze(config),
  });
}

function textOf(instruction: GenerateContentConfig["systemInstruction"]): string {
  if (instruction === undefined) return "";
  if (typeof instruction === "string") return instruction;
  const list = Array.isArray(instruction)
    ? instruction
    : "parts" in instruction
      ? (instruction.parts ?? [])
      : [instruction as Part];
  return list.map((part) => (typeof part === "string" ? part : (part.text ?? ""))).join("\n\n");
}
