import {
  App,
  BasePlugin,
  InMemoryRunner,
  InMemorySessionStore,
  LlmAgent,
  Runner,
  SequentialAgent,
  validateAppName,
} from "../../../src/index.ts";
import {
  type Bad,
  IDS,
  NO_BOOLEAN,
  NO_CLOCK,
  NO_COUNT,
  NO_FUNCTION,
  NO_OBJECT,
  NO_POSITIVE,
  NO_TEXT,
  OPTIONAL_IDS,
  type Row,
  rowsOf,
  SIGNAL,
  type Table,
  UNFIT,
  UNKNOWN,
} from "../rows.ts";
import { HI, KEY, pong, type World } from "../world.ts";

class Noop extends BasePlugin {}

const NO_SIGNAL: readonly Bad[] = [...SIGNAL.slice(0, 1), ["a number", 5]];

const NO_AGENT: readonly Bad[] = [
  ["a text", "root"],
  ["an object", { name: "root" }],
  ["null", null],
];
const NO_PLUGINS: readonly Bad[] = [
  ...noPlugins(),
  ["one name twice", [new Noop("p"), new Noop("p")], { says: "Two plugins are named p" }],
];

function noPlugins(): Bad[] {
  return [
    ["a text", "x"],
    ["a plugin by itself", new Noop("p")],
    ["a number in it", [5], { says: "BasePlugin" }],
    ["an object without hooks", [{ name: "p" }], { says: "BasePlugin" }],
    ["a class", [Noop], { says: "BasePlugin" }],
    ["a list in it", [[new Noop("p")]], { says: "BasePlugin" }],
    [
      "a hook that is no function",
      [Object.assign(new Noop("p"), { beforeRunCallback: 5 })],
      { says: "beforeRunCallback" },
    ],
  ];
}

const RESUMABILITY: readonly Bad[] = [
  ["a text", "x"],
  ["one that says no word", { isResumable: "yes" }, { says: "isResumable" }],
];
const child = pong("child");
const parent = new SequentialAgent({ name: "parent", subAgents: [child] });
const NO_ROOT: readonly Bad[] = [
  ...NO_AGENT,
  ["an agent that has a parent", child, { says: parent.name }],
];

const RUNNER: Table = {
  app: NO_AGENT,
  agent: [
    ...NO_ROOT,
    ["a tree with one name twice", twice(), { says: "named same" }],
    ["a tree with a cycle", cyclic(), { says: "below itself: root → inner → root" }],
  ],
  appName: IDS,
  plugins: NO_PLUGINS,
  credentialService: [
    ["an object", {}],
    ["a text", "memory:"],
  ],
  resumabilityConfig: RESUMABILITY,
  autoCreateSession: NO_BOOLEAN,
  pluginCloseTimeoutMs: NO_COUNT,
  toolsetCloseTimeoutMs: NO_COUNT,
  abortGraceMs: NO_COUNT,
  leaseTtlMs: [...NO_POSITIVE, ["99 ms", 99], ["more than an hour", 3_600_001]],
  consumerIdleMs: NO_POSITIVE,
  logger: [
    ["console.log", () => {}],
    ["half a logger", { warn() {} }],
  ],
  clock: NO_CLOCK,
  newId: NO_FUNCTION,
  ...UNKNOWN,
};
const NO_SERVICE: readonly Bad[] = [
  ["an object", {}],
  ["a URI", "memory:"],
  ["null", null],
];

function twice(): LlmAgent {
  const one = new SequentialAgent({ name: "left", subAgents: [pong("same")] });
  const two = new SequentialAgent({ name: "right", subAgents: [pong("same")] });
  return new LlmAgent({ name: "root", subAgents: [one, two] });
}

/** Agents copy their list, so it takes some doing. */
function cyclic(): LlmAgent {
  const inner = pong("inner");
  const root = new LlmAgent({ name: "root", subAgents: [inner] });
  (inner.subAgents as LlmAgent[]).push(root);
  return root;
}

const TEXTS: readonly Bad[] = [
  ["a list", []],
  ["a number in it", { a: 5 }],
];
const CONTENTS: readonly Bad[] = [
  ["a text", "x"],
  ["a text in it", ["x"]],
  ["no parts in it", [{ role: "user" }]],
  [
    "a function in it",
    [{ parts: [{ text: () => 1 }] }],
    { code: "NOT_SERIALIZABLE", says: "a function" },
  ],
];

const RUN_CONFIG: Table = {
  streamingMode: [
    ["an unknown mode", "fast"],
    ["bidi", "bidi", { code: "UNSUPPORTED", says: "Use 'sse' or 'none'" }],
  ],
  maxLlmCalls: [
    ["a fraction", 1.5],
    ["a text", "5", { says: "`maxLlmCalls` must be a whole number below 2^53-1 (0 or less" }],
    ["infinity", Number.POSITIVE_INFINITY],
    ["the largest number", Number.MAX_SAFE_INTEGER],
  ],
  customMetadata: [...NO_OBJECT, ...UNFIT],
  getSessionConfig: [
    ...NO_OBJECT,
    ["an unknown member", { last: 3 }, { says: "no option `last`. It knows: " }],
    ["a negative count", { numRecentEvents: -1 }, { says: "`numRecentEvents`" }],
    ["NaN as time", { afterTimestamp: Number.NaN }, { says: "`afterTimestamp`" }],
    ["a text as time", { afterTimestamp: "now" }, { says: "`afterTimestamp`" }],
    ["a fraction as sequence", { afterSequence: 0.5 }, { says: "`afterSequence`" }],
    [
      "the initial state, which no model reads",
      { includeInitialState: true },
      { code: "UNSUPPORTED", says: "includeInitialState" },
    ],
  ],
  modelInputContext: CONTENTS,
  includeThoughtsFromOtherAgents: NO_BOOLEAN,
  saveInputBlobsAsArtifacts: NO_BOOLEAN,
  httpOptions: NO_OBJECT,
  labels: TEXTS,
  serviceTier: NO_TEXT,
  maxConcurrentTools: NO_POSITIVE,
  supportCfc: [...NO_BOOLEAN, ["true", true, { code: "UNSUPPORTED", says: "Leave it out" }]],
  toolThreadPoolConfig: [
    ["anything", { maxWorkers: 4 }, { code: "UNSUPPORTED", says: "worker threads" }],
  ],
  responseModalities: [["a text", "AUDIO"]],
  speechConfig: NO_OBJECT,
  avatarConfig: NO_OBJECT,
  outputAudioTranscription: NO_OBJECT,
  inputAudioTranscription: NO_OBJECT,
  realtimeInputConfig: NO_OBJECT,
  explicitVadSignal: NO_BOOLEAN,
  translationConfig: NO_OBJECT,
  enableAffectiveDialog: NO_BOOLEAN,
  proactivity: NO_OBJECT,
  sessionResumption: NO_OBJECT,
  historyConfig: NO_OBJECT,
  contextWindowCompression: NO_OBJECT,
  saveLiveBlob: NO_BOOLEAN,
  telemetry: NO_OBJECT,
  ...UNKNOWN,
};

const MESSAGE: readonly Bad[] = [
  ["a text", "hi", { says: "parts: [{ text:" }],
  ["a list", [{ text: "hi" }], { says: "parts: [{ text:" }],
  ["null", null, { says: "parts: [{ text:" }],
  ["no parts", { role: "user" }],
  ["parts that are a text", { parts: "hi" }],
  ["parts that are null", { parts: null }],
  ["no part", { parts: [] }],
  ["an empty text", { parts: [{ text: "" }] }],
  ["an empty part", { parts: [{}] }],
  ["a text among its parts", { parts: ["hi"] }],
  ["null among its parts", { parts: [{ text: "hi" }, null] }],
  ["a number as text", { parts: [{ text: 5 }] }],
  ["a call", { parts: [{ functionCall: { name: "f" } }] }, { says: "Only a model makes calls" }],
  [
    "an answer without id",
    { parts: [{ functionResponse: { name: "f", response: {} } }] },
    { says: "Give it the id of the call" },
  ],
  [
    "an answer beside a text",
    { parts: [{ functionResponse: { id: "c", name: "f", response: {} } }, { text: "and" }] },
    { says: "the text in a run of its own" },
  ],
  [
    "an answer to no call",
    { parts: [{ functionResponse: { id: "c", name: "f", response: {} } }] },
    { code: "CALL_NOT_FOUND", says: "Use the id of the function call" },
  ],
  ...UNFIT.map(([given, value, expected]): Bad => [
    `${given} in an answer`,
    { parts: [{ functionResponse: { id: "c", name: "f", response: value } }] },
    expected,
  ]),
];

const RUN_REQUEST: Table = {
  userId: [...IDS, ["nothing", undefined]],
  sessionId: [
    ...IDS,
    ["nothing", undefined],
    [
      "a session that is not there",
      "nobody",
      { code: "SESSION_NOT_FOUND", says: "autoCreateSession" },
    ],
  ],
  newMessage: [...MESSAGE, ["nothing", undefined, { says: "or the `invocationId`" }]],
  invocationId: IDS,
  stateDelta: [
    ...NO_OBJECT,
    ["an empty key", { "": 1 }, { says: "state key" }],
    ["a key of 513 bytes", { ["k".repeat(513)]: 1 }, { says: "state key" }],
    ["a key with NUL", { "a\0": 1 }, { says: "state key" }],
    ["a key with a lone surrogate", { "\ud800": 1 }, { says: "state key" }],
    ...UNFIT,
  ],
  runConfig: NO_OBJECT,
  customMetadata: [...NO_OBJECT, ...UNFIT],
  yieldUserMessage: NO_BOOLEAN,
  abortSignal: [
    ["a text", "stop"],
    ["a controller", new AbortController()],
    ["null", null],
  ],
  ...UNKNOWN,
};

function appOptions(): { name: string; rootAgent: LlmAgent } {
  return { name: "app", rootAgent: pong() };
}

/** Of a runner: how it is made, and every member of every request. */
export const runnerRows: readonly Row[] = [
  ...rowsOf(
    "AppOptions",
    {
      name: [
        ...IDS,
        ["nothing", undefined],
        ["a digit in front", "1a"],
        ["a space", "my app"],
        ["129 characters", "a".repeat(129)],
        ["user", "user"],
      ],
      rootAgent: [...NO_ROOT, ["nothing", undefined]],
      plugins: NO_PLUGINS,
      resumabilityConfig: RESUMABILITY,
      contextCacheConfig: [["any", {}, { code: "UNSUPPORTED" }]],
      ...UNKNOWN,
    },
    appOptions,
    (_, options) => new App(options),
  ),
  ...rowsOf(
    "ResumabilityConfig",
    {
      isResumable: NO_BOOLEAN,
      ...UNKNOWN,
    },
    () => ({}),
    (_, config) => new App({ ...appOptions(), resumabilityConfig: config as never }),
  ),
  ...rowsOf(
    "validateAppName",
    {
      name: [
        ["nothing", undefined],
        ["a path", "a/b"],
      ],
    },
    appOptions,
    (_, { name }) => validateAppName(name),
  ),
  ...rowsOf(
    "RunnerConfig",
    {
      ...RUNNER,
      agent: [...(RUNNER["agent"] ?? []), ["nothing", undefined, { says: "needs an `app`" }]],
      appName: [...(RUNNER["appName"] ?? []), ["nothing", undefined]],
      sessionService: [
        ...NO_SERVICE,
        ["nothing", undefined, { says: "new InMemorySessionService()" }],
        [
          "a store",
          new InMemorySessionStore(),
          { says: "`new BaseSessionService(store)`, got an InMemorySessionStore" },
        ],
        [
          "a URL",
          "postgresql://app:hunter2@db/x",
          { says: "`await createSessionService(url)`, got a URL (postgresql:)." },
        ],
      ],
      artifactService: NO_SERVICE,
      memoryService: NO_SERVICE,
    },
    (world) => ({ appName: "app", agent: pong(), sessionService: world.sessions }),
    (_, config) => new Runner(config),
  ),
  ...rowsOf(
    "RunnerConfig",
    {
      agent: [["one beside an app", pong(), { says: "not both. Leave one out" }]],
      plugins: [["some beside an app", [], { says: "Give them to the App" }]],
      resumabilityConfig: [
        ["one beside an app", { isResumable: false }, { says: "Give it to the App" }],
      ],
    },
    (world) => ({ app: new App(appOptions()), sessionService: world.sessions }),
    (_, config) => new Runner(config),
  ),
  ...rowsOf(
    "InMemoryRunnerConfig",
    {
      ...RUNNER,
      sessionService: [["one of its own", {}, { says: "use `Runner`" }]],
      artifactService: [["one of its own", {}, { says: "use `Runner`" }]],
      memoryService: [["one of its own", {}, { says: "use `Runner`" }]],
    },
    () => ({ agent: pong() }),
    (_, config) => new InMemoryRunner(config),
  ),
  ...rowsOf(
    "RunAsyncRequest",
    RUN_REQUEST,
    () => ({ userId: KEY.userId, sessionId: KEY.sessionId, newMessage: HI }),
    (world, request) => world.runner.run(request),
  ),
  ...rowsOf(
    "RunConfig",
    RUN_CONFIG,
    () => ({}),
    (world, runConfig) =>
      world.runner.run({ userId: KEY.userId, sessionId: KEY.sessionId, newMessage: HI, runConfig }),
  ),
  ...rowsOf(
    "RunDebugOptions",
    {
      userId: OPTIONAL_IDS,
      sessionId: OPTIONAL_IDS,
      runConfig: [...NO_OBJECT, ["an unknown field", { fast: true }, { says: "no option `fast`" }]],
      quiet: NO_BOOLEAN,
      verbose: NO_BOOLEAN,
      print: NO_FUNCTION,
      ...UNKNOWN,
    },
    () => ({ quiet: true }),
    (world, options) => world.runner.runDebug("hi", options),
  ),
  ...rowsOf(
    "runDebug",
    {
      messages: [
        ["nothing", undefined],
        ["no text", []],
        ["a number in it", ["hi", 5]],
        ["an empty text", "", { says: "`newMessage`" }],
      ].map(([given, value, expected]): Bad => [
        String(given),
        value,
        (expected as { says: string } | undefined) ?? { says: "a text or a list of texts" },
      ]),
    },
    () => ({ messages: "hi" }),
    (world, { messages }) => world.runner.runDebug(messages, { quiet: true }),
  ),
  ...rowsOf(
    "CancelRequest",
    {
      userId: [...IDS, ["nothing", undefined]],
      sessionId: [...IDS, ["nothing", undefined]],
      invocationId: [...IDS, ["nothing", undefined]],
      ...UNKNOWN,
    },
    () => ({ userId: KEY.userId, sessionId: KEY.sessionId, invocationId: "e-1" }),
    (world, request) => world.runner.cancel(request),
  ),
  ...rowsOf(
    "ListPendingRequest",
    {
      userId: [...IDS, ["nothing", undefined]],
      sessionId: [
        ...IDS,
        ["an unknown one", "nowhere", { code: "SESSION_NOT_FOUND", says: "nowhere" }],
      ],
      pageSize: [...NO_POSITIVE, ["1,001", 1_001]],
      pageToken: [...NO_TEXT, ["no token", "x", { says: "pageToken" }]],
      signal: [...SIGNAL.slice(0, 1), ["a number", 5]],
      ...UNKNOWN,
    },
    () => ({ userId: KEY.userId }),
    (world, request) => world.runner.listPending(request),
  ),
  ...rowsOf(
    "ListPendingRequest",
    { pageSize: [["given with a session", 5]], pageToken: [["given with a session", "x"]] },
    () => ({ userId: KEY.userId, sessionId: KEY.sessionId }),
    (world, request) => world.runner.listPending(request),
  ),
  ...rowsOf(
    "AnswerRequest",
    {
      userId: [...IDS, ["nothing", undefined]],
      sessionId: [
        ...IDS,
        ["nothing", undefined],
        ["an unknown one", "nowhere", { code: "SESSION_NOT_FOUND", says: "nowhere" }],
      ],
      callId: [
        ...IDS,
        ["nothing", undefined],
        ["an unknown one", "nobody", { code: "CALL_NOT_FOUND", says: "nobody" }],
      ],
      response: [...UNFIT, ["nothing", undefined]],
      waitMs: NO_COUNT,
      runConfig: [...NO_OBJECT, ["an unknown field", { fast: true }, { says: "no option `fast`" }]],
      yieldUserMessage: NO_BOOLEAN,
      abortSignal: SIGNAL,
      ...UNKNOWN,
    },
    () => ({ userId: KEY.userId, sessionId: KEY.sessionId, callId: "c1", response: {} }),
    async (world, request) => {
      for await (const event of world.runner.answer(request)) void event;
    },
  ),
  ...rowsOf(
    "RewindRequest",
    {
      userId: [...IDS, ["nothing", undefined]],
      sessionId: [
        ...IDS,
        ["nothing", undefined],
        ["an unknown one", "nowhere", { code: "SESSION_NOT_FOUND", says: "nowhere" }],
      ],
      rewindBeforeInvocationId: [
        ...IDS,
        ["nothing", undefined],
        ["an unknown one", "e-nobody", { code: "INVOCATION_NOT_FOUND", says: "e-nobody" }],
      ],
      signal: NO_SIGNAL,
      ...UNKNOWN,
    },
    () => ({ userId: KEY.userId, sessionId: KEY.sessionId, rewindBeforeInvocationId: "e-1" }),
    (world, request) => world.runner.rewindAsync(request),
  ),
  ...rowsOf(
    "RunnerForkSessionRequest",
    {
      userId: [...IDS, ["nothing", undefined]],
      sessionId: [
        ...IDS,
        ["nothing", undefined],
        ["an unknown one", "nowhere", { code: "SESSION_NOT_FOUND", says: "nowhere" }],
      ],
      beforeInvocationId: [...IDS, ["one beside `atSequence`", "e-1", { says: "and not both" }]],
      atSequence: [
        ...NO_COUNT,
        ["nothing", undefined, { says: "`beforeInvocationId` or `atSequence`" }],
        ["a sequence that is not there", 99, { says: "`atSequence` is 99" }],
      ],
      newSessionId: [
        ...OPTIONAL_IDS,
        ["one that is taken", KEY.sessionId, { code: "SESSION_ALREADY_EXISTS" }],
      ],
      title: [...NO_TEXT, ["a NUL", "a\0b"]],
      labels: [...NO_OBJECT, ["a number in it", { kind: 1 }, { says: "`labels.kind`" }]],
      signal: NO_SIGNAL,
      ...UNKNOWN,
    },
    () => ({ userId: KEY.userId, sessionId: KEY.sessionId, atSequence: 1 }),
    (world, request) => world.runner.forkSession(request),
  ),
  {
    option: "RunnerForkSessionRequest.beforeInvocationId",
    given: "an unknown one",
    code: "INVOCATION_NOT_FOUND",
    says: "e-nobody",
    use: (world) =>
      world.runner.forkSession({
        userId: KEY.userId,
        sessionId: KEY.sessionId,
        beforeInvocationId: "e-nobody",
      }),
  },
  ...withoutOptions(),
  {
    option: "RunConfig.maxLlmCalls",
    given: "a text in ADK_MAX_LLM_CALLS",
    code: "INVALID_ARGUMENT",
    says: "ADK_MAX_LLM_CALLS must be a whole number",
    use: async (world) => {
      process.env["ADK_MAX_LLM_CALLS"] = "many";
      try {
        return await world.runner.run({
          userId: KEY.userId,
          sessionId: KEY.sessionId,
          newMessage: HI,
        });
      } finally {
        delete process.env["ADK_MAX_LLM_CALLS"];
      }
    },
  },
  {
    option: "Runner.runAsync",
    given: "a runner that is closed",
    code: "CLOSED",
    says: "Make a new one",
    use: async (world) => {
      const runner = world.runnerOf(pong());
      await runner.close();
      return await runner.run({ userId: KEY.userId, sessionId: KEY.sessionId, newMessage: HI });
    },
  },
  {
    option: "RunConfig.saveInputBlobsAsArtifacts",
    given: "a runner without artifacts",
    code: "FAILED_PRECONDITION",
    says: "needs an `artifactService`",
    use: async (world) =>
      await world.runnerOf(pong(), { artifactService: undefined }).run({
        userId: KEY.userId,
        sessionId: KEY.sessionId,
        newMessage: { parts: [{ inlineData: { data: "AA==", mimeType: "image/png" } }] },
        runConfig: { saveInputBlobsAsArtifacts: true },
      }),
  },
];

/** The one argument is missing, or is no object. */
function withoutOptions(): Row[] {
  const uses: [string, (world: World, given: never) => unknown][] = [
    ["App", (_, given) => new App(given)],
    ["Runner", (_, given) => new Runner(given)],
    ["InMemoryRunner", (_, given) => new InMemoryRunner(given)],
    ["Runner.run", (world, given) => world.runner.run(given)],
    ["Runner.runAsync", (world, given) => world.runner.runAsync(given).next()],
    ["Runner.cancel", (world, given) => world.runner.cancel(given)],
    ["Runner.rewindAsync", (world, given) => world.runner.rewindAsync(given)],
    ["Runner.forkSession", (world, given) => world.runner.forkSession(given)],
  ];
  const agents = [
    ["Runner", "{ agent, appName, sessionService }"],
    ["InMemoryRunner", "{ agent }"],
  ].map(([option = "", says = ""]): Row => ({
    option,
    given: "given an agent",
    code: "INVALID_ARGUMENT",
    says: `${option} takes its options as an object. Give it \`${says}\``,
    use: () =>
      option === "Runner" ? new Runner(pong() as never) : new InMemoryRunner(pong() as never),
  }));
  const empty: Row = {
    option: "InMemoryRunner",
    given: "given neither an agent nor an app",
    code: "INVALID_ARGUMENT",
    says: "InMemoryRunner needs an `agent` or an `app`",
    use: () => new InMemoryRunner({}),
  };
  const none = uses.flatMap(([option, use]) =>
    [undefined, null, "x"].map((value): Row => ({
      option,
      given: `given ${value === undefined ? "nothing" : JSON.stringify(value)}`,
      code: "INVALID_ARGUMENT",
      says: "an object with its options",
      use: async (world) => await use(world, value as never),
    })),
  );
  return [...none, ...agents, empty];
}
