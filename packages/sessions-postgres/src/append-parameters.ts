import type { AppendCommand, HeaderPatch, StoreDelta } from "@adk/core";
import { arrayLiteral, type Parameter } from "./database.ts";

const APPEND_COLUMNS = [
  "appName",
  "userId",
  "sessionId",
  "incarnation",
  "id",
  "timestamp",
  "data",
  "expectedLastSequence",
  "leaseId",
  "ttlMs",
  "header",
  "delta",
] as const;

/** In the order of {@link APPEND_COLUMNS}. */
export function appendParameters(command: AppendCommand): (string | number | null)[] {
  const { appName, userId, sessionId, incarnation, id, timestamp, data, lease, delta } = command;
  return [
    appName,
    userId,
    sessionId,
    incarnation,
    id,
    timestamp,
    data,
    command.expectedLastSequence ?? null,
    lease?.leaseId ?? null,
    lease ? Math.ceil(lease.ttlMs) : null,
    lease ? encodePatch(lease.header) : null,
    delta ? encodeDelta(delta) : null,
  ];
}

/** Of many: an array for each of {@link APPEND_COLUMNS}, with a member for each append. */
export function batchParameters(commands: readonly AppendCommand[]): Parameter[] {
  const members = commands.map(appendParameters);
  return APPEND_COLUMNS.map((_name, column) =>
    arrayLiteral(members.map((member) => member[column] ?? null)),
  );
}

/** `null` for what changes nothing. */
export function encodePatch(patch: HeaderPatch): string | null {
  const json = JSON.stringify(patch);
  return json === "{}" ? null : json;
}

function encodeDelta(delta: StoreDelta): string | null {
  const json = JSON.stringify(delta);
  return json === "{}" ? null : json;
}
