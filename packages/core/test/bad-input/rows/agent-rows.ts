import * as valibot from "valibot";
import { z } from "zod";
import {
  AgentTool,
  BaseAgent,
  type BaseAgentConfig,
  BaseLlm,
  BasePlugin,
  BaseTool,
  type BaseToolParams,
  BaseToolset,
  BuiltInPlanner,
  createEvent,
  type Event,
  FunctionTool,
  Gemini,
  LlmAgent,
  LLMRegistry,
  LongRunningFunctionTool,
  LoopAgent,
  ParallelAgent,
  PluginManager,
  SequentialAgent,
  TransferToAgentTool,
} from "../../../src/index.ts";
import {
  type Bad,
  IDS,
  NO_BOOLEAN,
  NO_CLOCK,
  NO_COUNT,
  NO_FUNCTION,
  NO_LIST,
  NO_POSITIVE,
  NO_TEXT,
  type Row,
  rowsOf,
  type Table,
  UNKNOWN,
} from "../rows.ts";
import { pong } from "../world.ts";

const CALLBACK: readonly Bad[] = [
  ["a text", "f"],
  ["null", null],
  ["a list with a number in it", [() => undefined, 5]],
];
const NAME: readonly Bad[] = [
  ["nothing", undefined],
  ["an empty text", ""],
  ["a number", 5],
  ["a digit in front", "1a"],
  ["a space", "my agent"],
  ["a NUL", "a\0"],
  ["a lone surrogate", "\ud800"],
  ["129 characters", "a".repeat(129)],
];

/** A class of one's own. */
class Own extends BaseAgent {
  constructor(config: BaseAgentConfig) {
    super(config);
  }

  protected async *runAsyncImpl(): AsyncGenerator<Event, void, undefined> {
    yield createEvent({ author: this.name });
  }
}

function agentTable(): Table {
  const taken = pong("taken");
  new SequentialAgent({ name: "owner", subAgents: [taken] });
  const same = pong("same");
  return {
    name: [...NAME, ["user", "user", { says: '"user"' }]],
    description: NO_TEXT,
    subAgents: [
      ...NO_LIST,
      ["a text in it", ["x"]],
      ["a class in it", [LlmAgent]],
      ["two of one name", [pong("a"), pong("a")], { says: "two sub-agents named a" }],
      ["one agent twice", [same, same], { says: "two sub-agents named same" }],
      ["an agent that has a parent", [taken], { says: "Use `agent.clone()`" }],
    ],
    beforeAgentCallback: CALLBACK,
    afterAgentCallback: CALLBACK,
    stateSchema: [
      ["a JSON Schema", { type: "object" }],
      ["a text", "x"],
      ["a schema of no object", z.string()],
      ["a schema that cannot say its keys", valibot.object({ a: valibot.string() })],
    ],
  };
}

/** No schema that a model can be told. */
function noSchemas(option: string): Bad[] {
  const says = { says: `\`${option}\`` };
  return [
    ["a text", "x", says],
    ["null", null, says],
    ["an empty object", {}, says],
    ["an instance", new Date(), says],
    ["an unknown type", { type: "strin" }, says],
    ["properties without a schema around them", { city: "string", days: "number" }, says],
    ["a schema that cannot be written", valibot.object({ a: valibot.string() }), says],
    ["a part that JSON has not", z.object({ day: z.date() }), says],
  ];
}

/** No schema of arguments. */
function noParameters(): Bad[] {
  return [
    ...noSchemas("parameters").map(([given, value]): Bad => [
      given,
      value,
      { says: "`parameters`" },
    ]),
    ["a schema of a text", { type: "string" }],
    ["a schema of a list", z.array(z.string())],
  ];
}

const TOOL_NAME: readonly Bad[] = [
  ["an empty text", ""],
  ["a space", "my tool"],
  ["129 characters", "a".repeat(129)],
  ["a NUL", "a\0"],
  ["a number", 5],
];
const BASE_TOOL: Table = {
  name: [...TOOL_NAME, ["nothing", undefined]],
  description: [...NO_TEXT, ["nothing", undefined]],
  isLongRunning: NO_BOOLEAN,
  timeoutMs: [
    ["zero", 0],
    ["a negative number", -1],
    ["NaN", Number.NaN],
    ["a text", "5"],
  ],
  onRepeat: [
    ["an unknown way", "retry"],
    ["a number", 5],
  ],
};
const FUNCTION_TOOL: Table = {
  ...BASE_TOOL,
  name: TOOL_NAME,
  parameters: noParameters(),
  execute: [...NO_FUNCTION, ["nothing", undefined]],
  requireConfirmation: [
    ["a text", "yes"],
    ["null", null],
  ],
  ...UNKNOWN,
};

class OwnTool extends BaseTool {
  constructor(params: BaseToolParams) {
    super(params);
  }
  override async runAsync(): Promise<unknown> {
    return undefined;
  }
}

class OwnToolset extends BaseToolset {
  override async getTools(): Promise<BaseTool[]> {
    return [];
  }
  override async close(): Promise<void> {}
}

class OwnPlugin extends BasePlugin {}

class OwnLlm extends BaseLlm {
  override async *generateContentAsync(): AsyncGenerator<never, void, undefined> {}
}

function toolOptions(): { name: string; description: string; execute: () => number } {
  return { name: "f", description: "F.", execute: () => 1 };
}

const PROCESSORS: readonly Bad[] = [...NO_LIST, ["a function in it", [() => undefined]]];
const INSTRUCTION: readonly Bad[] = [
  ["a number", 5],
  ["a Content", { parts: [{ text: "x" }] }],
];

/** Of agents. */
export const agentRows: readonly Row[] = [
  ...rowsOf(
    "BaseAgentConfig",
    agentTable(),
    () => ({ name: "a" }),
    (_, config) => new Own(config),
  ),
  ...rowsOf(
    "SequentialAgent",
    { ...agentTable(), ...UNKNOWN },
    () => ({ name: "a" }),
    (_, config) => new SequentialAgent(config),
  ),
  ...rowsOf(
    "ParallelAgent",
    { ...agentTable(), ...UNKNOWN },
    () => ({ name: "a" }),
    (_, config) => new ParallelAgent(config),
  ),
  ...rowsOf(
    "LoopAgentConfig",
    { ...agentTable(), maxIterations: NO_COUNT, ...UNKNOWN },
    () => ({ name: "a" }),
    (_, config) => new LoopAgent(config),
  ),
  ...rowsOf(
    "LlmAgentConfig",
    {
      ...agentTable(),
      model: [
        ["a number", 5],
        ["an object", { model: "x" }],
        ["null", null],
      ],
      instruction: INSTRUCTION,
      globalInstruction: INSTRUCTION,
      staticInstruction: [
        ["a number", 5],
        ["a list", [{ text: "x" }]],
        ["a Content whose parts are a text", { parts: "x" }],
      ],
      tools: [
        ...NO_LIST,
        ["a function in it", [() => 1], { says: "new FunctionTool(" }],
        ["an agent in it", [pong("x")], { says: "new AgentTool(" }],
        [
          "two of one name",
          [new FunctionTool(toolOptions()), new FunctionTool(toolOptions())],
          { says: "two tools named f" },
        ],
      ],
      generateContentConfig: [
        ["a text", "x"],
        ["a list", []],
        ["tools", { tools: [] }, { says: "use the agent's `tools`" }],
        [
          "a system instruction",
          { systemInstruction: "x" },
          { says: "use the agent's `instruction`" },
        ],
        ["a response schema", { responseSchema: {} }, { says: "use the agent's `outputSchema`" }],
        ["a JSON schema", { responseJsonSchema: {} }, { says: "use the agent's `outputSchema`" }],
      ],
      disallowTransferToParent: NO_BOOLEAN,
      disallowTransferToPeers: NO_BOOLEAN,
      includeContents: [["an unknown word", "all"]],
      inputSchema: noSchemas("inputSchema"),
      outputSchema: noSchemas("outputSchema"),
      outputKey: IDS,
      modelTimeoutMs: NO_POSITIVE,
      planner: [
        ["a text", "plan", { says: "BasePlanner" }],
        ["null", null, { says: "BasePlanner" }],
        ["a class", BuiltInPlanner, { says: "BasePlanner" }],
        ["half a planner", { buildPlanningInstruction: () => "x" }, { says: "BasePlanner" }],
      ],
      beforeModelCallback: CALLBACK,
      afterModelCallback: CALLBACK,
      onModelErrorCallback: CALLBACK,
      beforeToolCallback: CALLBACK,
      afterToolCallback: CALLBACK,
      onToolErrorCallback: CALLBACK,
      requestProcessors: PROCESSORS,
      responseProcessors: PROCESSORS,
      ...UNKNOWN,
    },
    () => ({ name: "a" }),
    (_, config) => new LlmAgent(config),
  ),
];

/** Of tools, toolsets, plugins, planners and models. */
export const partRows: readonly Row[] = [
  ...rowsOf(
    "BuiltInPlannerOptions",
    {
      thinkingConfig: [
        ["nothing", undefined],
        ["null", null],
        ["a number", 1024],
        ["a list", []],
      ],
      ...UNKNOWN,
    },
    () => ({ thinkingConfig: { thinkingBudget: 1024 } }),
    (_, options) => new BuiltInPlanner(options),
  ),
  ...rowsOf(
    "AgentToolConfig",
    {
      agent: [
        ["nothing", undefined],
        ["a text", "x"],
        ["a class", LlmAgent],
      ],
      skipSummarization: NO_BOOLEAN,
      includePlugins: NO_BOOLEAN,
      ...UNKNOWN,
    },
    () => ({ agent: pong("x") }),
    (_, config) => new AgentTool(config),
  ),
  ...rowsOf(
    "BaseToolParams",
    BASE_TOOL,
    () => ({ name: "f", description: "F." }),
    (_, params) => new OwnTool(params),
  ),
  ...rowsOf("ToolOptions", FUNCTION_TOOL, toolOptions, (_, options) => new FunctionTool(options)),
  ...rowsOf(
    "LongRunningToolOptions",
    {
      ...FUNCTION_TOOL,
      isLongRunning: [["false", false]],
      responseSchema: noSchemas("responseSchema"),
      expiresInMs: [
        ["zero", 0],
        ["NaN", Number.NaN],
        ["a text", "5"],
      ],
    },
    toolOptions,
    (_, options) => new LongRunningFunctionTool(options),
  ),
  ...rowsOf(
    "TransferToAgentToolOptions",
    {
      agentNames: [
        ["nothing", undefined],
        ["no name", []],
        ["a text", "a"],
        ["a number in it", ["a", 5]],
      ],
      ...UNKNOWN,
    },
    () => ({ agentNames: ["a"] }),
    (_, options) => new TransferToAgentTool(options),
  ),
  ...rowsOf(
    "BaseToolset",
    {
      toolFilter: [
        ["a text", "f"],
        ["a number in a list", [5]],
      ],
      prefix: [
        ["a number", 5],
        ["a space", "my tools"],
      ],
    },
    () => ({ toolFilter: [], prefix: "p" }),
    (_, { toolFilter, prefix }) => new OwnToolset(toolFilter, prefix),
  ),
  ...rowsOf(
    "BasePlugin",
    {
      name: [
        ["nothing", undefined],
        ["blanks", "  "],
        ["a number", 5],
      ].map(([given, value]): Bad => [String(given), value, { says: "needs a name" }]),
    },
    () => ({ name: "p" }),
    (_, { name }) => new OwnPlugin(name),
  ),
  ...rowsOf(
    "PluginManager",
    { plugins: [["a text in it", ["x"], { says: "BasePlugin" }]] },
    () => ({ plugins: [] }),
    (_, { plugins }) => new PluginManager(plugins),
  ),
  ...rowsOf(
    "BaseLlm",
    {
      model: [
        ["nothing", undefined],
        ["an empty text", ""],
        ["a number", 5],
      ],
    },
    () => ({ model: "m" }),
    (_, params) => new OwnLlm(params),
  ),
  ...rowsOf(
    "LLMRegistry.register",
    {
      llmClass: [
        ["nothing", undefined],
        ["an object", {}],
        ["a class without names", OwnLlm],
      ].map(([given, value]): Bad => [String(given), value, { says: "`supportedModels`" }]),
    },
    () => ({ llmClass: OwnLlm }),
    (_, { llmClass }) => LLMRegistry.register(llmClass),
  ),
  ...rowsOf(
    "LLMRegistry.newLlm",
    {
      model: [
        ["an unknown name", "nobody", { code: "MODEL_NOT_FOUND", says: "LLMRegistry.register()" }],
        ["an empty text", "", { code: "MODEL_NOT_FOUND", says: "LLMRegistry.register()" }],
        ["a number", 5, { code: "MODEL_NOT_FOUND", says: "LLMRegistry.register()" }],
      ],
    },
    () => ({ model: "x" }),
    (_, { model }) => LLMRegistry.newLlm(model),
  ),
  ...rowsOf(
    "GeminiParams",
    {
      ...Object.fromEntries(
        ["model", "apiKey", "project", "location", "apiVersion"].map((name) => [
          name,
          [["an empty text", ""], ...NO_TEXT],
        ]),
      ),
      baseUrl: [["an empty text", ""], ...NO_TEXT, ["a path", "/x"]],
      vertexai: NO_BOOLEAN,
      headers: [
        ["a text", "x"],
        ["a number in it", { a: 5 }],
        ["a list", ["x"]],
      ],
      retry: [
        ["a text", "x"],
        ["an unknown option", { tries: 3 }, { says: "`retry.tries`" }],
      ],
      timeoutMs: [
        ["zero", 0],
        ["NaN", Number.NaN],
        ["a text", "5"],
      ],
      client: [
        ["an object", {}],
        ["a text", "x"],
      ],
      clock: NO_CLOCK,
      useInteractionsApi: [
        ["true", true, { code: "UNSUPPORTED" }],
        ["a text", "x"],
      ],
      colour: [["an unknown option", "red"]],
    },
    () => ({ apiKey: "k" }),
    (_, params) => new Gemini(params),
  ),
  ...rowsOf(
    "GeminiRetryOptions",
    Object.fromEntries(
      ["maxAttempts", "initialDelayMs", "maxDelayMs", "multiplier", "jitter"].map((name) => [
        name,
        [-1, Number.NaN, "1", ...(name === "jitter" ? [1.5] : [])].map((value): Bad => [
          `${typeof value} ${value}`,
          value,
          { says: `\`retry.${name}\`` },
        ]),
      ]),
    ),
    () => ({}),
    (_, retry) => new Gemini({ apiKey: "k", retry }),
  ),
  ...withoutOptions(),
];

/** The one argument is missing. */
function withoutOptions(): Row[] {
  const uses: [string, (given: never) => unknown][] = [
    ["BaseAgent", (given) => new Own(given)],
    ["LlmAgent", (given) => new LlmAgent(given)],
    ["LoopAgent", (given) => new LoopAgent(given)],
    ["ParallelAgent", (given) => new ParallelAgent(given)],
    ["SequentialAgent", (given) => new SequentialAgent(given)],
    ["AgentTool", (given) => new AgentTool(given)],
    ["BaseTool", (given) => new OwnTool(given)],
    ["FunctionTool", (given) => new FunctionTool(given)],
    ["LongRunningFunctionTool", (given) => new LongRunningFunctionTool(given)],
    ["TransferToAgentTool", (given) => new TransferToAgentTool(given)],
  ];
  const nothing = uses.map(([option, use]): Row => ({
    option,
    given: "given nothing",
    code: "INVALID_ARGUMENT",
    says: "",
    use: () => use(undefined as never),
  }));
  const agent: Row = {
    option: "AgentTool",
    given: "given an agent",
    code: "INVALID_ARGUMENT",
    says: "Give it `{ agent }`",
    use: () => new AgentTool(pong("x") as never),
  };
  return [...nothing, agent];
}
