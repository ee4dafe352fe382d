import { AdkError, type ListCommand } from "@adk/core";

type Order = NonNullable<ListCommand["orderBy"]>;

/** Where a page ended: what the next one comes after. */
export interface Position {
  readonly lastUpdateTime: number;
  readonly sid: string;
}

const VERSION = "p1";

export function encodePosition(order: Order, { lastUpdateTime, sid }: Position): string {
  const words = [VERSION, order, order === "createTime" ? 0 : lastUpdateTime, sid];
  return Buffer.from(JSON.stringify(words)).toString("base64url");
}

/** @throws {@link AdkError} `INVALID_ARGUMENT` when it is no token of such a list. */
export function decodePosition(order: Order, token: string): Position {
  let words: unknown;
  try {
    words = JSON.parse(Buffer.from(token, "base64url").toString());
  } catch {
    words = undefined;
  }
  if (Array.isArray(words) && words.length === 4) {
    const [version, of, time, sid] = words as unknown[];
    const isSid = typeof sid === "string" && /^\d{1,18}$/.test(sid);
    if (version === VERSION && of === order && isSid && Number.isSafeInteger(time))
      return { lastUpdateTime: time as number, sid };
  }
  throw new AdkError(
    "INVALID_ARGUMENT",
    "`pageToken` is not a token of this list. Pass the `nextPageToken` of the page before, with the same filters, or none for the first page.",
  );
}
