import {
  App,
  type AppOptions,
  LlmEventSummarizer,
  type LlmEventSummarizerOptions,
  SequentialAgent,
} from "../../../src/index.ts";
import {
  NO_BOOLEAN,
  NO_COUNT,
  NO_OBJECT,
  NO_POSITIVE,
  type Row,
  rowsOf,
  UNKNOWN,
} from "../rows.ts";
import { pong } from "../world.ts";

const OWNER = "eventsCompactionConfig";

function appWith(eventsCompactionConfig: object): AppOptions {
  return { name: "app", rootAgent: pong(), eventsCompactionConfig };
}

function both(): object {
  return { compactionInterval: 2, overlapSize: 1, tokenThreshold: 1_000, eventRetentionSize: 5 };
}

/** Of what sums up events. */
export const compactionRows: readonly Row[] = [
  ...rowsOf(
    "AppOptions",
    {
      eventsCompactionConfig: [
        ...NO_OBJECT,
        ["one that says nothing", {}, { says: OWNER }],
        ["half a window", { compactionInterval: 2 }, { says: "`overlapSize`" }],
        ["the other half", { overlapSize: 2 }, { says: "`compactionInterval`" }],
        ["half a threshold", { tokenThreshold: 2 }, { says: "`eventRetentionSize`" }],
        ["the other half of it", { eventRetentionSize: 2 }, { says: "`tokenThreshold`" }],
      ],
    },
    () => appWith(both()),
    (_, options) => new App(options),
  ),
  ...rowsOf(
    "EventsCompactionConfig",
    {
      summarizer: [
        ["a function", () => undefined],
        ["an object", { maybeSummarizeEvents: () => undefined }],
        ["null", null],
      ],
      compactionInterval: NO_POSITIVE,
      overlapSize: NO_COUNT,
      tokenThreshold: NO_POSITIVE,
      eventRetentionSize: NO_COUNT,
      inBackground: NO_BOOLEAN,
      ...UNKNOWN,
    },
    both,
    (_, config) => new App(appWith(config)),
  ),
  ...rowsOf(
    "EventsCompactionConfig",
    { summarizer: [["nothing, where the root has no model", undefined]] },
    both,
    (_, config) =>
      new App({
        ...appWith(config),
        rootAgent: new SequentialAgent({ name: "root", subAgents: [pong("child")] }),
      }),
  ),
  ...rowsOf<Record<keyof LlmEventSummarizerOptions, unknown>>(
    "LlmEventSummarizerOptions",
    {
      llm: [
        ["a name", "gemini-2.5-flash"],
        ["nothing", undefined],
        ["an object", {}],
      ],
      promptTemplate: [
        ["a number", 5],
        ["one without a place for the transcript", "Sum up."],
      ],
      ...UNKNOWN,
    },
    () => ({ llm: pong().canonicalModel, promptTemplate: "{conversation_history}" }),
    (_, options) => new LlmEventSummarizer(options as LlmEventSummarizerOptions),
  ),
];
