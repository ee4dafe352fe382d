import { appendFile, mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { AdkError, checkOptions } from "@adk/core";
import { filledText } from "../internal/option-checks.ts";
import type { AnalyticsRow } from "./analytics-row.ts";
import type { AnalyticsSink } from "./analytics-sink.ts";
import { fileError } from "./errors.ts";

/** Which file. */
export interface JsonLinesSinkOptions {
  /** Relative to the working directory; missing folders are made. A file that is made is readable for its owner only. */
  path: string;
}

/**
 * Adds rows to a file, a JSON object a line.
 *
 * Rows that come again after a failed write are added again: count each `row_id` once, and skip a line that is no JSON, which
 * is what a full disk leaves.
 */
export class JsonLinesSink implements AnalyticsSink {
  readonly #path: string;
  /** Whether the last write failed, and may have left half a line. */
  #isTorn = false;

  /** @throws AdkError `INVALID_ARGUMENT` for an option that is missing, unknown or ill-typed. */
  constructor(options: JsonLinesSinkOptions) {
    checkOptions("JsonLinesSink", options, { path: filledText });
    if (options.path === undefined)
      throw new AdkError(
        "INVALID_ARGUMENT",
        'JsonLinesSink needs a `path`: new JsonLinesSink({ path: "data/agent_events.jsonl" }).',
      );
    this.#path = options.path;
  }

  /** @throws AdkError `STORE_FULL`, `PERMISSION_DENIED`, `MISCONFIGURED` or `UNAVAILABLE`. */
  async write(rows: readonly AnalyticsRow[]): Promise<void> {
    const lines = rows.map((row) => `${JSON.stringify(row)}\n`).join("");
    const text = this.#isTorn ? `\n${lines}` : lines;
    this.#isTorn = true;
    try {
      await mkdir(dirname(this.#path), { recursive: true });
      await appendFile(this.#path, text, { mode: 0o600 });
    } catch (error) {
      throw fileError(error, this.#path);
    }
    this.#isTorn = false;
  }
}
