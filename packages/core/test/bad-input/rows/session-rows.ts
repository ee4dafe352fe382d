import {
  BaseSessionService,
  createEvent,
  createSessionService,
  InMemorySessionService,
  InMemorySessionStore,
  registerSessionService,
} from "../../../src/index.ts";
import { describe } from "../../../src/internal/check-options.ts";
import {
  type Bad,
  IDS,
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
import { KEY, type World } from "../world.ts";

const USER: Table = { appName: IDS, userId: IDS, signal: SIGNAL, ...UNKNOWN };
const SESSION: Table = { ...USER, sessionId: IDS };
const LABELS: readonly Bad[] = [
  ["a list", []],
  ["a number in it", { a: 5 }, { says: "labels.a" }],
  ["an empty name", { "": "x" }, { says: "label name" }],
  ["a NUL in a value", { a: "\0" }, { says: "labels.a" }],
  ["101 labels", Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`l${n}`, "x"]))],
];
const TITLE: readonly Bad[] = [...NO_TEXT, ["a NUL", "a\0"], ["a lone surrogate", "\ud800"]];
const PAGE: Table = {
  pageSize: [...NO_POSITIVE, ["more than 1,000", 1_001]],
  pageToken: [...NO_TEXT, ["a token of nobody", "%%%"]],
};
const STATE_KEYS: readonly Bad[] = [
  ["an empty key", { "": 1 }, { says: "state key" }],
  ["a key of 513 bytes", { ["k".repeat(513)]: 1 }, { says: "state key" }],
  ["a key with NUL", { "a\0": 1 }, { says: "state key" }],
  ["a key with a lone surrogate", { "\ud800": 1 }, { says: "state key" }],
];

function says(text: string, bad: readonly Bad[]): Bad[] {
  return bad.map(([given, value]) => [given, value, { says: text }]);
}

function own(): { readonly appName: "app"; readonly userId: "ann"; readonly sessionId: "s1" } {
  return { ...KEY };
}

function user(): { readonly appName: "app"; readonly userId: "ann" } {
  return { appName: KEY.appName, userId: KEY.userId };
}

/** A member that another request has. */
const NOT_KNOWN = { says: "has no option `sessionId`. It knows: " } as const;

const SERVICE_OPTIONS: Table = {
  clock: NO_CLOCK,
  newId: NO_FUNCTION,
  maxEventBytes: NO_POSITIVE,
  pollMs: NO_POSITIVE,
  maxTries: NO_POSITIVE,
  maxCachedEvents: NO_COUNT,
  ...UNKNOWN,
};

/** Of session services: how they are made, and every member of every request. */
export const sessionRows: readonly Row[] = [
  ...rowsOf(
    "BaseSessionServiceOptions",
    SERVICE_OPTIONS,
    () => ({}),
    (_, options) => new BaseSessionService(new InMemorySessionStore(), options as never),
  ),
  ...rowsOf(
    "InMemorySessionServiceOptions",
    { ...SERVICE_OPTIONS, ttlMs: NO_POSITIVE },
    () => ({}),
    (_, options) => new InMemorySessionService(options as never),
  ),
  ...rowsOf(
    "InMemorySessionStoreOptions",
    { clock: NO_CLOCK, ttlMs: NO_POSITIVE, ...UNKNOWN },
    () => ({}),
    (_, options) => new InMemorySessionStore(options as never),
  ),
  ...[undefined, null, {}, "sqlite:x", new InMemorySessionService()].map((store): Row => ({
    option: "BaseSessionService.store",
    given: describe(store),
    code: "INVALID_ARGUMENT",
    says: "A session service needs a store as its first argument, got ",
    use: () => new BaseSessionService(store as never),
  })),
  ...rowsOf(
    "InMemorySessionServiceOptions",
    { ttl: [["a misspelt option", 5, { says: "InMemorySessionService has no option `ttl`" }]] },
    () => ({}),
    (_, options) => new InMemorySessionService(options as never),
  ),
  ...rowsOf(
    "CreateSessionServiceOptions",
    {
      from: [["no path and no URL", "x", { code: "MISCONFIGURED", says: "npm install" }]],
      load: [
        ["a text", "x"],
        ["a package that is none", async () => ({}), { code: "MISCONFIGURED", says: "Update it" }],
        [
          "a package that fails",
          async () => await Promise.reject(new Error("no")),
          { code: "MISCONFIGURED", says: "could not be loaded" },
        ],
      ],
    },
    () => ({}),
    async (_, options) => await createSessionService("redis:x", options as never),
  ),
  ...rowsOf(
    "createSessionService",
    {
      uri: [
        ["no scheme", "x"],
        ["an unknown scheme", "mongo:x"],
        ["a number", 5],
      ].map(([given, value]): Bad => [String(given), value, { says: "Known: " }]),
    },
    () => ({ uri: "" }),
    async (_, { uri }) => await createSessionService(uri),
  ),
  ...rowsOf(
    "registerSessionService",
    {
      scheme: [
        ["a colon", "db:"],
        ["capitals", "DB"],
        ["a number", 5],
      ].map(([given, value]): Bad => [String(given), value, { says: "scheme" }]),
      factory: NO_FUNCTION,
    },
    () => ({ scheme: "bad-input-test", factory: () => new InMemorySessionService() }),
    (_, { scheme, factory }) => registerSessionService(scheme, factory),
  ),
  ...rowsOf(
    "CreateSessionRequest",
    {
      ...USER,
      sessionId: OPTIONAL_IDS,
      state: [...NO_OBJECT, ...STATE_KEYS, ...UNFIT],
      title: TITLE,
      labels: LABELS,
    },
    () => ({ ...own(), sessionId: "s2" }),
    (world, request) => world.sessions.createSession(request as never),
  ),
  ...rowsOf(
    "GetSessionRequest",
    {
      ...SESSION,
      sesionId: [["a misspelt member", "s1", { says: "getSession has no option `sesionId`" }]],
      config: [
        ["a text", "x"],
        ["null", null],
        ["an unknown member", { last: 3 }, { says: "last" }],
      ],
    },
    own,
    (world, request) => world.sessions.getSession(request as never),
  ),
  ...rowsOf(
    "GetSessionConfig",
    {
      numRecentEvents: says("`config.numRecentEvents`", NO_COUNT),
      afterTimestamp: says("`config.afterTimestamp`", [
        ["a text", "x"],
        ["NaN", Number.NaN],
      ]),
      afterSequence: says("`config.afterSequence`", NO_COUNT),
      includeInitialState: [["a text", "yes", { says: "includeInitialState" }]],
    },
    () => ({}),
    (world, config) => world.sessions.getSession({ ...KEY, config }),
  ),
  ...rowsOf("DeleteSessionRequest", SESSION, own, (world, request) =>
    world.sessions.deleteSession(request),
  ),
  ...rowsOf(
    "DeleteUserRequest",
    { ...USER, sessionId: [["that of a session", "s1", NOT_KNOWN]] },
    user,
    (world, request) => world.sessions.deleteUser(request),
  ),
  ...rowsOf("GetUserStateRequest", USER, own, (world, request) =>
    world.sessions.getUserState(request),
  ),
  ...rowsOf(
    "GetAppStateRequest",
    { appName: IDS, signal: SIGNAL, ...UNKNOWN },
    own,
    (world, request) => world.sessions.getAppState(request),
  ),
  ...rowsOf(
    "UpdateSessionRequest",
    { ...SESSION, title: TITLE, labels: LABELS },
    own,
    (world, request) => world.sessions.updateSession(request),
  ),
  ...rowsOf(
    "ListSessionsRequest",
    {
      ...USER,
      ...PAGE,
      labels: LABELS,
      pending: [["a text", "yes"]],
      orderBy: [
        ["an unknown order", "size"],
        ["a number", 5],
      ],
      sessionId: [["that of a session", "s1", NOT_KNOWN]],
    },
    user,
    (world, request) => world.sessions.listSessions(request),
  ),
  ...rowsOf(
    "ListEventsRequest",
    {
      ...SESSION,
      ...PAGE,
      afterSequence: NO_COUNT,
      beforeSequence: NO_COUNT,
      order: [["an unknown order", "up"]],
    },
    own,
    (world, request) => world.sessions.listEvents(request),
  ),
  ...rowsOf("ListInterruptedRequest", { ...USER, ...PAGE }, user, (world, request) =>
    world.sessions.listInterrupted(request),
  ),
  ...rowsOf(
    "AppendEventRequest",
    {
      session: [
        ["a text", "s1"],
        ["null", null],
        ["an id", { id: "s1" }],
      ],
      event: [
        ["a text", "x"],
        ["null", null],
        ["no event", {}, { says: "event.id" }],
        ["an id with NUL", createEvent({ id: "\0" }), { says: "event.id" }],
        ["a timestamp in fractions", createEvent({ timestamp: 1.5 }), { says: "event.timestamp" }],
        ["an author that is a number", { ...createEvent(), author: 5 }, { says: "event.author" }],
        ["actions that are a text", { ...createEvent(), actions: "x" }, { says: "event.actions" }],
        [
          "a list of removed keys that is none",
          createEvent({ stateRemoved: "x" as never }),
          { says: "event.stateRemoved" },
        ],
        ["a removed key with NUL", createEvent({ stateRemoved: ["\0"] }), { says: "stateRemoved" }],
        ...STATE_KEYS.map(([given, stateDelta]): Bad => [
          given,
          createEvent({ actions: { stateDelta: stateDelta as Record<string, unknown> } }),
          { says: "stateDelta" },
        ]),
        ...UNFIT.map(([given, customMetadata, expected]): Bad => [
          `${given} in customMetadata`,
          createEvent({ customMetadata: customMetadata as Record<string, unknown> }),
          expected,
        ]),
        ...UNFIT.map(([given, value, expected]): Bad => [
          `${given} in a state delta`,
          createEvent({ actions: { stateDelta: { key: value } } }),
          expected,
        ]),
        [
          "more than 32 MiB",
          createEvent({ output: "x".repeat(2 ** 25) }),
          { code: "EVENT_TOO_LARGE", says: "bytes" },
        ],
      ],
      expectedLastSequence: NO_COUNT,
      lease: [
        ["a text", "mine"],
        ["an object that is none", {}],
      ],
      header: [["without a lease", { windowFrom: 1 }]],
      signal: SIGNAL,
      ...UNKNOWN,
    },
    () => ({ event: createEvent({ author: "x", invocationId: "e-1" }) }),
    async (world, request) =>
      await world.sessions.appendEvent({ session: await world.session(), ...request }),
  ),
  ...rowsOf(
    "AcquireLeaseRequest",
    {
      ...SESSION,
      owner: IDS,
      ttlMs: [
        ...NO_POSITIVE,
        ["99 ms", 99],
        ["more than an hour", 3_600_001],
        ["nothing", undefined],
      ],
      waitMs: NO_COUNT,
    },
    () => ({ ...own(), owner: "me", ttlMs: 1_000 }),
    (world, request) => world.sessions.acquireLease(request),
  ),
  ...rowsOf(
    "RequestCancelRequest",
    { ...SESSION, invocationId: IDS },
    () => ({ ...own(), invocationId: "e-1" }),
    (world, request) => world.sessions.requestCancel(request),
  ),
  ...rowsOf(
    "ForkSessionRequest",
    {
      ...SESSION,
      atSequence: [
        ...NO_COUNT,
        ["nothing", undefined],
        ["a sequence that is not there", 99, { says: "`atSequence` is 99" }],
      ],
      newSessionId: [
        ...OPTIONAL_IDS,
        ["one that is taken", "s1", { code: "SESSION_ALREADY_EXISTS", says: "`newSessionId`" }],
      ],
      title: TITLE,
      labels: LABELS,
    },
    () => ({ ...own(), atSequence: 1 }),
    (world, request) => world.sessions.forkSession(request),
  ),
  ...rowsOf("SubscribeRequest", { ...SESSION, afterSequence: NO_COUNT }, own, (world, request) =>
    world.sessions.subscribe(request).next(),
  ),
  ...rowsOf(
    "PurgeExpiredRequest",
    { appName: IDS, limit: NO_POSITIVE, signal: SIGNAL, ...UNKNOWN },
    () => ({}),
    (world, request) => world.sessions.purgeExpired(request),
  ),
  ...withoutRequest(),
];

/** The request itself is missing. */
function withoutRequest(): Row[] {
  const methods = [
    "createSession",
    "getOrCreateSession",
    "getSession",
    "updateSession",
    "listSessions",
    "listEvents",
    "listInterrupted",
    "deleteSession",
    "deleteUser",
    "appendEvent",
    "getUserState",
    "getAppState",
    "openSession",
    "acquireLease",
    "requestCancel",
    "forkSession",
  ] as const;
  return methods.map((method) => ({
    option: `BaseSessionService.${method}`,
    given: "no request",
    code: "INVALID_ARGUMENT",
    says: "request",
    use: async (world: World) => await world.sessions[method](undefined as never),
  }));
}
