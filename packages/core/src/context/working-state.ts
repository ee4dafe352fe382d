import { cloneJson, copyJson, equalJson, getOwn, setOwn } from "../internal/json.ts";

interface Entry {
  /** What everyone in this invocation sees; `undefined`: removed. */
  value: unknown;
  /** The value in the session when the copy was taken. */
  base: unknown;
  /** What `value` was when it was last recorded in a delta (or taken). */
  recorded: unknown;
  /** Recorded in a delta whose event is not stored yet. */
  ahead: boolean;
}

/**
 * The state as one invocation sees it: the session's own, and above it one working copy for each key that was read or
 * written. All contexts of the invocation share it, so that what one writes the others see at once, and changes made in
 * place (`state.get("list").push(4)`) are found and recorded whole. A key that was never read costs nothing.
 */
export class WorkingState {
  readonly #session: { readonly state: Record<string, unknown> };
  readonly #entries: Map<string, Entry> = new Map();

  constructor(session: { readonly state: Record<string, unknown> }) {
    this.#session = session;
  }

  get(key: string): unknown {
    const base = getOwn(this.#session.state, key);
    const entry = this.#entries.get(key);
    if (entry !== undefined && (entry.ahead || entry.base === base || isChanged(entry)))
      return entry.value;
    if (typeof base !== "object" || base === null) {
      this.#entries.delete(key);
      return base;
    }
    const value = cloneJson(base);
    this.#entries.set(key, { value, base, recorded: base, ahead: false });
    return value;
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  keys(): string[] {
    const keys = new Set([...Object.keys(this.#session.state), ...this.#entries.keys()]);
    return [...keys].filter((key) => this.has(key));
  }

  /**
   * Writes a copy of `value`, seen by all from now on; `undefined` removes.
   *
   * @returns what belongs into the delta.
   * @throws AdkError `NOT_SERIALIZABLE` with the path.
   */
  set(key: string, value: unknown): unknown {
    const copy = value === undefined ? undefined : copyJson(value, { path: `state ${key}` });
    this.#entries.set(key, {
      value: copy,
      base: getOwn(this.#session.state, key),
      recorded: cloneJson(copy),
      ahead: true,
    });
    return copy;
  }

  /** Containers that were changed in place since they were last recorded, whole; they count as recorded now. */
  takeChanges(): Record<string, unknown> | undefined {
    let changes: Record<string, unknown> | undefined;
    for (const [key, entry] of this.#entries) {
      if (!isChanged(entry)) continue;
      const copy = copyJson(entry.value, { path: `state ${key}` });
      entry.recorded = copy;
      entry.ahead = true;
      changes ??= {};
      setOwn(changes, key, copy);
    }
    return changes;
  }

  /** Takes over what a record says was written, by a tool whose response event is not stored yet. */
  lay(values: Readonly<Record<string, unknown>> = {}, removed: readonly string[] = []): void {
    for (const key of removed) this.set(key, undefined);
    for (const key of Object.keys(values)) this.set(key, values[key]);
  }

  /** An event with this delta was stored: what nobody has changed since follows the session again. */
  settled(delta: Readonly<Record<string, unknown>>, removed: readonly string[] = []): void {
    if (this.#entries.size === 0) return;
    for (const key of Object.keys(delta)) this.#settle(key, delta[key]);
    for (const key of removed) this.#settle(key, undefined);
  }

  #settle(key: string, recorded: unknown): void {
    const entry = this.#entries.get(key);
    if (entry === undefined || !equalJson(entry.recorded, recorded)) return;
    entry.ahead = false;
    entry.base = getOwn(this.#session.state, key);
    // A hook may have changed what was stored; then that is what everybody sees, unless it has been changed since.
    if (!isChanged(entry) && !equalJson(entry.value, entry.base)) this.#entries.delete(key);
  }
}

/** Only containers can change in place. */
function isChanged(entry: Entry): boolean {
  return (
    typeof entry.value === "object" &&
    entry.value !== null &&
    !equalJson(entry.value, entry.recorded)
  );
}
