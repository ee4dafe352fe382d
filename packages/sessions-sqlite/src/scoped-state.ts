import type { ScopeDelta, ScopedValues, StoreDelta, Values } from "@adk/core";
import type { Connection, Row } from "./connection.ts";

/** The user id under which the state of the app stands: no user has it. */
const APP = "";

const SET_OWN = /* sql */ `INSERT INTO adk_state (sid, key, value) VALUES (?, ?, ?)
  ON CONFLICT (sid, key) DO UPDATE SET value = excluded.value`;
const REMOVE_OWN = /* sql */ `DELETE FROM adk_state WHERE sid = ? AND key = ?`;
const READ_OWN = /* sql */ `SELECT key, value FROM adk_state WHERE sid = ?`;
const SET_SHARED = /* sql */ `INSERT INTO adk_shared_state (app_name, user_id, key, value) VALUES (?, ?, ?, ?)
  ON CONFLICT (app_name, user_id, key) DO UPDATE SET value = excluded.value`;
const REMOVE_SHARED = /* sql */ `DELETE FROM adk_shared_state WHERE app_name = ? AND user_id = ? AND key = ?`;
const READ_SHARED = /* sql */ `SELECT key, value FROM adk_shared_state WHERE app_name = ? AND user_id = ?`;

export interface StateOwner {
  readonly sid: number;
  readonly appName: string;
  readonly userId: string;
}

/** Merges a delta, key by key. A key that is removed and set is set. */
export function mergeState(connection: Connection, owner: StateOwner, delta: StoreDelta): void {
  const { sid, appName, userId } = owner;
  if (delta.session) mergeOwn(connection, sid, delta.session);
  if (delta.user) mergeShared(connection, appName, userId, delta.user);
  if (delta.app) mergeShared(connection, appName, APP, delta.app);
}

/** The three scopes as they are now. */
export function readState(connection: Connection, owner: StateOwner): ScopedValues {
  return {
    app: readShared(connection, owner.appName),
    user: readShared(connection, owner.appName, owner.userId),
    session: toValues(connection.all(READ_OWN, owner.sid)),
  };
}

/** The shared state of a user, or of the app. */
export function readShared(connection: Connection, appName: string, userId: string = APP): Values {
  return toValues(connection.all(READ_SHARED, appName, userId));
}

function mergeOwn(connection: Connection, sid: number, { set, remove }: ScopeDelta): void {
  for (const key of remove) connection.run(REMOVE_OWN, sid, key);
  for (const key of Object.keys(set)) connection.run(SET_OWN, sid, key, set[key] as string);
}

function mergeShared(
  connection: Connection,
  appName: string,
  userId: string,
  { set, remove }: ScopeDelta,
): void {
  for (const key of remove) connection.run(REMOVE_SHARED, appName, userId, key);
  for (const key of Object.keys(set))
    connection.run(SET_SHARED, appName, userId, key, set[key] as string);
}

/** Without a prototype: any key is a plain key. */
function toValues(rows: readonly Row[]): Values {
  const values = Object.create(null) as Values;
  for (const [key, value] of rows) values[key as string] = value as string;
  return values;
}
