import { AdkError, type ListCommand } from "@adk/core";

type Order = NonNullable<ListCommand["orderBy"]>;

/** Where a page ended: what the next one comes after. */
export interface Position {
  /** 0 where the order of creation alone counts. */
  readonly lastUpdateTime: number;
  readonly serial: number;
}

const VERSION = "r1";

export function encodePosition(order: Order, { lastUpdateTime, serial }: Position): string {
  const words = [VERSION, order, order === "createTime" ? 0 : lastUpdateTime, serial];
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
    const [version, of, lastUpdateTime, serial] = words as unknown[];
    const isPlace = Number.isSafeInteger(lastUpdateTime) && Number.isSafeInteger(serial);
    if (version === VERSION && of === order && isPlace)
      return { lastUpdateTime: lastUpdateTime as number, serial: serial as number };
  }
  throw new AdkError(
    "INVALID_ARGUMENT",
    "`pageToken` is not a token of this list. Pass the `nextPageToken` of the page before, with the same filters, or none for the first page.",
  );
}
