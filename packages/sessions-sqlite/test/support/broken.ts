import { DatabaseSync } from "node:sqlite";

/** An adapter with one mistake in its SQL, and the cases that name it. */
export interface BrokenSql {
  readonly name: string;
  /** What a statement says, and what it says instead. */
  readonly text: string;
  readonly instead: string;
  readonly caughtBy: readonly string[];
}

/** The adapters that the kit must catch. */
export const brokenSql: readonly BrokenSql[] = [
  {
    name: "does not look for a duplicate",
    text: "WHERE sid = ? AND id = ?",
    instead: "WHERE sid = ? AND id = ? AND 0",
    caughtBy: ["append-duplicate-once", "append-duplicate-race", "lost-reply-append"],
  },
  {
    name: "takes another event under a stored id for a duplicate",
    text: "data = ? FROM adk_event",
    instead: "? IS NOT NULL FROM adk_event",
    caughtBy: ["append-id-conflict"],
  },
  {
    name: "reads events by their ids",
    text: "AND (? << 32) | ? ORDER BY position",
    instead: "AND (? << 32) | ? ORDER BY id",
    caughtBy: ["append-equal-timestamps-keep-order", "append-backward-timestamps-keep-order"],
  },
  {
    name: "lets an old life write to the next",
    text: "AND session_id = ? AND incarnation = ?",
    instead: "AND session_id = ? AND ? IS NOT NULL",
    caughtBy: ["append-old-life"],
  },
  {
    name: "has a fence that ignores a release",
    text: "lease_id = NULL, lease_owner = NULL",
    instead: "lease_id = lease_id, lease_owner = NULL",
    caughtBy: ["append-under-released-lease"],
  },
  {
    name: "forgets how often an invocation was attempted",
    text: "epoch = ?, attempt = ?",
    instead: "epoch = ?, attempt = 0 * ?",
    caughtBy: ["attempt-counts-leases"],
  },
  {
    name: "does not extend a lease by an append",
    text: "last_update_time = ?, lease_until = ?",
    instead: "last_update_time = ?, lease_until = iif(?, lease_until, 0)",
    caughtBy: ["append-extends-lease"],
  },
  {
    name: "keeps a cancel beyond its invocation",
    text: "attempt = 0, cancel_requested = 0",
    instead: "attempt = 0",
    caughtBy: ["cancel-cleared"],
  },
  {
    name: "lists sessions that run as interrupted",
    text: "ifnull(s.lease_until, 0) <= ?",
    instead: "? IS NOT NULL",
    caughtBy: ["interrupted-list"],
  },
  {
    name: "shows sessions that have expired in lists",
    text: "WHERE (? IS NULL OR ",
    instead: "WHERE (1 OR ? IS NULL OR ",
    caughtBy: ["retention-expires"],
  },
  {
    name: "repeats a page's last session on the next page",
    text: "s.sid < ?",
    instead: "s.sid <= ?",
    caughtBy: ["list-pages-complete"],
  },
  {
    name: "shares state between the users of an app",
    text: "SELECT key, value FROM adk_shared_state WHERE app_name = ? AND user_id = ?",
    instead: "SELECT key, value FROM adk_shared_state WHERE app_name = ? AND (user_id = ? OR 1)",
    caughtBy: ["state-user-shared"],
  },
  {
    name: "keeps the first value of a shared key",
    text: "ON CONFLICT (app_name, user_id, key) DO UPDATE SET value = excluded.value",
    instead: "ON CONFLICT (app_name, user_id, key) DO NOTHING",
    caughtBy: ["state-race-one-key"],
  },
  {
    name: "keeps a user's state when the user is deleted",
    text: "DELETE FROM adk_shared_state WHERE app_name = ? AND user_id = ?",
    instead: "DELETE FROM adk_shared_state WHERE app_name = ? AND user_id = ? AND 0",
    caughtBy: ["delete-user"],
  },
  {
    name: "does not remove keys",
    text: "DELETE FROM adk_state WHERE sid = ? AND key = ?",
    instead: "DELETE FROM adk_state WHERE sid = ? AND key = ? AND 0",
    caughtBy: ["state-removal"],
  },
  {
    name: "copies one event too few in a fork",
    text: "1 AND (? << 32) | ? ORDER BY position",
    instead: "1 AND (? << 32) | (? - 1) ORDER BY position",
    caughtBy: ["fork-copies-log"],
  },
];

/** While it lives, statements of this process are prepared with the mistake. */
export class BrokenStatements implements Disposable {
  /** How many statements had the text; none means that the mistake was not made. */
  count = 0;
  readonly #prepare: DatabaseSync["prepare"] = DatabaseSync.prototype.prepare;

  constructor({ text, instead }: BrokenSql) {
    const prepare = this.#prepare;
    const made = (): void => void this.count++;
    DatabaseSync.prototype.prepare = function (this: DatabaseSync, sql: string) {
      if (sql.includes(text)) made();
      return prepare.call(this, sql.replaceAll(text, instead));
    };
  }

  [Symbol.dispose](): void {
    DatabaseSync.prototype.prepare = this.#prepare;
  }
}
