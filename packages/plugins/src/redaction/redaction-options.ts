import { AdkError, checkOptions, type OptionCheck } from "@adk/core";
import { filledText } from "../internal/option-checks.ts";

/**
 * What is to be redacted:
 * - a text, wherever it stands, also within a word
 * - a pattern; its matches are taken to have at most 128 characters
 * - a pattern with another `maxLength`, in UTF-16 code units, with what it looks ahead at
 * - a function that gives a text back without what is to be redacted. It must leave what it has given as it is. As nobody knows
 *   what it waits for, streamed text is held back until the answer is whole.
 */
export type RedactionRule =
  | string
  | RegExp
  | { readonly pattern: RegExp; readonly maxLength: number }
  | ((text: string) => string);

/** What is redacted, and what stands in its place. */
export interface RedactionPluginOptions {
  /** At least one. */
  rules: readonly RedactionRule[];
  /** What stands in place of each match of a text or pattern; no rule may match it. @defaultValue "[redacted]" */
  replacement?: string | undefined;
  /** A redaction that could be skipped would be none: there is no other way. @defaultValue "fail" */
  onFailure?: "fail" | undefined;
  /** Unique within the app. @defaultValue "redaction" */
  name?: string | undefined;
}

/** A pattern, ready to be searched for. */
export interface SecretPattern {
  /** Searches for all matches. */
  readonly pattern: RegExp;
  /** How long a match may be, in UTF-16 code units. */
  readonly maxLength: number;
}

/** The rules, ready for use. */
export interface Rules {
  readonly patterns: readonly SecretPattern[];
  readonly functions: readonly ((text: string) => string)[];
  readonly replacement: string;
}

const DEFAULT_MAX_LENGTH = 128;
const OWNER = "RedactionPlugin";

const OPTIONS: Readonly<Record<keyof RedactionPluginOptions, OptionCheck>> = {
  rules: () => undefined, // checked below: an error that shows what it is may show a secret
  replacement: "string",
  onFailure: (value) =>
    value === "fail" ? undefined : '"fail": a redaction that could be skipped would be none',
  name: filledText,
};

/**
 * The rules of the options. Errors say which rule it was, and never what is in it: a rule may be the secret itself.
 *
 * @throws AdkError `INVALID_ARGUMENT` for options that do not fit, a rule that matches nothing at all, or the replacement.
 */
export function readRules(options: RedactionPluginOptions): Rules {
  checkOptions(OWNER, options, OPTIONS);
  const { replacement = "[redacted]" } = options;
  const rules: unknown = options.rules;
  if (!Array.isArray(rules) || rules.length === 0)
    throw invalid(
      "needs `rules`, a list of texts, patterns or functions: for instance [/sk-[a-z0-9]{20,}/]",
    );
  const list = rules as readonly RedactionRule[];
  const functions = list.filter((rule) => typeof rule === "function");
  const patterns = list.flatMap((rule, index) =>
    typeof rule === "function" ? [] : [readPattern(rule, index, replacement)],
  );
  return { patterns, functions, replacement };
}

function readPattern(
  rule: Exclude<RedactionRule, (text: string) => string>,
  index: number,
  replacement: string,
): SecretPattern {
  const read = toPattern(rule, index);
  const { pattern } = read;
  const matches = (text: string): boolean => text.search(pattern) >= 0;
  if (matches(""))
    throw invalid(
      `: \`rules[${index}]\` matches the empty text, and so everything. Let it match at least one character`,
    );
  if (matches(replacement))
    throw invalid(
      `: \`rules[${index}]\` matches the \`replacement\`. What was redacted must stay as it is: choose another one`,
    );
  return read;
}

function toPattern(
  rule: Exclude<RedactionRule, (text: string) => string>,
  index: number,
): SecretPattern {
  if (typeof rule === "string")
    return { pattern: new RegExp(escaped(rule), "g"), maxLength: Math.max(1, rule.length) };
  if (rule instanceof RegExp) return { pattern: globally(rule), maxLength: DEFAULT_MAX_LENGTH };
  const { pattern, maxLength } = (rule ?? {}) as { pattern?: unknown; maxLength?: unknown };
  if (!(pattern instanceof RegExp) || !Number.isSafeInteger(maxLength) || Number(maxLength) < 1)
    throw invalid(
      `: \`rules[${index}]\` must be a text, a regular expression, a function, or { pattern, maxLength } with a regular expression and a whole number of characters from 1`,
    );
  return { pattern: globally(pattern), maxLength: Number(maxLength) };
}

function invalid(what: string): AdkError {
  return new AdkError("INVALID_ARGUMENT", `${OWNER}${what.startsWith(":") ? "" : " "}${what}.`);
}

/** Of its own, so that nobody else moves its `lastIndex`. */
function globally({ flags, source }: RegExp): RegExp {
  return new RegExp(source, `${flags.replace(/[gyd]/g, "")}g`);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
