import { decodePageToken, encodePageToken } from "./page-token.ts";
import { refusalError } from "./refusal-error.ts";
import type { ListEventsRequest, ListEventsResponse } from "./requests.ts";
import type { SessionReader } from "./session-reader.ts";
import type { ReadCommand } from "./session-store.ts";
import { checkInteger, checkKey, checkPageSize, checkPageToken, invalid } from "./validate.ts";

/** One page of a session's events, by sequence; its token is the sequence that follows. */
export async function listEvents(
  request: ListEventsRequest,
  reader: SessionReader,
): Promise<ListEventsResponse> {
  const { afterSequence = 0, beforeSequence = Infinity, order = "ascending", signal } = request;
  const key = checkKey(request);
  checkInteger("afterSequence", afterSequence, 0);
  if (beforeSequence !== Infinity) checkInteger("beforeSequence", beforeSequence, 0);
  if (order !== "ascending" && order !== "descending")
    throw invalid('`order` must be "ascending" or "descending".');
  const pageSize = checkPageSize(request.pageSize);
  checkPageToken(request.pageToken);
  const kind = `events ${order}`;
  const descending = order === "descending";
  let from = afterSequence + 1;
  let to = beforeSequence - 1;
  if (request.pageToken !== undefined) {
    const [next] = decodePageToken(kind, request.pageToken, ["number"]) as [number];
    if (descending) to = Math.min(to, next);
    else from = Math.max(from, next);
  }
  const wanted: NonNullable<ReadCommand["events"]> = { from, limit: pageSize, descending };
  if (to !== Infinity) wanted.to = Math.max(to, 0);
  const snapshot = await reader.read({ ...key, events: wanted }, signal);
  if (!snapshot) throw refusalError({ status: "not-found" }, key);

  const { header } = snapshot;
  const { lastSequence } = header;
  const stored = descending ? snapshot.events.toReversed() : snapshot.events;
  const first = stored[0]?.sequence ?? 1;
  const last = stored.at(-1)?.sequence ?? 0;
  const events = await reader.range(header, stored, first, last, signal);
  if (events.length === 0) return { events, lastSequence };
  if (descending) events.reverse();
  const next = descending ? first - 1 : last + 1;
  const isLast = descending ? next < from : next > Math.min(to, lastSequence);
  return isLast
    ? { events, lastSequence }
    : { events, lastSequence, nextPageToken: encodePageToken(kind, [next]) };
}
