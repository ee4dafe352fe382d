import { calls, type Kit, type ScriptedCall, type Turn } from "../kit.ts";
import { answer, approve, say, type Shape } from "../shape.ts";

const HI = say("Hello.");

function ask(agent: string): ScriptedCall {
  return { name: agent, args: { request: `for ${agent}` } };
}

/** A root that asks an agent as a tool, beside other calls. */
function rootOf(kit: Kit, agent: ReturnType<Kit["llm"]>, first: Turn, tools: object[] = []) {
  return kit.llm("root", [first, "Done."], {
    tools: [kit.agentTool(agent), ...(tools as ReturnType<Kit["tool"]>[])],
  });
}

/** Agents that are used as tools. */
export const NESTED: readonly Shape[] = [
  {
    name: "agent-tool",
    app: (kit) =>
      kit.app(
        rootOf(
          kit,
          kit.llm("helper", [calls("one"), "Help."], {
            tools: [kit.tool("one", ({ state }) => state.set("helped", true))],
          }),
          calls(ask("helper")),
        ),
      ),
    steps: [HI],
  },
  {
    name: "agent-tool-beside-tools",
    app: (kit) =>
      kit.app(
        rootOf(
          kit,
          kit.llm("helper", [calls("one", "two"), "Help."], {
            tools: [kit.tool("one"), kit.tool("two")],
            outputKey: "help",
          }),
          calls("three", ask("helper"), "four"),
          [kit.tool("three"), kit.tool("four")],
        ),
      ),
    steps: [HI],
  },
  {
    name: "agent-tool-twice",
    app: (kit) =>
      kit.app(
        rootOf(
          kit,
          kit.llm("helper", [calls("one"), "Help."], { tools: [kit.tool("one")] }),
          calls(ask("helper"), ask("helper")),
        ),
      ),
    steps: [HI],
  },
  {
    name: "agent-tool-nested",
    app: (kit) =>
      kit.app(
        rootOf(
          kit,
          kit.llm("helper", [calls(ask("expert")), "Help."], {
            tools: [
              kit.agentTool(
                kit.llm("expert", [calls("one"), "Expert."], {
                  tools: [kit.tool("one", ({ state }) => state.set("user:expert", 1))],
                }),
              ),
            ],
          }),
          calls(ask("helper")),
        ),
      ),
    steps: [HI],
  },
  {
    name: "agent-tool-beside-a-writing-branch",
    app: (kit) =>
      kit.app(
        kit.parallel("root", [
          kit.llm("left", [calls(ask("helper")), "Left."], {
            tools: [
              kit.agentTool(kit.llm("helper", ["Help 1.", "Help 2."], { outputKey: "help" })),
            ],
          }),
          kit.llm("right", [calls("one"), calls("two"), "Right."], {
            tools: [
              kit.tool("one", ({ state }) => state.set("one", 1)),
              kit.tool("two", ({ state }) => state.set("two", 2)),
            ],
          }),
        ]),
      ),
    steps: [HI],
  },
  {
    name: "agent-tool-waits",
    app: (kit) =>
      kit.app(
        rootOf(
          kit,
          kit.llm("helper", [calls("ask"), "Help."], { tools: [kit.longRunning("ask")] }),
          calls(ask("helper")),
        ),
      ),
    steps: [HI, answer("ask")],
  },
  {
    name: "agent-tool-waits-beside-normal",
    app: (kit) =>
      kit.app(
        rootOf(
          kit,
          kit.llm("helper", [calls("one", "ask"), "Help."], {
            tools: [kit.tool("one", ({ state }) => state.set("one", 1)), kit.longRunning("ask")],
          }),
          calls("two", ask("helper")),
          [kit.tool("two", ({ state }) => state.set("two", 2))],
        ),
      ),
    steps: [HI, answer("ask")],
  },
  {
    name: "agent-tool-waits-twice",
    app: (kit) =>
      kit.app(
        rootOf(
          kit,
          kit.llm("helper", [calls("ask", "beg"), calls("ask"), "Help."], {
            tools: [kit.longRunning("ask"), kit.longRunning("beg")],
          }),
          calls(ask("helper")),
        ),
      ),
    steps: [HI, answer("beg"), answer("ask"), answer("ask")],
  },
  {
    name: "agent-tool-confirms",
    app: (kit) =>
      kit.app(
        rootOf(
          kit,
          kit.llm("helper", [calls("pay", "one"), "Help."], {
            tools: [kit.confirmed("pay"), kit.tool("one")],
          }),
          calls(ask("helper")),
        ),
      ),
    steps: [HI, approve("pay")],
  },
  {
    name: "agent-tool-nested-waits",
    app: (kit) =>
      kit.app(
        rootOf(
          kit,
          kit.llm("helper", [calls(ask("expert")), "Help."], {
            tools: [
              kit.agentTool(
                kit.llm("expert", [calls("ask"), "Expert."], { tools: [kit.longRunning("ask")] }),
              ),
            ],
          }),
          calls(ask("helper")),
        ),
      ),
    steps: [HI, answer("ask")],
  },
  {
    name: "agent-tool-of-a-parallel-waits",
    app: (kit) =>
      kit.app(
        kit.llm("root", [calls(ask("team")), "Done."], {
          tools: [
            kit.agentTool(
              kit.sequential("team", [
                kit.parallel("both", [
                  kit.llm("left", [calls("ask"), "Left."], { tools: [kit.longRunning("ask")] }),
                  kit.llm("right", ["Right."]),
                ]),
                kit.llm("last", ["Last."], { hashes: false }),
              ]),
            ),
          ],
        }),
      ),
    steps: [HI, answer("ask")],
  },
  {
    name: "agent-tools-wait-in-two-branches",
    app: (kit) =>
      kit.app(
        kit.parallel("root", [
          kit.llm("left", [calls(ask("one")), "Left."], {
            tools: [
              kit.agentTool(
                kit.llm("one", [calls("ask"), "One."], { tools: [kit.longRunning("ask")] }),
              ),
            ],
          }),
          kit.llm("right", [calls("beg"), "Right."], { tools: [kit.longRunning("beg")] }),
        ]),
      ),
    steps: [HI, answer("ask", "beg")],
  },
];
