import type { Context } from "../context/context.ts";
import type { Event, ToolRecord } from "../events/event.ts";
import { decodeEvent } from "../events/codec.ts";
import { record } from "../flows/tools/records.ts";
import { setOwn } from "../internal/json.ts";
import { agentRun } from "../log/agent-run.ts";
import { BaseSessionService } from "../sessions/base-session-service.ts";
import { decorateStore } from "../sessions/decorate-store.ts";
import { InMemorySessionStore } from "../sessions/in-memory-session-store.ts";
import type { Session } from "../sessions/session.ts";

/** The session in which an agent runs as a tool. */
export interface NestedSession extends AsyncDisposable {
  readonly service: BaseSessionService;
  readonly session: Session;
  /** What an earlier process has stored of the run. */
  readonly events: readonly Event[];
}

/**
 * Opens it, in memory. It starts with a copy of the caller's state.
 *
 * In an app that is resumable it *is* the projection of the records that the run leaves in the caller's log: what they hold
 * is laid into it, and each further event is recorded there first. The first record carries the copied state.
 */
export async function openNestedSession(toolContext: Context): Promise<NestedSession> {
  const { invocationContext, appName, userId, functionCallId: callId = "" } = toolContext;
  const { invocation, isResumable } = invocationContext;
  const { clock, newId } = invocation;
  const records = isResumable ? recordsOf(toolContext) : [];
  const state = records[0]?.state ?? copiedState(toolContext);
  const memory = new InMemorySessionStore({ clock });
  let isFirst = records.length === 0;
  let isLaidOut = false;
  const store = decorateStore(memory, {
    // As long as the call has no response its run is open, wherever the log stands: nothing else says so.
    open: async (command) => {
      const outcome = await memory.open(command);
      const invocationId = records[0]?.event?.invocationId;
      if (outcome.status !== "ok" || invocationId === undefined) return outcome;
      const header = { ...outcome.snapshot.header, invocationId };
      return { ...outcome, snapshot: { ...outcome.snapshot, header } };
    },
    append: async (command) => {
      if (isResumable && isLaidOut) {
        await recordEvent(toolContext, {
          callId,
          event: decodeEvent(command.data, 0),
          ...(isFirst ? { state } : {}),
        });
        isFirst = false;
      }
      return await memory.append(command);
    },
  });
  const service = new BaseSessionService(store, { clock, newId });
  const session = await service.createSession({ appName, userId, state });
  const events: Event[] = [];
  for (const { event } of records)
    if (event) events.push(await service.appendEvent({ session, event }));
  isLaidOut = true;
  return { service, session, events, [Symbol.asyncDispose]: () => service[Symbol.asyncDispose]() };
}

/** The records that this call has left in the caller's log, in order. */
function recordsOf({ invocationContext, functionCallId }: Context): ToolRecord[] {
  return agentRun(invocationContext.runStart).events.flatMap(({ toolRecord }) =>
    toolRecord?.callId === functionCallId && toolRecord?.event ? [toolRecord] : [],
  );
}

async function recordEvent(
  { invocationContext }: Context,
  { event, ...toolRecord }: ToolRecord,
): Promise<void> {
  const { sequence: _sequence, ...recorded } = event as Event;
  await record(invocationContext, { ...toolRecord, event: recorded });
}

/** Not what lives as long as the invocation, nor what the engine keeps for itself. */
function copiedState({ state }: Context): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  const values = state.toRecord();
  for (const key of Object.keys(values))
    if (!key.startsWith("temp:") && !key.startsWith("_adk")) setOwn(copy, key, values[key]);
  return copy;
}
