import { findSecrets, replaceSpans, type Span } from "./find-secrets.ts";
import type { Redactor } from "./redactor.ts";

/** How far behind a place a pattern may look back (`\b`, lookbehind), in UTF-16 code units. */
const LOOK_BACK = 128;

/**
 * One text that comes in pieces. It is given on as soon as no secret can begin in it any more that is not whole yet: what is given
 * on, joined, is the redacted text, wherever it was split.
 */
export class HeldBackText {
  readonly #redactor: Redactor;
  /** How many characters at the end a secret may still begin in. */
  readonly #hold: number;
  /** From a bit before what was not given on yet. */
  #text = "";
  /** In `#text`: where what was not given on begins. */
  #from = 0;

  constructor(redactor: Redactor) {
    this.#redactor = redactor;
    const { patterns, functions } = redactor.rules;
    this.#hold =
      functions.length > 0
        ? Infinity
        : patterns.reduce((longest, { maxLength }) => Math.max(longest, maxLength), 0);
  }

  /** Takes the next piece. @returns what can be given on, perhaps nothing. */
  push(piece: string): string {
    this.#text += piece;
    if (this.#text.length - this.#hold <= this.#from) return "";
    const spans = this.#spans();
    return this.#giveOn(this.#decidedUpTo(spans), spans);
  }

  /** The text is whole. @returns what was held back, redacted. */
  end(): string {
    const rest = this.#giveOn(this.#text.length, this.#spans());
    return this.#redactor.applyFunctions(rest);
  }

  #spans(): Span[] {
    return findSecrets(this.#text, this.#redactor.rules.patterns, this.#from);
  }

  #decidedUpTo(spans: readonly Span[]): number {
    let upTo = this.#text.length - this.#hold;
    // One that is not decided yet is held back whole, and so is one that may go on.
    const undecided = spans.find(({ start, end }) => start < upTo && end > upTo);
    if (undecided) upTo = undecided.start;
    return Math.max(this.#from, this.#splitsCharacter(upTo, spans) ? upTo - 1 : upTo);
  }

  /** Whether the place is between the two halves of a character, neither of which was matched. */
  #splitsCharacter(at: number, spans: readonly Span[]): boolean {
    if (spans.some(({ end }) => end === at)) return false;
    return /^[\uD800-\uDBFF][\uDC00-\uDFFF]$/.test(this.#text.slice(at - 1, at + 1));
  }

  #giveOn(upTo: number, spans: readonly Span[]): string {
    const { replacement } = this.#redactor.rules;
    const given = replaceSpans(this.#text, spans, replacement, this.#from, upTo);
    const keptFrom = Math.max(0, upTo - LOOK_BACK);
    this.#text = this.#text.slice(keptFrom);
    this.#from = upTo - keptFrom;
    return given;
  }
}
