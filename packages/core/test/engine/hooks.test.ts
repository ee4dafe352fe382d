import { describe, expect, it } from "vitest";
import {
  AdkError,
  AgentTool,
  type BaseAgent,
  BasePlugin,
  type BaseTool,
  type Event,
  FunctionTool,
  type LlmAgentConfig,
  type PluginHook,
} from "../../src/index.ts";
import type { ScriptedTurn } from "../../src/testing/index.ts";
import { agent, calls, collect, contentWords, engine, told, tool, transferTo } from "./support.ts";

type Short =
  | "onUserMessage"
  | "beforeRun"
  | "afterRun"
  | "onRunError"
  | "onEvent"
  | AgentHook
  | "onAgentError";
type AgentHook =
  | "beforeAgent"
  | "afterAgent"
  | "beforeModel"
  | "afterModel"
  | "onModelError"
  | "beforeTool"
  | "afterTool"
  | "onToolError";

const PLUGIN_ONLY: readonly Short[] = [
  "onUserMessage",
  "beforeRun",
  "afterRun",
  "onRunError",
  "onEvent",
  "onAgentError",
];
const AGENT_HOOKS: readonly AgentHook[] = [
  "beforeAgent",
  "afterAgent",
  "beforeModel",
  "afterModel",
  "onModelError",
  "beforeTool",
  "afterTool",
  "onToolError",
];

/** What each hook answers when it is asked to. */
const ANSWERS: Record<Short, unknown> = {
  onUserMessage: { role: "user", parts: [{ text: "another" }] },
  beforeRun: { role: "model", parts: [{ text: "beforeRun's" }] },
  onEvent: { customMetadata: { touched: true } },
  beforeAgent: { role: "model", parts: [{ text: "beforeAgent's" }] },
  afterAgent: { role: "model", parts: [{ text: "afterAgent's" }] },
  beforeModel: { content: { role: "model", parts: [{ text: "beforeModel's" }] } },
  afterModel: { content: { role: "model", parts: [{ text: "afterModel's" }] } },
  onModelError: { content: { role: "model", parts: [{ text: "onModelError's" }] } },
  beforeTool: { from: "beforeTool" },
  afterTool: { from: "afterTool" },
  onToolError: { from: "onToolError" },
  afterRun: { role: "model", parts: [{ text: "no use" }] },
  onRunError: { role: "model", parts: [{ text: "no use" }] },
  onAgentError: { role: "model", parts: [{ text: "no use" }] },
};

type AnyParams = { agent?: BaseAgent; tool?: BaseTool; event?: Event };

/** Notes every hook, and answers one of them. */
function noting(name: string, log: string[], answers?: Short): BasePlugin {
  class Noting extends BasePlugin {}
  const plugin = new Noting(name);
  for (const hook of [...PLUGIN_ONLY, ...AGENT_HOOKS]) {
    const method = async (params: AnyParams): Promise<unknown> => {
      log.push(`${name} ${hook}${subject(hook, params)}`);
      return hook === answers ? ANSWERS[hook] : undefined;
    };
    Object.assign(plugin, { [`${hook}Callback` satisfies PluginHook]: method });
  }
  return plugin;
}

function subject(hook: Short, { agent: one, tool: called, event }: AnyParams): string {
  if (called) return ` ${called.name}`;
  if (one && hook.endsWith("Agent")) return ` ${one.name}`;
  if (one && hook === "onAgentError") return ` ${one.name}`;
  return event ? ` ${told([event])[0]}` : "";
}

/** Callbacks of an agent that note every hook; of each two, the first may answer. */
function callbacks(name: string, log: string[], answers?: Short): Partial<LlmAgentConfig> {
  const config: Record<string, unknown> = {};
  for (const hook of AGENT_HOOKS)
    config[`${hook}Callback`] = [
      (params: AnyParams): unknown => {
        const about = params.tool
          ? ` ${params.tool.name}`
          : hook.endsWith("Agent")
            ? ` ${name}`
            : "";
        log.push(`${name} ${hook}${about}`);
        return hook === answers ? ANSWERS[hook] : undefined;
      },
      (): void => void (hook === answers ? log.push(`${name} ${hook} again`) : 0),
    ];
  return config;
}

/**
 * A line for everybody who is asked, in order: plugin A, plugin B, then the agent's own callback. `step` is
 * `agent hook subject`; of a hook that `who` answers nobody behind it is asked.
 */
function asked(steps: readonly string[], answers?: Short, who: "A" | "agent" = "A"): string[] {
  return steps.flatMap((step) => {
    const [name = "", hook = "", ...rest] = step.split(" ");
    const about = [hook, ...rest].join(" ");
    const everybody = [`A ${about}`, `B ${about}`];
    if (!(PLUGIN_ONLY as string[]).includes(hook)) everybody.push(`${name} ${about}`);
    const isNotification = ["afterRun", "onRunError", "onAgentError"].includes(hook);
    return hook === answers && who === "A" && !isNotification ? everybody.slice(0, 1) : everybody;
  });
}

interface Played {
  log: string[];
  events: string[];
  error: unknown;
  requests: readonly (readonly string[])[];
}

async function play(
  make: (config: (name: string) => Partial<LlmAgentConfig>) => ReturnType<typeof agent>,
  {
    answers,
    who = "A",
    streaming = false,
  }: { answers?: Short; who?: "A" | "agent"; streaming?: boolean } = {},
): Promise<Played> {
  const log: string[] = [];
  const root = make((name) => callbacks(name, log, who === "agent" ? answers : undefined));
  await using e = await engine({
    agent: root,
    plugins: [noting("A", log, who === "A" ? answers : undefined), noting("B", log)],
  });
  const events: Event[] = [];
  let error: unknown;
  try {
    for await (const event of e.stream(
      "hi",
      streaming ? { runConfig: { streamingMode: "sse" } } : {},
    ))
      events.push(event);
  } catch (thrown) {
    error = thrown;
  }
  return {
    log,
    events: told(events),
    error,
    requests: root.llm.requests.map(({ contents }) => contentWords(contents)),
  };
}

const isOfTool = (line: string): boolean => /^\w+ \w+Tool(Error)? /.test(line);

const START = ["root onUserMessage", "root beforeRun", "root beforeAgent root"];
const END = ["root afterAgent root", "root afterRun"];
const MODEL = ["root beforeModel", "root afterModel"];

const ping = tool("ping", () => "pong");
const broken = tool("broken", () => {
  throw new Error("no");
});

describe("hooks, in their order", () => {
  const one =
    (turns: ScriptedTurn[], more: Partial<LlmAgentConfig> = {}) =>
    (config: (name: string) => Partial<LlmAgentConfig>) =>
      agent("root", turns, { ...config("root"), ...more });

  it("plain", async () => {
    const { log, events } = await play(one(["hello"]));
    expect(log).toEqual(asked([...START, ...MODEL, "root onEvent root: hello", ...END]));
    expect(events).toEqual(["root: hello"]);
  });

  it("streaming: every piece passes afterModel and onEvent", async () => {
    const { log, events } = await play(one(["hello"]), { streaming: true });
    expect(log).toEqual(
      asked([
        ...START,
        ...MODEL,
        "root onEvent root: ~hel",
        "root afterModel",
        "root onEvent root: ~lo",
        "root afterModel",
        "root onEvent root: hello",
        ...END,
      ]),
    );
    expect(events).toEqual(["root: ~hel", "root: ~lo", "root: hello"]);
  });

  const RESPONSE = 'root: ping → {"result":"pong"}';
  const TOOL = [
    ...START,
    ...MODEL,
    "root onEvent root: ping()",
    "root beforeTool ping",
    "root afterTool ping",
    `root onEvent ${RESPONSE}`,
    ...MODEL,
    "root onEvent root: done",
    ...END,
  ];
  const withTool = one([calls(["ping"]), "done"], { tools: [ping] });

  it("tool", async () => {
    expect((await play(withTool)).log).toEqual(asked(TOOL));
  });

  it("two tools: each call has its hooks, one after the other when they do not wait", async () => {
    const pong = tool("pong", () => "ping");
    const { log } = await play(one([calls(["ping"], ["pong"]), "done"], { tools: [ping, pong] }));
    expect(log.filter(isOfTool)).toEqual(
      asked([
        "root beforeTool ping",
        "root afterTool ping",
        "root beforeTool pong",
        "root afterTool pong",
      ]),
    );
  });

  it("a tool that fails: onToolError, then afterTool", async () => {
    const { log, events } = await play(one([calls(["broken"]), "done"], { tools: [broken] }));
    expect(log.filter(isOfTool)).toEqual(
      asked(["root beforeTool broken", "root onToolError broken", "root afterTool broken"]),
    );
    expect(events[1]).toBe('root: broken → {"error":"no"}');
  });

  it("an unknown tool: beforeTool and onToolError, no afterTool", async () => {
    const { log } = await play(one([calls(["made_up"]), "done"]));
    expect(log.filter(isOfTool)).toEqual(
      asked(["root beforeTool made_up", "root onToolError made_up"]),
    );
  });

  it("transfer: the first agent is over before the second one starts", async () => {
    const { log, events } = await play((config) =>
      agent("root", [transferTo("sub")], {
        ...config("root"),
        subAgents: [agent("sub", ["I am sub"], config("sub"))],
      }),
    );
    expect(events).toEqual([
      'root: transfer_to_agent({"agent_name":"sub"})',
      'root: transfer_to_agent → {"result":null} ⇒ sub',
      "sub: I am sub",
    ]);
    expect(log).toEqual(
      asked([
        ...START,
        ...MODEL,
        `root onEvent ${events[0]}`,
        "root beforeTool transfer_to_agent",
        "root afterTool transfer_to_agent",
        `root onEvent ${events[1]}`,
        "root afterAgent root",
        "sub beforeAgent sub",
        "sub beforeModel",
        "sub afterModel",
        "sub onEvent sub: I am sub",
        "sub afterAgent sub",
        "root afterRun",
      ]),
    );
  });

  it("agent tool: the run inside has all hooks, between those of the call", async () => {
    const { log, events } = await play((config) => {
      const child = agent("child", ["42"], config("child"));
      return agent("root", [calls(["child", { request: "?" }]), "done"], {
        ...config("root"),
        tools: [new AgentTool({ agent: child })],
      });
    });
    expect(events).toEqual([
      'root: child({"request":"?"})',
      'root: child → {"result":"42"}',
      "root: done",
    ]);
    expect(log).toEqual(
      asked([
        ...START,
        ...MODEL,
        `root onEvent ${events[0]}`,
        "root beforeTool child",
        "child onUserMessage",
        "child beforeRun",
        "child beforeAgent child",
        "child beforeModel",
        "child afterModel",
        "child onEvent child: 42",
        "child afterAgent child",
        "child afterRun",
        "root afterTool child",
        `root onEvent ${events[1]}`,
        ...MODEL,
        "root onEvent root: done",
        ...END,
      ]),
    );
  });

  it("agent tool without plugins: only the agent's own callbacks inside", async () => {
    const { log } = await play((config) => {
      const child = agent("child", ["42"], config("child"));
      return agent("root", [calls(["child", { request: "?" }]), "done"], {
        ...config("root"),
        tools: [new AgentTool({ agent: child, includePlugins: false })],
      });
    });
    const inside = log.slice(
      log.indexOf("root beforeTool child") + 1,
      log.indexOf("A afterTool child"),
    );
    expect(inside).toEqual([
      "child beforeAgent child",
      "child beforeModel",
      "child afterModel",
      "child afterAgent child",
    ]);
  });

  it("a failing model: onModelError, onAgentError, the error event, onRunError; no afterAgent, no afterRun", async () => {
    const { log, error } = await play(one([new Error("down")]));
    expect(log).toEqual(
      asked([
        ...START,
        "root beforeModel",
        "root onModelError",
        "root onAgentError root",
        "root onEvent root: !MODEL_FAILED",
        "root onRunError",
      ]),
    );
    expect(error).toMatchObject({ code: "MODEL_FAILED" });
  });

  it("a failing sub-agent: onAgentError inside out", async () => {
    const { log } = await play((config) =>
      agent("root", [transferTo("sub")], {
        ...config("root"),
        subAgents: [agent("sub", [new Error("down")], config("sub"))],
      }),
    );
    expect(log.slice(-8)).toEqual(
      asked([
        "sub onModelError",
        "sub onAgentError sub",
        "sub onEvent sub: !MODEL_FAILED",
        "sub onRunError",
      ]).slice(-8),
    );
  });

  describe("an answer of a plugin alone", () => {
    const rest = (hook: Short, steps: string[]): string[] => asked(steps, hook);

    it("to onUserMessage takes the message's place", async () => {
      const { log, requests } = await play(withTool, { answers: "onUserMessage" });
      expect(log).toEqual(rest("onUserMessage", TOOL));
      expect(requests[0]).toEqual(["user: another"]);
    });

    it("to beforeRun ends the run", async () => {
      const { log, events } = await play(withTool, { answers: "beforeRun" });
      expect(log).toEqual(
        rest("beforeRun", [
          "root onUserMessage",
          "root beforeRun",
          "root onEvent model: beforeRun's",
          "root afterRun",
        ]),
      );
      expect(events).toEqual(["model: beforeRun's"]);
    });

    it("to onEvent is the last word on the event", async () => {
      const { log } = await play(withTool, { answers: "onEvent" });
      expect(log).toEqual(rest("onEvent", TOOL));
    });

    it("to a notification does not count: everybody is told", async () => {
      for (const hook of ["onAgentError", "onRunError"] as const) {
        const { log, error } = await play(one([new Error("down")]), { answers: hook });
        expect(log.filter((line) => line.includes(hook))).toHaveLength(2);
        expect(error).toMatchObject({ code: "MODEL_FAILED" });
      }
      const { log } = await play(withTool, { answers: "afterRun" });
      expect(log).toEqual(asked(TOOL));
    });
  });

  describe.each(["A", "agent"] as const)("an answer of %s", (who) => {
    const rest = (hook: Short, steps: string[]): string[] => asked(steps, hook, who);

    it("to beforeAgent takes the agent's place; afterAgent is skipped", async () => {
      const { log, events } = await play(withTool, { answers: "beforeAgent", who });
      expect(log).toEqual(
        rest("beforeAgent", [...START, "root onEvent root: beforeAgent's", "root afterRun"]),
      );
      expect(events).toEqual(["root: beforeAgent's"]);
    });

    it("to afterAgent is one more event", async () => {
      const { log, events } = await play(withTool, { answers: "afterAgent", who });
      expect(log).toEqual(
        rest("afterAgent", [
          ...TOOL.slice(0, -1),
          "root onEvent root: afterAgent's",
          "root afterRun",
        ]),
      );
      expect(events.at(-1)).toBe("root: afterAgent's");
    });

    it("to beforeModel takes the model's place; afterModel is not asked", async () => {
      const { log, requests } = await play(withTool, { answers: "beforeModel", who });
      expect(log).toEqual(
        rest("beforeModel", [
          ...START,
          "root beforeModel",
          "root onEvent root: beforeModel's",
          ...END,
        ]),
      );
      expect(requests).toEqual([]);
    });

    it("to afterModel takes the response's place", async () => {
      const { log } = await play(withTool, { answers: "afterModel", who });
      expect(log).toEqual(
        rest("afterModel", [...START, ...MODEL, "root onEvent root: afterModel's", ...END]),
      );
    });

    it("to onModelError takes the error's place and passes afterModel", async () => {
      const { log, error } = await play(one([new Error("down")]), { answers: "onModelError", who });
      expect(log).toEqual(
        rest("onModelError", [
          ...START,
          "root beforeModel",
          "root onModelError",
          "root afterModel",
          "root onEvent root: onModelError's",
          ...END,
        ]),
      );
      expect(error).toBeUndefined();
    });

    it("to beforeTool takes the tool's place; afterTool is asked", async () => {
      let ran = false;
      const count = tool("ping", () => {
        ran = true;
      });
      const { log, events } = await play(one([calls(["ping"]), "done"], { tools: [count] }), {
        answers: "beforeTool",
        who,
      });
      const response = 'root: ping → {"from":"beforeTool"}';
      expect(log).toEqual(
        rest(
          "beforeTool",
          TOOL.map((step) => step.replace(RESPONSE, response)),
        ),
      );
      expect(events[1]).toBe(response);
      expect(ran).toBe(false);
    });

    it("to afterTool takes the result's place", async () => {
      const { log, events } = await play(withTool, { answers: "afterTool", who });
      const response = 'root: ping → {"from":"afterTool"}';
      expect(log).toEqual(
        rest(
          "afterTool",
          TOOL.map((step) => step.replace(RESPONSE, response)),
        ),
      );
      expect(events[1]).toBe(response);
    });

    it("to onToolError takes the error's place, also for a tool that does not exist", async () => {
      const { log, events } = await play(
        one([calls(["broken"], ["made_up"]), "done"], { tools: [broken] }),
        { answers: "onToolError", who },
      );
      expect(log.filter(isOfTool)).toEqual(
        rest("onToolError", [
          "root beforeTool broken",
          "root onToolError broken",
          "root afterTool broken",
          "root beforeTool made_up",
          "root onToolError made_up",
        ]),
      );
      expect(events[1]).toBe(
        'root: broken → {"from":"onToolError"} made_up → {"from":"onToolError"}',
      );
    });
  });

  it.each([
    { returned: "a text", read: '{"result":"a text"}' },
    { returned: 0, read: '{"result":0}' },
    { returned: false, read: '{"result":false}' },
    { returned: null, read: '{"result":null}' },
    { returned: undefined, read: '{"result":null}' },
    { returned: [1, 2], read: '{"result":[1,2]}' },
    { returned: { members: 1 }, read: '{"members":1}' },
  ])("afterTool gets what the tool returned, $returned; the model reads $read", async (row) => {
    const seen: unknown[] = [];
    class Watch extends BasePlugin {
      override async afterToolCallback({ result }: { result: unknown }): Promise<undefined> {
        seen.push(result);
      }
    }
    await using one = await engine({
      agent: agent("root", [calls(["ping"]), "done"], {
        tools: [tool("ping", () => row.returned)],
        afterToolCallback: ({ response }) => void seen.push(response),
      }),
      plugins: [new Watch("watch")],
    });
    const events = await one.say("go");
    expect(seen).toEqual([row.returned, row.returned]);
    expect(told(events)[1]).toBe(`root: ping → ${row.read}`);
  });

  it.each([
    { answer: undefined, log: ["user: go", "root: ask()"] },
    {
      answer: { answer: 42 },
      log: ["user: go", "root: ask()", 'root: ask → {"answer":42}', "root: done"],
    },
  ])(
    "afterTool is asked of a long-running tool that returned nothing, too: $answer",
    async (row) => {
      const seen: unknown[] = [];
      await using one = await engine({
        agent: agent("root", [calls(["ask"]), "done"], {
          tools: [
            new FunctionTool({
              name: "ask",
              description: "Asks somebody.",
              isLongRunning: true,
              execute: () => undefined,
            }),
          ],
          afterToolCallback({ response }) {
            seen.push(response);
            return row.answer;
          },
        }),
      });
      await one.say("go");
      expect(seen).toEqual([undefined]);
      expect(told(await one.log())).toEqual(row.log);
    },
  );

  it("a plugin that fails stops the run: PLUGIN_FAILED names it; BUDGET_EXCEEDED, and what names the plugin, pass as they are", async () => {
    class Fails extends BasePlugin {
      readonly #error: Error;
      constructor(error: Error) {
        super("fails");
        this.#error = error;
      }
      override async beforeModelCallback(): Promise<undefined> {
        throw this.#error;
      }
    }
    const cause = new Error("no");
    await using e = await engine({ agent: agent("root", []), plugins: [new Fails(cause)] });
    await expect(e.say("hi")).rejects.toMatchObject({
      code: "PLUGIN_FAILED",
      cause,
      details: { plugin: "fails", hook: "beforeModelCallback" },
    });
    expect(told(await e.log())).toEqual(["user: hi", "root: !PLUGIN_FAILED"]);
    for (const error of [
      new AdkError("BUDGET_EXCEEDED", "No money left."),
      new AdkError("INVALID_ARGUMENT", "No price.", { details: { plugin: "fails" } }),
    ]) {
      await using f = await engine({ agent: agent("root", []), plugins: [new Fails(error)] });
      await expect(f.say("hi")).rejects.toBe(error);
    }
    const ofAnother = new AdkError("INVALID_ARGUMENT", "No.", { details: { plugin: "other" } });
    await using g = await engine({ agent: agent("root", []), plugins: [new Fails(ofAnother)] });
    await expect(g.say("hi")).rejects.toMatchObject({ code: "PLUGIN_FAILED", cause: ofAnother });
  });

  it("what onEvent answers is stored and yielded; id, author and time stay", async () => {
    class Changes extends BasePlugin {
      override async onEventCallback({ event }: { event: Event }): Promise<Partial<Event>> {
        return {
          id: "mine",
          invocationId: "mine",
          timestamp: 1,
          content: { role: "model", parts: [{ text: `${event.content?.parts?.[0]?.text}!` }] },
        };
      }
    }
    const root = agent("root", ["hello", "again"]);
    await using e = await engine({ agent: root, plugins: [new Changes("changes")] });
    const [event] = await e.say("hi");
    expect(event).toMatchObject({ author: "root", content: { parts: [{ text: "hello!" }] } });
    expect(event?.id).not.toBe("mine");
    expect(event?.invocationId).not.toBe("mine");
    expect(event?.timestamp).toBe(e.clock.now());
    expect((await e.log())[1]).toEqual(event);
    await e.say("more");
    expect(contentWords(root.llm.requests[1]?.contents ?? [])).toEqual([
      "user: hi",
      "model: hello!",
      "user: more",
    ]);
  });

  it.each([true, false])(
    "an onEvent that answers `partial: %s` changes what an event says, not whether it is stored",
    async (partial) => {
      class Marks extends BasePlugin {
        override async onEventCallback(): Promise<Partial<Event>> {
          return { partial, customMetadata: { seen: true } };
        }
      }
      const pay = tool("pay", () => "paid");
      const root = agent("root", [calls(["pay"]), "all done"], { tools: [pay] });
      await using e = await engine({ agent: root, plugins: [new Marks("marks")] });
      const events = await collect(e.stream("hi", { runConfig: { streamingMode: "sse" } }));
      const stored = ["root: pay()", 'root: pay → {"result":"paid"}', "root: all done"];
      const pieces = ["root: ~pay()", "root: ~all ", "root: ~done"];
      expect(told(events.filter((event) => event.partial))).toEqual(pieces);
      expect(told(events.filter((event) => !event.partial))).toEqual(stored);
      expect(events.every(({ customMetadata }) => customMetadata?.["seen"])).toBe(true);
      expect(told(await e.log())).toEqual(["user: hi", ...stored]);
    },
  );
});
