import { describe } from "../internal/check-options.ts";
import { pendingCalls } from "../log/pending.ts";
import type { DecodedWindow } from "./decoded-windows.ts";
import { decodePending } from "./header-change.ts";
import type { GetSessionConfig, GetSessionRequest } from "./requests.ts";
import { READ_PAGE, sessionName, type SessionReader } from "./session-reader.ts";
import type { ReadCommand, SessionHeader } from "./session-store.ts";
import type { Session } from "./session.ts";
import { checkInteger, checkKey, invalid } from "./validate.ts";

export interface LoadedSession {
  readonly session: Session;
  readonly header: SessionHeader;
  /** Absent when the events were not taken from one. */
  readonly window?: DecodedWindow;
}

/** A session with the events that its `config` asks for: by time, then by sequence, then the newest so many. */
export async function getSession(
  request: GetSessionRequest,
  reader: SessionReader,
): Promise<LoadedSession | undefined> {
  const { config = {}, signal } = request;
  const key = checkKey(request);
  checkConfig(config);
  const { numRecentEvents, afterTimestamp, afterSequence = 0, includeInitialState } = config;
  checkInteger("config.numRecentEvents", numRecentEvents, 0);
  checkInteger("config.afterSequence", afterSequence, 0);
  if (afterTimestamp !== undefined && !Number.isFinite(afterTimestamp))
    throw invalid("`config.afterTimestamp` must be a number of milliseconds since the Unix epoch.");
  const command: ReadCommand = { ...key, state: true };
  if (includeInitialState) command.initialState = true;
  // Stores know sequences only: with a time, all events are looked at.
  if (numRecentEvents !== undefined && afterTimestamp === undefined)
    return await getRecent(command, afterSequence, numRecentEvents, reader, signal);

  const known = reader.windows.get(sessionName(key));
  const from = afterSequence + 1;
  // With the last event that is known already: it shows whether the store still holds it.
  const start =
    known && known.first <= from ? Math.max(from, known.first + known.events.length - 1) : from;
  const snapshot = await reader.read(
    { ...command, events: { from: start, limit: READ_PAGE } },
    signal,
  );
  if (!snapshot) return undefined;
  const { header } = snapshot;
  const { session, window } = await reader.load(snapshot, from, signal);
  if (afterTimestamp !== undefined) {
    const events = session.events.filter((event) => event.timestamp >= afterTimestamp);
    session.events =
      numRecentEvents === undefined
        ? events
        : events.slice(Math.max(0, events.length - numRecentEvents));
    session.firstSequence = session.events[0]?.sequence ?? session.lastSequence + 1;
  }
  return { session, header, window };
}

const CONFIG: ReadonlySet<string> = new Set<keyof GetSessionConfig>([
  "numRecentEvents",
  "afterTimestamp",
  "afterSequence",
  "includeInitialState",
]);

function checkConfig(config: unknown): void {
  if (typeof config !== "object" || config === null || Array.isArray(config))
    throw invalid(`\`config\` must be an object, got ${describe(config)}.`);
  const unknown = Object.keys(config).find((name) => !CONFIG.has(name));
  if (unknown !== undefined)
    throw invalid(`\`config\` has no option \`${unknown}\`. It knows: ${[...CONFIG].join(", ")}.`);
  const { includeInitialState } = config as GetSessionConfig;
  if (includeInitialState !== undefined && typeof includeInitialState !== "boolean")
    throw invalid(
      `\`config.includeInitialState\` must be true or false, got ${describe(includeInitialState)}.`,
    );
}

async function getRecent(
  command: ReadCommand,
  afterSequence: number,
  count: number,
  reader: SessionReader,
  signal: AbortSignal | undefined,
): Promise<LoadedSession | undefined> {
  if (count > 0) {
    const limit = Math.min(count, READ_PAGE);
    command.events = { from: afterSequence + 1, limit, descending: true };
  }
  const snapshot = await reader.read(command, signal);
  if (!snapshot) return undefined;
  const { header } = snapshot;
  const from = Math.max(afterSequence + 1, header.lastSequence - count + 1);
  const stored = snapshot.events.toReversed();
  const events = await reader.range(header, stored, from, header.lastSequence, signal);
  const pending = pendingCalls(events, decodePending(header));
  return { session: reader.session(snapshot, events, pending), header };
}
