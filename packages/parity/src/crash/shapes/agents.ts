import { BaseAgent, type Event, EXIT_LOOP, type InvocationContext } from "@adk/core";
import { calls, type Kit, type LlmOptions, transfer, type Turn } from "../kit.ts";
import { hook } from "./hook.ts";
import { answer, approve, say, type Shape } from "../shape.ts";

const HI = say("Hello.");
const RACED: LlmOptions = { hashes: false };

/** An agent that asks somebody outside, then says something. */
function asking(kit: Kit, name: string, tool: string = "ask", turns?: readonly Turn[]): BaseAgent {
  return kit.llm(name, turns ?? [calls(tool), `${name} is done.`], {
    tools: [kit.longRunning(tool)],
  });
}

/** Agents that run others one after the other. */
export const SEQUENCES: readonly Shape[] = [
  {
    name: "sequence",
    app: (kit) =>
      kit.app(
        kit.sequential("root", [
          kit.llm("first", ["First."]),
          kit.llm("second", [calls("one"), "Second."], { tools: [kit.tool("one")] }),
        ]),
      ),
    steps: [HI],
  },
  {
    name: "sequence-pauses",
    app: (kit) =>
      kit.app(
        kit.sequential("root", [
          kit.llm("first", ["First."]),
          asking(kit, "second"),
          kit.llm("third", ["Third."]),
        ]),
      ),
    steps: [HI, answer("ask")],
  },
  {
    name: "sequence-of-sequences",
    app: (kit) =>
      kit.app(
        kit.sequential("root", [
          kit.sequential("inner", [kit.llm("first", ["First."]), asking(kit, "second")]),
          kit.sequential("other", [kit.llm("third", ["Third."]), asking(kit, "fourth", "beg")]),
        ]),
      ),
    steps: [HI, answer("ask"), answer("beg")],
  },
  {
    name: "loop-to-its-end",
    app: (kit) =>
      kit.app(
        kit.loop("root", 2, [
          kit.llm("first", ["1", "2", "3"]),
          kit.llm("second", ["4", "5", "6"]),
        ]),
      ),
    steps: [HI],
  },
  {
    name: "loop-escalates",
    app: (kit) =>
      kit.app(
        kit.sequential("root", [
          kit.loop("loop", 5, [
            kit.llm("first", ["1", "2", "3"]),
            kit.llm("judge", ["Go on.", calls("exit_loop"), "Never."], { tools: [EXIT_LOOP] }),
            kit.llm("last", ["7", "8", "9"]),
          ]),
          kit.llm("after", ["After."]),
        ]),
      ),
    steps: [HI],
  },
  {
    name: "loop-pauses-in-pass-2",
    app: (kit) =>
      kit.app(
        kit.loop("root", 3, [
          asking(kit, "asker", "ask", ["Not yet.", calls("ask"), "Thanks.", "Done."]),
          kit.llm("other", ["1", "2", "3"]),
        ]),
      ),
    steps: [HI, answer("ask")],
  },
  {
    name: "loop-of-sequence",
    app: (kit) =>
      kit.app(
        kit.loop("root", 3, [
          kit.sequential("inner", [
            kit.llm("first", [calls("one"), "1", calls("one"), "2"], { tools: [kit.tool("one")] }),
            kit.llm("judge", ["Go on.", calls("exit_loop")], { tools: [EXIT_LOOP] }),
          ]),
        ]),
      ),
    steps: [HI],
  },
  {
    name: "turn-after-a-sequence-that-waits",
    app: (kit) =>
      kit.app(
        kit.sequential("root", [
          kit.llm(
            "asker",
            (_said, { contents }) => {
              const text = JSON.stringify(contents);
              if (!text.includes("functionCall")) return calls("ask");
              return text.includes("answer to") ? "Done." : "Still waiting.";
            },
            { tools: [kit.longRunning("ask")] },
          ),
          kit.llm("second", ["Second.", "Second again.", "Third."]),
        ]),
      ),
    steps: [HI, say("Meanwhile?", "i2"), answer("ask")],
  },
];

/** Agents that run others at the same time. */
export const PARALLELS: readonly Shape[] = [
  {
    name: "parallel",
    app: (kit) =>
      kit.app(
        kit.parallel("root", [
          kit.llm("left", [calls("one"), "Left."], { tools: [kit.tool("one")] }),
          kit.llm("right", ["Right."]),
        ]),
      ),
    steps: [HI],
  },
  {
    name: "parallel-then-one",
    app: (kit) =>
      kit.app(
        kit.sequential("root", [
          kit.parallel("both", [
            kit.llm("left", ["Left."], { outputKey: "left" }),
            kit.llm("right", [calls("one", "two"), "Right."], {
              tools: [kit.tool("one"), kit.tool("two")],
              outputKey: "right",
            }),
          ]),
          kit.llm("after", ["After."], RACED),
        ]),
      ),
    steps: [HI],
  },
  {
    name: "parallel-one-pauses",
    app: (kit) =>
      kit.app(kit.parallel("root", [asking(kit, "left"), kit.llm("right", ["Right."])])),
    steps: [HI, answer("ask")],
  },
  {
    name: "parallel-both-pause-one-by-one",
    app: (kit) => kit.app(kit.parallel("root", [asking(kit, "left"), asking(kit, "right", "beg")])),
    steps: [HI, answer("beg"), answer("ask")],
  },
  {
    name: "parallel-both-answered-in-one-message",
    app: (kit) =>
      kit.app(
        kit.sequential("root", [
          kit.parallel("both", [asking(kit, "left"), asking(kit, "right", "beg")]),
          kit.llm("after", ["After."], RACED),
        ]),
      ),
    steps: [HI, answer("ask", "beg")],
  },
  {
    name: "parallel-of-sequences",
    app: (kit) =>
      kit.app(
        kit.parallel("root", [
          kit.sequential("left", [asking(kit, "left1"), kit.llm("left2", ["Left 2."])]),
          kit.sequential("right", [kit.llm("right1", ["Right 1."]), kit.llm("right2", ["R 2."])]),
        ]),
      ),
    steps: [HI, answer("ask")],
  },
  {
    name: "parallel-in-parallel",
    app: (kit) =>
      kit.app(
        kit.parallel("root", [
          kit.parallel("inner", [asking(kit, "one"), kit.llm("two", ["Two."])]),
          kit.llm("three", ["Three."]),
        ]),
      ),
    steps: [HI, answer("ask")],
  },
  {
    name: "loop-of-parallel-pauses-in-pass-2",
    app: (kit) =>
      kit.app(
        kit.loop("root", 3, [
          kit.parallel("both", [
            asking(kit, "left", "ask", ["Not yet.", calls("ask"), "Thanks.", "Done."]),
            kit.llm("right", ["1", "2", "3"]),
          ]),
        ]),
      ),
    steps: [HI, answer("ask")],
  },
  {
    name: "parallel-confirmations",
    app: (kit) =>
      kit.app(
        kit.parallel("root", [
          kit.llm("left", [calls("pay"), "Left."], { tools: [kit.confirmed("pay")] }),
          kit.llm("right", [calls("sell", "one"), "Right."], {
            tools: [kit.confirmed("sell"), kit.tool("one")],
          }),
        ]),
      ),
    steps: [HI, approve("sell"), approve("pay")],
  },
  {
    name: "parallel-escalates",
    app: (kit) =>
      kit.app(
        kit.loop("root", 3, [
          kit.parallel("both", [
            kit.llm("left", [calls("exit_loop")], { tools: [EXIT_LOOP] }),
            kit.sequential("right", []),
          ]),
          kit.llm("last", ["1", "2", "3"], RACED),
        ]),
      ),
    steps: [HI],
  },
];

/** Agents that hand the conversation over. */
export const TRANSFERS: readonly Shape[] = [
  {
    name: "transfer",
    app: (kit) =>
      kit.app(kit.llm("root", [transfer("helper")], { subAgents: [kit.llm("helper", ["Yes."])] })),
    steps: [HI],
  },
  {
    name: "transfer-chain",
    app: (kit) =>
      kit.app(
        kit.llm("root", [transfer("helper")], {
          subAgents: [
            kit.llm("helper", [transfer("expert")], {
              subAgents: [
                kit.llm("expert", [calls("one"), "Expert."], { tools: [kit.tool("one")] }),
              ],
            }),
          ],
        }),
      ),
    steps: [HI, say("And now?", "i2")],
  },
  {
    name: "transfer-and-back",
    app: (kit) =>
      kit.app(
        kit.llm("root", [transfer("helper"), "Root."], {
          subAgents: [kit.llm("helper", [transfer("root")])],
        }),
      ),
    steps: [HI],
  },
  {
    name: "transfer-in-a-sequence-and-back",
    app: (kit) =>
      kit.app(
        kit.sequential("root", [
          kit.llm("first", [transfer("helper"), "First."], {
            subAgents: [kit.llm("helper", [transfer("first")])],
          }),
          kit.llm("second", ["Second."]),
        ]),
      ),
    steps: [HI],
  },
  {
    name: "transfer-then-pause",
    app: (kit) =>
      kit.app(kit.llm("root", [transfer("helper")], { subAgents: [asking(kit, "helper")] })),
    steps: [HI, answer("ask"), say("And now?", "i2")],
  },
  {
    name: "transfer-to-a-peer-in-a-loop",
    app: (kit) =>
      kit.app(
        kit.loop("root", 2, [
          kit.llm("first", [transfer("helper"), transfer("helper")], {
            subAgents: [kit.llm("helper", ["1", "2"])],
          }),
          kit.llm("second", ["3", "4"]),
        ]),
      ),
    steps: [HI],
  },
  {
    name: "transfer-in-a-parallel",
    app: (kit) =>
      kit.app(
        kit.parallel("root", [
          kit.llm("left", [transfer("helper")], { subAgents: [asking(kit, "helper")] }),
          kit.llm("right", ["Right."]),
        ]),
      ),
    steps: [HI, answer("ask")],
  },
];

/** An agent of somebody's own, which runs its sub-agents twice. */
class Twice extends BaseAgent {
  protected override async *runAsyncImpl(
    context: InvocationContext,
  ): AsyncGenerator<Event, void, undefined> {
    for (const agent of [...this.subAgents, ...this.subAgents]) yield* agent.runAsync(context);
  }
}

export const CUSTOM: readonly Shape[] = [
  {
    name: "custom-agent",
    app: (kit) =>
      kit.app(
        new Twice({
          name: "root",
          subAgents: [
            kit.llm("first", [calls("one"), "1", "2"], { tools: [kit.tool("one")] }),
            kit.llm("second", ["3", "4"]),
          ],
        }),
      ),
    steps: [HI],
  },
  {
    name: "custom-agent-with-callbacks",
    app: (kit) =>
      kit.app(
        new Twice({
          name: "root",
          subAgents: [
            kit.llm("first", [calls("one"), "1", "2"], {
              tools: [kit.tool("one")],
              beforeAgentCallback: hook(kit, "before"),
              afterAgentCallback: hook(kit, "after", "Bye."),
            }),
            kit.sequential("second", [kit.llm("third", ["3", "4"])]),
            kit.llm("fourth", [transfer("fifth"), transfer("fifth")], {
              subAgents: [kit.llm("fifth", ["5", "6"])],
            }),
          ],
        }),
      ),
    steps: [HI],
  },
];
