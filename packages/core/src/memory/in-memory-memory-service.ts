import { AdkError } from "../errors.ts";
import type { Event } from "../events/event.ts";
import { checkId } from "../internal/check-id.ts";
import {
  checkMembers,
  checkOptions,
  membersOf,
  type OptionCheck,
} from "../internal/check-options.ts";
import { checkSignal } from "../internal/check-signal.ts";
import { type IdSource, randomId } from "../internal/ids.ts";
import { cloneJson, copyJson } from "../internal/json.ts";
import { wordsOf } from "../internal/words.ts";
import type { Cancellable } from "../sessions/requests.ts";
import type { Session } from "../sessions/session.ts";
import {
  type AddEventsToMemoryRequest,
  type AddMemoryRequest,
  BaseMemoryService,
  type DeleteMemoryRequest,
  type MemoryEntry,
  type SearchMemoryRequest,
  type SearchMemoryResponse,
} from "./base-memory-service.ts";

interface StoredMemory {
  readonly entry: MemoryEntry;
  readonly words: ReadonlySet<string>;
}

/** Memories by id, in the order they came. */
type Memories = Map<string, StoredMemory>;

/** Options of the memory in this process. */
export interface InMemoryMemoryServiceOptions {
  /** Ids of entries that come without one. @defaultValue random UUIDs */
  newId?: IdSource | undefined;
}

const OPTIONS: Record<keyof InMemoryMemoryServiceOptions, OptionCheck> = { newId: "function" };

const owner = { appName: true, userId: true, signal: true } as const;

/** What each method's request may have. Others are refused: `deleteMemory` would delete more than was meant. */
const MEMBERS = {
  addEventsToMemory: membersOf<AddEventsToMemoryRequest>({
    ...owner,
    sessionId: true,
    events: true,
    customMetadata: true,
  }),
  addMemory: membersOf<AddMemoryRequest>({ ...owner, memories: true, customMetadata: true }),
  searchMemory: membersOf<SearchMemoryRequest>({ ...owner, query: true, limit: true }),
  deleteMemory: membersOf<DeleteMemoryRequest>({ ...owner, sessionId: true, memoryId: true }),
};

/** Where entries stand that belong to no session; no session has an empty id. */
const NO_SESSION = "";
const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 1_000;

/**
 * Memory in this process, searched by words: what has more of the query's words comes first, equals in the order they were
 * added. For tests and for trying things out.
 */
export class InMemoryMemoryService extends BaseMemoryService {
  readonly #newId: IdSource;
  /** By user, then by session. */
  readonly #users = new Map<string, Map<string, Memories>>();
  #closed = false;

  constructor(options: InMemoryMemoryServiceOptions = {}) {
    super();
    checkOptions("InMemoryMemoryService", options, OPTIONS);
    this.#newId = options.newId ?? randomId;
  }

  override async addSessionToMemory(session: Session): Promise<void> {
    this.#begin(session, undefined);
    checkId("id", session.id);
    const memories = toMemories(session.events, undefined);
    this.#sessions(session).set(session.id, memories);
  }

  override async addEventsToMemory(request: AddEventsToMemoryRequest): Promise<void> {
    this.#begin(request, "addEventsToMemory");
    const { sessionId, events, customMetadata } = request;
    if (sessionId !== undefined) checkId("sessionId", sessionId);
    const added = toMemories(events, customMetadata);
    const memories = this.#memories(request, sessionId ?? NO_SESSION);
    for (const [id, memory] of added) if (!memories.has(id)) memories.set(id, memory);
  }

  override async addMemory(request: AddMemoryRequest): Promise<void> {
    this.#begin(request, "addMemory");
    checkList("memories", request.memories);
    checkMetadata(request.customMetadata);
    const added = request.memories.map((memory, index) => {
      const id = memory?.id ?? this.#newId();
      checkId(`memories[${index}].id`, id);
      const customMetadata = { ...memory.customMetadata, ...request.customMetadata };
      return [id, store({ ...memory, id, customMetadata }, `memories[${index}]`)] as const;
    });
    const memories = this.#memories(request, NO_SESSION);
    for (const [id, memory] of added) memories.set(id, memory);
  }

  override async searchMemory(request: SearchMemoryRequest): Promise<SearchMemoryResponse> {
    this.#begin(request, "searchMemory");
    const { query, limit = DEFAULT_LIMIT } = request;
    if (typeof query !== "string") throw invalid("`query` is not text. Pass the words to look for");
    if (!Number.isSafeInteger(limit) || limit < 1 || limit > MAX_LIMIT)
      throw invalid(`\`limit\` is no whole number from 1 to ${MAX_LIMIT}`);
    const words = wordsOf(query);
    const found: { entry: MemoryEntry; overlap: number }[] = [];
    for (const memories of this.#users.get(userKey(request))?.values() ?? [])
      for (const { entry, words: own } of memories.values()) {
        let overlap = 0;
        for (const word of words) if (own.has(word)) overlap++;
        if (overlap > 0) found.push({ entry, overlap });
      }
    found.sort((left, right) => right.overlap - left.overlap);
    return { memories: found.slice(0, limit).map(({ entry }) => cloneJson(entry)) };
  }

  override async deleteMemory(request: DeleteMemoryRequest): Promise<void> {
    this.#begin(request, "deleteMemory");
    const { sessionId, memoryId } = request;
    if (sessionId !== undefined) checkId("sessionId", sessionId);
    if (memoryId !== undefined) checkId("memoryId", memoryId);
    const sessions = this.#users.get(userKey(request));
    if (memoryId !== undefined) {
      for (const [id, memories] of sessions ?? [])
        if (sessionId === undefined || sessionId === id) memories.delete(memoryId);
    } else if (sessionId !== undefined) sessions?.delete(sessionId);
    else this.#users.delete(userKey(request));
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#users.clear();
  }

  /** @param method whose members the request may have; a session has those of a session. */
  #begin(request: MemoryOwner & Cancellable, method: keyof typeof MEMBERS | undefined): void {
    if (this.#closed)
      throw new AdkError(
        "CLOSED",
        "The memory service is closed. Make another, or close it later.",
      );
    if (typeof request !== "object" || request === null)
      throw invalid("The request is missing. Pass one object: { appName, userId, … }");
    if (method !== undefined) checkMembers(method, request, MEMBERS[method]);
    checkId("appName", request.appName);
    checkId("userId", request.userId);
    checkSignal(request.signal);
  }

  #sessions(owner: MemoryOwner): Map<string, Memories> {
    const key = userKey(owner);
    const sessions = this.#users.get(key) ?? new Map<string, Memories>();
    this.#users.set(key, sessions);
    return sessions;
  }

  #memories(owner: MemoryOwner, sessionId: string): Memories {
    const sessions = this.#sessions(owner);
    const memories = sessions.get(sessionId) ?? new Map<string, StoredMemory>();
    sessions.set(sessionId, memories);
    return memories;
  }
}

interface MemoryOwner {
  readonly appName: string;
  readonly userId: string;
}

function userKey({ appName, userId }: MemoryOwner): string {
  return JSON.stringify([appName, userId]);
}

/** The events that say something, by id. */
function toMemories(
  events: readonly Event[],
  customMetadata: Record<string, unknown> | undefined,
): Memories {
  checkList("events", events);
  checkMetadata(customMetadata);
  const memories: Memories = new Map();
  for (const [index, event] of events.entries()) {
    const { id, content, author, timestamp, partial } = event;
    if (partial || !content?.parts?.length) continue;
    checkId(`events[${index}].id`, id);
    const memory = { content, id, author, timestamp: toIsoTime(timestamp, index), customMetadata };
    memories.set(id, store(memory, `events[${index}]`));
  }
  return memories;
}

function toIsoTime(timestamp: number, index: number): string {
  const date = new Date(timestamp);
  if (Number.isNaN(date.getTime()))
    throw invalid(`\`events[${index}].timestamp\` is no number of milliseconds since 1970`);
  return date.toISOString();
}

/** A private copy of an entry, with its words. */
function store(memory: MemoryEntry, path: string): StoredMemory {
  const { content, id, author, timestamp, customMetadata } = memory;
  if (typeof content !== "object" || content === null)
    throw invalid(`\`${path}.content\` is missing. Pass { parts: [{ text: … }] }`);
  const given = { content, id, author, timestamp, ...(customMetadata && { customMetadata }) };
  const entry = copyJson(given, { path, blobs: true }) as unknown as MemoryEntry;
  const texts = entry.content.parts?.map(({ text }) => text ?? "") ?? [];
  return { entry, words: wordsOf(texts.join(" ")) };
}

function checkList(member: string, value: unknown): void {
  if (!Array.isArray(value)) throw invalid(`\`${member}\` is not a list`);
  const unfit = value.findIndex((item) => typeof item !== "object" || item === null);
  if (unfit >= 0) throw invalid(`\`${member}[${unfit}]\` must be an object`);
}

function checkMetadata(value: unknown): void {
  if (value !== undefined && (typeof value !== "object" || value === null || Array.isArray(value)))
    throw invalid("`customMetadata` must be an object of JSON values");
}

function invalid(what: string): AdkError {
  return new AdkError("INVALID_ARGUMENT", `${what}.`);
}
