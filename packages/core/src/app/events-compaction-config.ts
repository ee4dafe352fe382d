import type { BaseAgent } from "../agents/base-agent.ts";
import { isLlmAgent } from "../agents/llm-agent.ts";
import { AdkError } from "../errors.ts";
import { checkOptions, integer, type OptionCheck } from "../internal/check-options.ts";
import { type BaseEventsSummarizer, isEventsSummarizer } from "./base-events-summarizer.ts";

/**
 * When older events of a session are summed up. The model reads the summary in their place; the log keeps them. One of the two
 * pairs is needed, and both may be given.
 */
export interface EventsCompactionConfig {
  /** @defaultValue an `LlmEventSummarizer` with the root agent's model */
  summarizer?: BaseEventsSummarizer | undefined;
  /** After so many new invocations; with `overlapSize`. */
  compactionInterval?: number | undefined;
  /** How many invocations that were summed up before are summed up again, so that summaries hang together. */
  overlapSize?: number | undefined;
  /** As soon as a prompt has so many tokens, also between two model calls of a run; with `eventRetentionSize`. */
  tokenThreshold?: number | undefined;
  /** How many events at the end are left as they are. During a run at least one is. */
  eventRetentionSize?: number | undefined;
  /** Sums up beside the runs, which then never wait for it. @defaultValue false */
  inBackground?: boolean | undefined;
}

const OPTIONS: Readonly<Record<keyof EventsCompactionConfig, OptionCheck>> = {
  summarizer: (value) =>
    isEventsSummarizer(value) ? undefined : "a summarizer (an instance of a BaseEventsSummarizer)",
  compactionInterval: integer(1),
  overlapSize: integer(0),
  tokenThreshold: integer(1),
  eventRetentionSize: integer(0),
  inBackground: "boolean",
};

const PAIRS = [
  ["compactionInterval", "overlapSize"],
  ["tokenThreshold", "eventRetentionSize"],
] as const;

/** @throws AdkError `INVALID_ARGUMENT` */
export function checkCompaction(config: EventsCompactionConfig, rootAgent: BaseAgent): void {
  const owner = "eventsCompactionConfig";
  checkOptions(owner, config, OPTIONS);
  for (const [one, other] of PAIRS)
    if ((config[one] === undefined) !== (config[other] === undefined))
      throw new AdkError(
        "INVALID_ARGUMENT",
        `${owner}: \`${one}\` and \`${other}\` come together. Give both, or neither.`,
      );
  if (config.compactionInterval === undefined && config.tokenThreshold === undefined)
    throw new AdkError(
      "INVALID_ARGUMENT",
      `${owner} says nothing about when to sum up. Give \`compactionInterval\` and \`overlapSize\`, or \`tokenThreshold\` and \`eventRetentionSize\`.`,
    );
  if (config.summarizer === undefined && !isLlmAgent(rootAgent))
    throw new AdkError(
      "INVALID_ARGUMENT",
      `${owner} needs a \`summarizer\`: agent ${rootAgent.name} is no LlmAgent whose model could be asked.`,
    );
}
