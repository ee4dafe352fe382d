import { AdkError } from "@adk/core";
import { findSecrets, replaceSpans } from "./find-secrets.ts";
import { isBlob, redactBlob } from "./redact-blob.ts";
import type { Rules } from "./redaction-options.ts";

/** Takes out of texts and values what the rules find. What it leaves as it is it gives back as it is, not as a copy. */
export class Redactor {
  readonly rules: Rules;

  constructor(rules: Rules) {
    this.rules = rules;
  }

  text(text: string): string {
    const { patterns, replacement } = this.rules;
    const spans = findSecrets(text, patterns);
    return this.applyFunctions(spans.length === 0 ? text : replaceSpans(text, spans, replacement));
  }

  /** @throws AdkError `INVALID_ARGUMENT` for a function that gives no text back. */
  applyFunctions(text: string): string {
    return this.rules.functions.reduce((left, redact) => asText(redact(left)), text);
  }

  /**
   * Texts that stand one behind the other as parts of one: a secret may begin in one and end in another. What stands in its
   * place is in the first; a function's answer, when it changes anything, whole in the very first.
   */
  texts(texts: readonly string[]): string[] {
    const { patterns, replacement } = this.rules;
    const joined = texts.join("");
    const spans = findSecrets(joined, patterns);
    let at = 0;
    const redacted = texts.map((text) => {
      const [from, to] = [at, (at += text.length)];
      const straddling = spans.find(({ start, end }) => start < from && end > from);
      return replaceSpans(joined, spans, replacement, Math.min(to, straddling?.end ?? from), to);
    });
    const left = redacted.join("");
    const changed = this.applyFunctions(left);
    return changed === left ? redacted : texts.map((_, index) => (index === 0 ? changed : ""));
  }

  /** A value of data, at every depth: texts, names of members, and files of parts. */
  value<T>(value: T): T {
    return this.#value(value) as T;
  }

  #value(value: unknown): unknown {
    if (typeof value === "string") return this.text(value);
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) {
      const items = value.map((item: unknown) => this.#value(item));
      return items.some((item, index) => item !== value[index]) ? items : value;
    }
    if (ArrayBuffer.isView(value) || value instanceof Date) return value;
    let isChanged = false;
    const entries = Object.entries(value).map(([name, member]): [string, unknown] => {
      const left = isBlob(name, member) ? redactBlob(member, this) : this.#value(member);
      const entry: [string, unknown] = [this.text(name), left];
      isChanged ||= entry[0] !== name || entry[1] !== member;
      return entry;
    });
    if (!isChanged) return value;
    // As it was but for its members: no name is special.
    const copy: object = Object.create(Object.getPrototypeOf(value) as object | null) as object;
    for (const [name, member] of entries)
      Object.defineProperty(copy, name, {
        value: member,
        enumerable: true,
        writable: true,
        configurable: true,
      });
    return copy;
  }
}

/** @throws AdkError `INVALID_ARGUMENT` */
function asText(given: unknown): string {
  if (typeof given === "string") return given;
  const what = given instanceof Promise ? "a promise" : `no text but ${typeof given}`;
  throw new AdkError(
    "INVALID_ARGUMENT",
    `A function among the \`rules\` of a RedactionPlugin gave back ${what}. It must return the text, synchronously; what it has nothing to do with, as it is.`,
  );
}
