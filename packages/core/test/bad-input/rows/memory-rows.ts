import { createEvent, InMemoryMemoryService } from "../../../src/index.ts";
import {
  type Bad,
  IDS,
  NO_FUNCTION,
  NO_LIST,
  NO_POSITIVE,
  NO_TEXT,
  type Row,
  rowsOf,
  SIGNAL,
  type Table,
  UNFIT,
  UNKNOWN,
} from "../rows.ts";
import { HI, KEY } from "../world.ts";

const OWNER: Table = { appName: IDS, userId: IDS, signal: SIGNAL, ...UNKNOWN };
const METADATA: readonly Bad[] = [...NO_TEXT, ...UNFIT];

function own(): { appName: string; userId: string; sessionId: string } {
  return { ...KEY };
}

function user(): { appName: string; userId: string } {
  return { appName: KEY.appName, userId: KEY.userId };
}

/** Of memory and credential services. */
export const memoryRows: readonly Row[] = [
  ...rowsOf(
    "InMemoryMemoryServiceOptions",
    { newId: NO_FUNCTION, ...UNKNOWN },
    () => ({}),
    (_, options) => new InMemoryMemoryService(options as never),
  ),
  ...rowsOf(
    "SearchMemoryRequest",
    {
      ...OWNER,
      query: [...NO_TEXT, ["nothing", undefined]],
      limit: [...NO_POSITIVE, ["1,001", 1_001]],
    },
    () => ({ ...user(), query: "tea" }),
    (world, request) => world.memory.searchMemory(request),
  ),
  ...rowsOf(
    "AddEventsToMemoryRequest",
    {
      ...OWNER,
      sessionId: IDS,
      events: [
        ...NO_LIST,
        ["null in it", [null], { says: "events[0]" }],
        ["an id with NUL", [createEvent({ id: "\0", content: HI })], { says: "events[0].id" }],
        [
          "a timestamp that is none",
          [createEvent({ timestamp: Number.NaN, content: HI })],
          { says: "events[0].timestamp" },
        ],
      ],
      customMetadata: METADATA,
    },
    () => ({ ...own(), events: [createEvent({ content: HI })] }),
    (world, request) => world.memory.addEventsToMemory(request),
  ),
  ...rowsOf(
    "AddMemoryRequest",
    {
      ...OWNER,
      memories: [
        ...NO_LIST,
        ["null in it", [null], { says: "memories[0]" }],
        ["no content", [{}], { says: "memories[0].content" }],
        ["an id with NUL", [{ id: "\0", content: HI }], { says: "memories[0].id" }],
        [
          "a function in content",
          [{ content: { parts: [{ text: () => 1 }] } }],
          { code: "NOT_SERIALIZABLE", says: "memories[0]" },
        ],
      ],
      customMetadata: METADATA,
    },
    () => ({ ...user(), memories: [{ content: HI }] }),
    (world, request) => world.memory.addMemory(request),
  ),
  ...rowsOf(
    "DeleteMemoryRequest",
    {
      ...OWNER,
      sessionId: IDS,
      memoryId: IDS,
      memoryID: [["a misspelt member", "m1", { says: "deleteMemory has no option `memoryID`" }]],
    },
    () => ({ ...own(), memoryId: "m1" }),
    (world, request) => world.memory.deleteMemory(request),
  ),
  ...rowsOf(
    "AuthConfig",
    {
      credentialKey: [...IDS, ["nothing", undefined]],
      exchangedAuthCredential: UNFIT,
    },
    () => ({ authScheme: {}, credentialKey: "k" }),
    (world, config) => world.credentials.saveCredential(config, KEY),
  ),
  ...rowsOf("CredentialScope", { appName: IDS, userId: IDS }, own, (world, scope) =>
    world.credentials.loadCredential({ authScheme: {}, credentialKey: "k" }, scope),
  ),
  ...rowsOf(
    "BaseMemoryService.addSessionToMemory",
    { appName: IDS, userId: IDS, id: IDS, events: NO_LIST },
    () => ({}),
    async (world, change) =>
      await world.memory.addSessionToMemory({ ...(await world.session()), ...change }),
  ),
];
