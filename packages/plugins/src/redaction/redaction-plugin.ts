import { BasePlugin, type Event, type Logger } from "@adk/core";
import { redactEvent } from "./redact-event.ts";
import { redactingLogger } from "./redacting-logger.ts";
import { readRules, type RedactionPluginOptions } from "./redaction-options.ts";
import { Redactor } from "./redactor.ts";
import { StreamedAnswer } from "./streamed-answer.ts";

/** Answers that are streamed at one time; of more, the one that had no piece for longest was left in mid-stream. */
const MAX_STREAMS = 1_000;

/**
 * Takes secrets out of everything that is stored and shown: messages, answers, arguments and results of calls, state, errors,
 * summaries, records of tools, metadata; and out of what the logging, debug and analytics plugins of the app write. A model
 * reads what is stored; only the tool that is called gets the arguments as the model gave them.
 *
 * Streamed text is held back where a secret may be split: for as many characters as the longest match, and whole where a rule is a
 * function. The pieces, joined, are the text that is stored. Numbers, ids, names of agents, tools and artifacts, and bytes of
 * artifacts and of files that are no text, are not looked into.
 */
export class RedactionPlugin extends BasePlugin {
  readonly #redactor: Redactor;
  /** By the id of the event, which the pieces share with the whole; the last one that had a piece comes last. */
  readonly #streams: Map<string, StreamedAnswer> = new Map();

  /** @throws AdkError `INVALID_ARGUMENT` for options that do not fit. */
  constructor(options: RedactionPluginOptions) {
    const rules = readRules(options);
    super(options.name ?? "redaction");
    this.#redactor = new Redactor(rules);
  }

  override redact(event: Event): readonly Event[] {
    const { id } = event;
    if (event.partial) {
      const shown = this.#stream(id).piece(event);
      return shown ? [shown] : [];
    }
    const rest = this.#streams.get(id)?.end();
    this.#streams.delete(id);
    const redacted = redactEvent(event, this.#redactor);
    return rest ? [rest, redacted] : [redacted];
  }

  /** The text without what the rules find: for what goes elsewhere than into the log. */
  redactText(text: string): string {
    return this.#redactor.text(text);
  }

  /** The value without what the rules find, at every depth. What has nothing to hide is given back as it is. */
  redactValue<T>(value: T): T {
    return this.#redactor.value(value);
  }

  /** A logger that passes on what is left: for the Runner's `logger`, and for plugins that log. */
  redactingLogger(logger: Logger): Logger {
    return redactingLogger(logger, this.#redactor);
  }

  #stream(id: string): StreamedAnswer {
    const stream = this.#streams.get(id) ?? new StreamedAnswer(this.#redactor);
    // Behind those that have had no piece for longer.
    this.#streams.delete(id);
    this.#streams.set(id, stream);
    const [oldest] = this.#streams.keys();
    if (this.#streams.size > MAX_STREAMS && oldest !== undefined) this.#streams.delete(oldest);
    return stream;
  }
}
