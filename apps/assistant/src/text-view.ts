import { type Event, getFunctionCalls } from "@adk/core";
import { describeError } from "./describe-error.ts";
import type { ToolNotice, View } from "./view.ts";

export interface TextViewOptions {
  readonly write: (text: string) => void;
  /** Makes a text less bright. */
  readonly dim?: ((text: string) => string) | undefined;
  /** Shows the prompt of a terminal. Lines that were not typed behind it are shown by the view itself. */
  readonly prompt?: (() => void) | undefined;
  /** Whose words are shown without a name. */
  readonly mainAgent: string;
  /** Milliseconds that only grow. @defaultValue `performance.now` */
  readonly now?: (() => number) | undefined;
}

/** A conversation as text: answers as they grow, tool calls as they happen, then tokens and time. */
export class TextView implements View {
  readonly #write: (text: string) => void;
  readonly #dim: (text: string) => string;
  readonly #prompt: (() => void) | undefined;
  readonly #mainAgent: string;
  readonly #now: () => number;
  #startedAt = 0;
  #tokens = { in: 0, out: 0 };
  /** Whether the answer that is being streamed has been shown up to here. */
  #isStreaming = false;
  #atLineStart = true;
  /** Whether the user's line stands behind our prompt. */
  #isPrompted = false;
  #shownError: string | undefined;

  constructor({ write, dim, prompt, mainAgent, now }: TextViewOptions) {
    this.#write = write;
    this.#dim = dim ?? ((text) => text);
    this.#prompt = prompt;
    this.#mainAgent = mainAgent;
    this.#now = now ?? (() => performance.now());
  }

  notice(text: string): void {
    this.#line(this.#dim(text));
  }

  ready(): void {
    this.#prompt?.();
    this.#isPrompted = this.#prompt !== undefined;
  }

  turnStarts(text: string): void {
    if (!this.#isPrompted) this.#line(`> ${text}`);
    this.#isPrompted = false;
    this.#startedAt = this.#now();
    this.#tokens = { in: 0, out: 0 };
    this.#isStreaming = false;
    this.#shownError = undefined;
  }

  event(event: Event): void {
    const text = (event.content?.parts ?? [])
      .map((part) => (part.thought ? "" : (part.text ?? "")))
      .join("");
    if (event.partial) {
      if (text !== "") this.#answer(event.author, text);
      return;
    }
    if (!this.#isStreaming && text.trim() !== "") this.#answer(event.author, text);
    if (this.#isStreaming || getFunctionCalls(event).length > 0) this.#endLine();
    this.#isStreaming = false;
    this.#tokens.in += event.usageMetadata?.promptTokenCount ?? 0;
    this.#tokens.out +=
      (event.usageMetadata?.candidatesTokenCount ?? 0) +
      (event.usageMetadata?.thoughtsTokenCount ?? 0);
    if (event.errorCode === "INVOCATION_ABORTED") this.#line("(stopped)");
    else if (event.errorCode !== undefined) {
      this.#shownError = event.errorMessage ?? event.errorCode;
    }
  }

  tool({ name, args, ended }: ToolNotice): void {
    if (!ended) return this.#line(this.#dim(`  → ${name}(${short(args)})`));
    const result = ended.response === undefined ? "stopped" : short(ended.response);
    this.#line(this.#dim(`  ← ${name}: ${result} [${duration(ended.ms)}]`));
  }

  turnEnds(error?: unknown): void {
    if (error !== undefined) this.#line(describeError(error));
    else if (this.#shownError !== undefined) this.#line(harmless(this.#shownError));
    const { in: read, out: written } = this.#tokens;
    const time = duration(this.#now() - this.#startedAt);
    this.#line(this.#dim(`  [${read + written} tokens: ${read} in, ${written} out · ${time}]`));
  }

  /** The shell's prompt shall not stand behind ours. */
  ends(): void {
    if (this.#isPrompted) this.#put("\n");
  }

  #answer(author: string, text: string): void {
    if (!this.#isStreaming) {
      this.#endLine();
      if (author !== this.#mainAgent) this.#put(`${author}: `);
    }
    this.#isStreaming = true;
    this.#put(harmless(text));
  }

  #line(text: string): void {
    this.#endLine();
    this.#put(`${text}\n`);
  }

  #endLine(): void {
    if (!this.#atLineStart) this.#put("\n");
  }

  #put(text: string): void {
    if (text === "") return;
    this.#atLineStart = text.endsWith("\n");
    this.#write(text);
  }
}

/** What a model or a server says must not steer the terminal: of control characters, new lines and tabs pass. */
function harmless(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, "");
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? "";
  return text.length > 160 ? `${text.slice(0, 159)}…` : text;
}

function duration(ms: number): string {
  return ms < 1_000
    ? `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
    : `${(ms / 1_000).toFixed(1)} s`;
}
