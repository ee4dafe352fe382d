import { AdkError } from "../errors.ts";
import { setOwn } from "../internal/json.ts";
import type { WorkingState } from "./working-state.ts";

/** What a context has written, on its way into an event. */
export interface StateChanges {
  readonly delta: Record<string, unknown>;
  removed: string[];
}

/** Where values are read from and written to. */
export type StateValues = Pick<WorkingState, "get" | "has" | "keys" | "set">;

/** Called before a write: checks the key's value, or that the context may still write at all. */
export type WriteGuard = (key: string, value: unknown) => void;

/**
 * The state as callbacks and tools see it. Reads go through to what the invocation sees; writes are seen by all at once
 * and stored with the event that follows. Containers that `get` hands out may be changed in place; that is recorded too.
 *
 * Keys: `app:` is shared by all users, `user:` by a user's sessions, `temp:` lives as long as the invocation and is never
 * stored, anything else belongs to the session.
 */
export class State {
  static readonly APP_PREFIX = "app:";
  static readonly USER_PREFIX = "user:";
  static readonly TEMP_PREFIX = "temp:";

  readonly #working: StateValues;
  readonly #changes: StateChanges;
  readonly #guard: WriteGuard;
  readonly #owner: object | undefined;

  /** @param owner the tool call that reads and writes here: what it wrote can be taken back. */
  constructor(working: StateValues, changes: StateChanges, guard: WriteGuard, owner?: object) {
    this.#working = working;
    this.#changes = changes;
    this.#guard = guard;
    this.#owner = owner;
  }

  /** The value, or `defaultValue` when the key is absent. `null` is a value. */
  get<T = unknown>(key: string): T | undefined;
  get<T>(key: string, defaultValue: T): T;
  get<T>(key: string, defaultValue?: T): T | undefined {
    const value = this.#working.get(key, this.#owner);
    return value === undefined ? defaultValue : (value as T);
  }

  /** Whether the key is there; `null` is a value. */
  has(key: string): boolean {
    return this.#working.has(key);
  }

  /**
   * Writes a copy of `value`.
   *
   * @throws AdkError `INVALID_ARGUMENT` for a key that is none or a value that the state schema refuses;
   *   `NOT_SERIALIZABLE` for a value that JSON cannot carry; `FAILED_PRECONDITION` when this context may not write (any more).
   */
  set(key: string, value: unknown): void {
    if (value === undefined) return this.delete(key);
    checkStateKey(key);
    this.#guard(key, value);
    setOwn(this.#changes.delta, key, this.#working.set(key, value, this.#owner));
    this.#changes.removed = this.#changes.removed.filter((removed) => removed !== key);
  }

  /** Removes the key; silent when it is absent. */
  delete(key: string): void {
    checkStateKey(key);
    this.#guard(key, undefined);
    this.#working.set(key, undefined, this.#owner);
    delete this.#changes.delta[key];
    if (!this.#changes.removed.includes(key)) this.#changes.removed.push(key);
  }

  /** Sets each key. @throws as {@link State.set}. */
  update(values: Record<string, unknown>): void {
    for (const key of Object.keys(values)) this.set(key, values[key]);
  }

  /** Whether this context has written anything that is not in an event yet. */
  hasDelta(): boolean {
    return Object.keys(this.#changes.delta).length > 0 || this.#changes.removed.length > 0;
  }

  /** All keys and values; the containers are the invocation's working copies. */
  toRecord(): Record<string, unknown> {
    const record: Record<string, unknown> = {};
    for (const key of this.#working.keys())
      setOwn(record, key, this.#working.get(key, this.#owner));
    return record;
  }
}

const encoder = new TextEncoder();

/** @throws AdkError `INVALID_ARGUMENT` unless `key` is well-formed text of 1–512 UTF-8 bytes without NUL. */
export function checkStateKey(key: unknown): asserts key is string {
  if (
    typeof key !== "string" ||
    key === "" ||
    !key.isWellFormed() ||
    key.includes("\0") ||
    encoder.encode(key).length > 512
  )
    throw new AdkError(
      "INVALID_ARGUMENT",
      `A state key must be well-formed text of 1–512 bytes without NUL, got ${typeof key === "string" ? JSON.stringify(key.slice(0, 40)) : typeof key}.`,
    );
}
