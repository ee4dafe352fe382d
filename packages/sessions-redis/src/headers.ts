import type { SessionHeader, SessionKey } from "@adk/core";

/** The fields of a header hash that a reader wants, `kept` and the lease's names aside. */
export const HEADER_FIELDS = [
  "inc",
  "seq",
  "ct",
  "ut",
  "win",
  "att",
  "can",
  "inv",
  "li",
  "lu",
  "title",
  "labels",
  "from",
  "at",
  "pc",
  "ser",
  "states",
  "initial",
  "kept",
] as const;

type Field = (typeof HEADER_FIELDS)[number];

/** A header as stored. */
export interface StoredHeader {
  readonly header: SessionHeader;
  /** The order of creation. */
  readonly serial: number;
  /** How many keys of state, and of initial state, there are, and whether something is kept. */
  readonly stateCount: number;
  readonly initialCount: number;
  readonly hasKept: boolean;
}

/** @param now the server's clock, milliseconds since the Unix epoch. @returns `undefined` when there is none. */
export function readHeader(
  { appName, userId, sessionId }: SessionKey,
  reply: unknown,
  now: number,
): StoredHeader | undefined {
  const values = reply as (string | null)[];
  const get = (field: Field): string | undefined =>
    values[HEADER_FIELDS.indexOf(field)] ?? undefined;
  const number = (field: Field): number => Number(get(field) ?? 0);
  const incarnation = get("inc");
  if (incarnation === undefined) return undefined;
  const header: SessionHeader = {
    appName,
    userId,
    sessionId,
    incarnation,
    createTime: number("ct"),
    lastUpdateTime: number("ut"),
    lastSequence: number("seq"),
    windowFrom: number("win"),
    attempt: number("att"),
    cancelRequested: get("can") !== undefined,
  };
  const [title, labels, from] = [get("title"), get("labels"), get("from")];
  const [pendingCalls, invocationId] = [get("pc"), get("inv")];
  if (title !== undefined) header.title = title;
  if (labels !== undefined) header.labels = readRecord(labels);
  if (from !== undefined) header.forkedFrom = { sessionId: from, sequence: number("at") };
  if (pendingCalls !== undefined) header.pendingCalls = pendingCalls;
  if (invocationId !== undefined) header.invocationId = invocationId;
  const leftMs = get("li") === undefined ? 0 : number("lu") - now;
  if (leftMs > 0) header.leaseExpiresInMs = leftMs;
  return {
    header,
    serial: number("ser"),
    stateCount: number("states"),
    initialCount: number("initial"),
    hasKept: get("kept") !== undefined,
  };
}

/** The server's clock out of a reply of `TIME`, milliseconds since the Unix epoch. */
export function readTime(reply: unknown): number {
  const [seconds, microseconds] = reply as [string, string];
  return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
}

/** Without a prototype: `__proto__` is a key like any other. */
function readRecord(json: string): Record<string, string> {
  return Object.assign(Object.create(null) as Record<string, string>, JSON.parse(json));
}
