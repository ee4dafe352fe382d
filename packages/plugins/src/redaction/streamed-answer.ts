import type { Event, Part } from "@adk/core";
import { HeldBackText } from "./held-back-text.ts";
import { isSameText, redactContent } from "./redact-content.ts";
import { redactEvent } from "./redact-event.ts";
import type { Redactor } from "./redactor.ts";

/** An answer that comes in pieces. Its texts are held back where a secret may be split. */
export class StreamedAnswer {
  readonly #redactor: Redactor;
  /** The text that is going on, and a part of its kind. */
  #open: { readonly text: HeldBackText; readonly like: Part } | undefined;
  #last: Event | undefined;

  constructor(redactor: Redactor) {
    this.#redactor = redactor;
  }

  /** What of the next piece, and of those before, can be shown; `undefined`: nothing. */
  piece(event: Event): Event | undefined {
    this.#last = event;
    const parts = (event.content?.parts ?? []).flatMap((part) => this.#part(part));
    const { content, ...rest } = event;
    const shown = redactEvent(rest, this.#redactor);
    if (parts.length > 0) return { ...shown, content: { ...content, parts } };
    const saysMore = rest.errorCode !== undefined || rest.groundingMetadata !== undefined;
    return saysMore || !content?.parts?.length ? shown : undefined;
  }

  /** The answer is whole. @returns what was held back, as one more piece; `undefined`: nothing was. */
  end(): Event | undefined {
    const parts = this.#close();
    const event = this.#last;
    if (!event || parts.length === 0) return undefined;
    const { content, usageMetadata: _, ...rest } = event;
    return { ...redactEvent(rest, this.#redactor), content: { ...content, parts } };
  }

  #part(part: Part): Part[] {
    if (part.text === undefined) return [...this.#close(), ...this.#other(part)];
    const closed = this.#open && !isSameText(part, this.#open.like) ? this.#close() : [];
    this.#open ??= {
      text: new HeldBackText(this.#redactor),
      like: { text: "", ...(part.thought === undefined ? {} : { thought: part.thought }) },
    };
    const text = this.#open.text.push(part.text);
    const [redacted] =
      redactContent({ parts: [{ ...part, text: "" }] }, this.#redactor).parts ?? [];
    // More than text, a signature say, is shown at once.
    const isMore = Object.keys(part).some((name) => name !== "text" && name !== "thought");
    return text === "" && !isMore ? closed : [...closed, { ...redacted, text }];
  }

  #close(): Part[] {
    if (!this.#open) return [];
    const { text, like } = this.#open;
    this.#open = undefined;
    const rest = text.end();
    return rest === "" ? [] : [{ ...like, text: rest }];
  }

  /** Arguments that come in pieces are shown when they are whole: a secret may be split between any two. */
  #other(part: Part): Part[] {
    const { functionCall } = part;
    if (
      functionCall?.partialArgs ||
      functionCall?.willContinue ||
      (functionCall && !functionCall.name)
    )
      return [];
    return redactContent({ parts: [part] }, this.#redactor).parts ?? [];
  }
}
