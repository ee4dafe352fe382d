import type { Event } from "../events/event.ts";
import { copyRecord } from "../internal/json.ts";
import { pendingCalls } from "../log/pending.ts";
import { stateAt } from "../log/state-at.ts";
import { encodePending } from "./header-change.ts";
import { forkEndError, refusalError } from "./refusal-error.ts";
import type { ForkSessionRequest } from "./requests.ts";
import { decodeValues, encodeValues } from "./scoped-values.ts";
import { READ_PAGE, type SessionReader } from "./session-reader.ts";
import type { CreateCommand } from "./session-store.ts";

/**
 * The command that creates a fork: its state and waiting calls are folded from the source's log up to `atSequence`; the
 * store copies the events.
 *
 * @throws AdkError `SESSION_NOT_FOUND` without a source; `INVALID_ARGUMENT` when it has no such sequence.
 */
export async function forkCommand(
  request: ForkSessionRequest,
  ids: { readonly sessionId: string; readonly incarnation: string },
  reader: SessionReader,
): Promise<CreateCommand> {
  const { appName, userId, sessionId, atSequence, title, signal } = request;
  const labels = request.labels && copyRecord(request.labels);
  const source = await reader.read(
    {
      appName,
      userId,
      sessionId,
      initialState: true,
      events: { from: 1, to: atSequence, limit: READ_PAGE },
    },
    signal,
  );
  if (!source) throw refusalError({ status: "not-found" }, { sessionId });
  const { header } = source;
  if (atSequence > header.lastSequence) throw forkEndError(request, header.lastSequence);
  const events: Event[] = await reader.range(header, source.events, 1, atSequence, signal);
  const initialState = source.initialState ?? {};
  const command: CreateCommand = {
    appName,
    userId,
    sessionId: ids.sessionId,
    incarnation: ids.incarnation,
    initialState,
    fork: {
      sessionId,
      incarnation: header.incarnation,
      atSequence,
      state: encodeValues(stateAt(decodeValues(initialState), events)),
      header: { windowFrom: 1, pendingCalls: encodePending(pendingCalls(events)), kept: null },
    },
  };
  if (title !== undefined) command.title = title;
  if (labels !== undefined) command.labels = labels;
  return command;
}
