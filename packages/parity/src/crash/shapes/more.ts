import {
  BaseEventsSummarizer,
  BasePlugin,
  createEvent,
  type Content,
  type Event,
  EXIT_LOOP,
  type SummarizeEventsRequest,
} from "@adk/core";
import { calls, type Kit, type ScriptedCall, transfer, type Turns } from "../kit.ts";
import { hash } from "../request-hash.ts";
import { answer, approve, say, type Shape } from "../shape.ts";

const HI = say("Hello.");
const ONE_HOUR_MS = 3_600_000;

function ask(agent: string): ScriptedCall {
  return { name: agent, args: { request: `for ${agent}` } };
}

/** Asks first, and says something else until the answer is there. */
const untilAnswered: Turns = (_said, { contents }) => {
  const text = JSON.stringify(contents);
  if (!text.includes("functionCall")) return calls("ask");
  return text.includes("answer to") ? "Done." : "Still waiting.";
};

const ANSWER_SCHEMA = {
  type: "object",
  properties: { word: { type: "string" } },
  required: ["word"],
} as const;

/** Calls and answers of rarer kinds. */
export const CALLS: readonly Shape[] = [
  {
    name: "long-silent-writes",
    app: (kit) =>
      kit.app(
        kit.llm("root", [calls("ask"), "Done."], {
          tools: [kit.longRunning("ask", ({ state }) => state.set("ticket", 7))],
        }),
      ),
    steps: [HI, answer("ask")],
  },
  {
    name: "long-silent-writes-beside-normal",
    app: (kit) =>
      kit.app(
        kit.llm("root", [calls("ask", "one"), "Done."], {
          tools: [
            kit.longRunning("ask", ({ state }) => state.set("ticket", 7)),
            kit.tool("one", ({ state }) => state.set("one", 1)),
          ],
        }),
      ),
    steps: [HI, answer("ask")],
  },
  {
    name: "answered-once",
    app: (kit) =>
      kit.app(
        kit.llm("root", [calls("one", "ask"), "Done."], {
          tools: [kit.tool("one"), kit.longRunning("ask")],
        }),
      ),
    steps: [HI, { ...answer("ask"), isOnce: true }],
  },
  {
    name: "approved-once-in-an-agent-tool",
    app: (kit) =>
      kit.app(
        kit.llm("root", [calls(ask("helper")), "Done."], {
          tools: [
            kit.agentTool(
              kit.llm("helper", [calls("pay"), "Help."], { tools: [kit.confirmed("pay")] }),
            ),
          ],
        }),
      ),
    steps: [HI, { ...approve("pay"), isOnce: true }],
  },
  {
    name: "approved-call-waits",
    app: (kit) =>
      kit.app(
        kit.llm("root", [calls("order"), "Done."], { tools: [kit.confirmedLongRunning("order")] }),
      ),
    steps: [HI, approve("order"), answer("order")],
  },
  {
    name: "tool-asks-with-a-payload",
    app: (kit) =>
      kit.app(
        kit.llm("root", [calls("order", "one"), "Done."], {
          tools: [
            kit.tool("one"),
            kit.tool("order", (context) => {
              const { toolConfirmation } = context;
              if (toolConfirmation) return { ordered: toolConfirmation.payload };
              context.requestConfirmation({ hint: "How many?", payload: { count: 1 } });
              return { status: "asked" };
            }),
          ],
        }),
      ),
    steps: [HI, answer({ tool: "order", response: { confirmed: true, payload: { count: 3 } } })],
  },
  {
    name: "structured-output-beside-tools",
    app: (kit) =>
      kit.app(
        kit.sequential("root", [
          kit.llm(
            "first",
            [calls("one"), calls({ name: "set_model_response", args: { word: "yes" } })],
            { tools: [kit.tool("one")], outputSchema: ANSWER_SCHEMA, outputKey: "word" },
          ),
          kit.llm("second", ["Second."]),
        ]),
      ),
    steps: [HI],
  },
  {
    name: "two-kinds-answered-in-one-message",
    app: (kit) =>
      kit.app(
        kit.parallel("root", [
          kit.llm("left", [calls("pay"), "Left."], { tools: [kit.confirmed("pay")] }),
          kit.llm("right", [calls("ask"), "Right."], { tools: [kit.longRunning("ask")] }),
        ]),
      ),
    steps: [HI, answer("ask", { tool: "pay", response: { confirmed: true } })],
  },
  {
    name: "pause-in-each-pass",
    app: (kit) =>
      kit.app(
        kit.loop("root", 2, [
          kit.llm("asker", [calls("ask"), "1", calls("ask"), "2"], {
            tools: [kit.longRunning("ask")],
          }),
          kit.llm("other", [calls("one"), "3", calls("one"), "4"], { tools: [kit.tool("one")] }),
        ]),
      ),
    steps: [HI, answer("ask"), answer("ask")],
  },
  {
    name: "turns-between-pauses-of-two-invocations",
    app: (kit) =>
      kit.app(
        kit.sequential("root", [
          kit.llm("first", untilAnswered, { tools: [kit.longRunning("ask")] }),
          kit.llm("second", ["1", "2", "3"]),
        ]),
      ),
    steps: [HI, say("Meanwhile?", "i2"), say("And?", "i3"), answer("ask")],
  },
  {
    name: "state-with-messages",
    app: (kit) => kit.app(kit.llm("root", ["Seen."])),
    steps: [{ ...HI, stateDelta: { "app:seen": [1, { two: 2 }] } }, say("Again.", "i2")],
  },
  {
    name: "contents-of-the-turn-only",
    app: (kit) =>
      kit.app(
        kit.sequential("root", [
          kit.llm("first", ["First."]),
          kit.llm("second", [calls("one"), "Second."], {
            tools: [kit.tool("one")],
            includeContents: "none",
          }),
        ]),
      ),
    steps: [HI],
  },
  {
    name: "streamed-calls-in-a-parallel",
    app: (kit) =>
      kit.app(
        kit.parallel("root", [
          kit.llm("left", [calls("one", "two"), "Left is done."], {
            tools: [kit.tool("one"), kit.tool("two")],
          }),
          kit.llm("right", ["Right has something longer to say."]),
        ]),
      ),
    steps: [{ ...HI, streams: true }],
  },
];

/** Agent tools of rarer kinds. */
export const MORE_NESTED: readonly Shape[] = [
  {
    name: "agent-tool-in-a-loop",
    app: (kit) =>
      kit.app(
        kit.loop("root", 2, [
          kit.llm("asker", [calls(ask("helper")), "1", calls(ask("helper")), "2"], {
            tools: [
              kit.agentTool(
                kit.llm("helper", [calls("one"), "Help."], { tools: [kit.tool("one")] }),
              ),
            ],
          }),
        ]),
      ),
    steps: [HI],
  },
  {
    name: "agent-tool-with-a-transfer",
    app: (kit) =>
      kit.app(
        kit.llm("root", [calls(ask("helper")), "Done."], {
          tools: [
            kit.agentTool(
              kit.llm("helper", [transfer("expert")], {
                subAgents: [
                  kit.llm("expert", [calls("ask"), "Expert."], { tools: [kit.longRunning("ask")] }),
                ],
              }),
            ),
          ],
        }),
      ),
    steps: [HI, answer("ask")],
  },
  {
    name: "agent-tool-of-a-loop",
    app: (kit) =>
      kit.app(
        kit.llm("root", [calls(ask("team")), "Done."], {
          tools: [
            kit.agentTool(
              kit.loop("team", 4, [
                kit.llm("first", [calls("one"), "1", "2"], { tools: [kit.tool("one")] }),
                kit.llm("judge", ["Go on.", calls("exit_loop")], { tools: [EXIT_LOOP] }),
              ]),
            ),
          ],
        }),
      ),
    steps: [HI],
  },
  {
    name: "agent-tool-with-callbacks-and-artifacts",
    app: (kit) =>
      kit.app(
        kit.llm("root", [calls(ask("helper")), "Done."], {
          tools: [
            kit.agentTool(
              kit.llm("helper", [calls("save"), "Help."], {
                tools: [
                  kit.tool("save", async (context) => {
                    await context.saveArtifact("notes.txt", { text: "notes" });
                    context.state.set("app:saved", true);
                    context.state.set("temp:gone", true);
                    return { saved: true };
                  }),
                ],
                beforeAgentCallback: async ({ state }) => {
                  await kit.world.outside(() => undefined);
                  state.set("before", Number(state.get("before") ?? 0) + 1);
                },
                afterAgentCallback: async ({ state }): Promise<Content> => {
                  await kit.world.outside(() => undefined);
                  state.set("after", Number(state.get("after") ?? 0) + 1);
                  return { role: "model", parts: [{ text: "The last word." }] };
                },
              }),
            ),
          ],
        }),
      ),
    steps: [HI],
  },
  {
    name: "agent-tool-confirms-two-one-by-one",
    app: (kit) =>
      kit.app(
        kit.llm("root", [calls("one", ask("helper")), "Done."], {
          tools: [
            kit.tool("one"),
            kit.agentTool(
              kit.llm("helper", [calls("pay", "sell"), "Help."], {
                tools: [kit.confirmed("pay"), kit.confirmed("sell")],
              }),
            ),
          ],
        }),
      ),
    steps: [HI, approve("sell"), approve("pay")],
  },
  {
    name: "agent-tool-beside-a-confirmation",
    app: (kit) =>
      kit.app(
        kit.llm("root", [calls("pay", ask("helper")), "Done."], {
          tools: [
            kit.confirmed("pay"),
            kit.agentTool(
              kit.llm("helper", [calls("ask"), "Help."], { tools: [kit.longRunning("ask")] }),
            ),
          ],
        }),
      ),
    steps: [HI, approve("pay"), answer("ask")],
  },
  {
    name: "agent-tools-wait-beside-each-other",
    app: (kit) =>
      kit.app(
        kit.llm("root", [calls(ask("helper"), ask("other")), "Done."], {
          tools: [
            kit.agentTool(
              kit.llm("helper", [calls("ask"), "Help."], { tools: [kit.longRunning("ask")] }),
            ),
            kit.agentTool(
              kit.llm("other", [calls("beg"), "Other."], { tools: [kit.longRunning("beg")] }),
            ),
          ],
        }),
      ),
    steps: [HI, answer("beg"), answer("ask")],
  },
  {
    name: "agent-tool-nested-confirms-in-a-sequence",
    app: (kit) =>
      kit.app(
        kit.sequential("root", [
          kit.llm("first", [calls(ask("helper")), "First."], {
            tools: [
              kit.agentTool(
                kit.sequential("helper", [
                  kit.llm("inner", [calls(ask("expert")), "Inner."], {
                    tools: [
                      kit.agentTool(
                        kit.llm("expert", [calls("pay", "one"), "Expert."], {
                          tools: [kit.confirmed("pay"), kit.tool("one")],
                        }),
                      ),
                    ],
                  }),
                  kit.llm("last", ["Last."]),
                ]),
              ),
            ],
          }),
          kit.llm("second", ["Second."]),
        ]),
      ),
    steps: [HI, approve("pay")],
  },
];

/** Says which contents it has read. */
class Summarizer extends BaseEventsSummarizer {
  readonly #kit: Kit;

  constructor(kit: Kit) {
    super();
    this.#kit = kit;
  }

  override async maybeSummarizeEvents({ events }: SummarizeEventsRequest): Promise<Event> {
    await this.#kit.world.outside(() => undefined);
    const texts = events.flatMap(({ content }) => content?.parts?.map(({ text }) => text) ?? []);
    return createEvent({
      id: "summary",
      actions: {
        compaction: {
          startTimestamp: 0,
          endTimestamp: 0,
          compactedContent: {
            role: "model",
            parts: [{ text: `Summary of ${events.length}: ${hash(JSON.stringify(texts))}` }],
          },
        },
      },
    });
  }
}

/** Ends runs before they begin, and changes what is stored. */
class AnsweringPlugin extends BasePlugin {
  readonly #kit: Kit;

  constructor(kit: Kit) {
    super("answering");
    this.#kit = kit;
  }

  override async beforeRunCallback(): Promise<Content> {
    await this.#kit.world.outside(() => undefined);
    return { role: "model", parts: [{ text: "Closed today." }] };
  }
}

class MarkingPlugin extends BasePlugin {
  readonly #kit: Kit;

  constructor(kit: Kit) {
    super("marking");
    this.#kit = kit;
  }

  override async onEventCallback({ event }: { event: Event }): Promise<Partial<Event>> {
    await this.#kit.world.outside(() => undefined);
    return { customMetadata: { marked: event.author } };
  }

  override async afterRunCallback(): Promise<void> {
    await this.#kit.world.outside(() => undefined);
  }
}

/** Compaction, and plugins that answer. */
export const RUNS: readonly Shape[] = [
  {
    name: "compaction-after-each-run",
    app: (kit) =>
      kit.app(kit.llm("root", ["1", "2", "3"], { hashes: false }), [], {
        compactionInterval: 1,
        overlapSize: 0,
        summarizer: new Summarizer(kit),
      }),
    steps: [HI, say("Second.", "i2"), say("Third.", "i3")],
  },
  {
    name: "answer-from-before-the-window",
    app: (kit) =>
      kit.app(
        kit.sequential("root", [
          kit.llm("first", untilAnswered, { tools: [kit.longRunning("ask")] }),
          kit.llm("second", ["1", "2", "3", "4"]),
        ]),
        [],
        { compactionInterval: 2, overlapSize: 0, summarizer: new Summarizer(kit) },
      ),
    steps: [HI, say("Meanwhile?", "i2"), say("And?", "i3"), say("Well?", "i4"), answer("ask")],
  },
  {
    name: "plugin-answers-the-run",
    app: (kit) => kit.app(kit.llm("root", ["Never."]), [new AnsweringPlugin(kit)]),
    steps: [HI, say("Again.", "i2")],
  },
  {
    name: "plugin-marks-events",
    app: (kit) =>
      kit.app(
        kit.parallel("root", [
          kit.llm("left", [calls("one", "ask"), "Left."], {
            tools: [kit.tool("one"), kit.longRunning("ask")],
          }),
          kit.llm("right", ["Right."]),
        ]),
        [new MarkingPlugin(kit)],
      ),
    steps: [HI, answer("ask")],
  },
  {
    name: "aborted",
    app: (kit) =>
      kit.app(
        kit.sequential("root", [
          kit.llm("first", [calls("one", "stop", "two"), "Never."], {
            tools: [
              kit.tool("one"),
              kit.tool("stop", () => {
                kit.world.abort();
                return { stopped: true };
              }),
              kit.tool("two"),
            ],
          }),
          kit.llm("second", ["Never."]),
        ]),
      ),
    steps: [HI, say("Again.", "i2")],
  },
  {
    name: "aborted-beside-a-call-that-waits",
    leavesOpen: true,
    app: (kit) =>
      kit.app(
        kit.parallel("root", [
          kit.llm("left", [calls("ask"), "Never."], { tools: [kit.longRunning("ask")] }),
          kit.llm("right", [calls("beg"), calls("stop"), "Never."], {
            tools: [
              kit.longRunning("beg"),
              kit.tool("stop", () => {
                kit.world.abort();
                return { stopped: true };
              }),
            ],
          }),
        ]),
      ),
    steps: [HI, answer("beg")],
  },
  {
    name: "aborted-beside-an-agent-tool-that-waits",
    leavesOpen: true,
    app: (kit) =>
      kit.app(
        kit.parallel("root", [
          kit.llm("left", [calls(ask("helper")), "Never."], {
            tools: [
              kit.agentTool(
                kit.llm("helper", [calls("ask"), "Never."], { tools: [kit.longRunning("ask")] }),
              ),
            ],
          }),
          kit.llm("right", [calls("beg"), calls("stop"), "Never."], {
            tools: [
              kit.longRunning("beg"),
              kit.tool("stop", async () => {
                // The other branch has come to rest.
                await kit.world.sleep(1);
                kit.world.abort();
                return { stopped: true };
              }),
            ],
          }),
        ]),
      ),
    steps: [HI, answer("beg")],
  },
  {
    name: "nobody-answers-in-time",
    leavesOpen: true,
    app: (kit) =>
      kit.app(
        kit.sequential("root", [
          kit.llm("first", [calls("ask", "one"), "It is too late."], {
            tools: [kit.longRunning("ask", () => undefined, ONE_HOUR_MS), kit.tool("one")],
          }),
          kit.llm("second", ["Second."]),
        ]),
      ),
    steps: [HI, { invocationId: "i1", afterMs: 2 * ONE_HOUR_MS }],
  },
];
