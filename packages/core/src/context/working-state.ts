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
  /** Who has set or removed it, until somebody else's delta has it too. */
  writer?: object | undefined;
  /** The tool calls under way that `value` was handed out to; it is one of these that has changed it in place. */
  holders?: Set<object> | undefined;
}

export interface TakeRequest {
  /** Who asks: containers that only others hold are left to them. */
  readonly holder?: object | undefined;
  /** Called with each container that was changed; throws for one that may not be recorded. */
  readonly check?: ((key: string, value: unknown) => void) | undefined;
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

  /** @param holder the tool call that the value is handed out to, until it is taken from or taken back. */
  get(key: string, holder?: object): unknown {
    const base = getOwn(this.#session.state, key);
    const entry = this.#entries.get(key);
    if (entry !== undefined && (entry.ahead || entry.base === base || isChanged(entry))) {
      if (holder !== undefined && typeof entry.value === "object" && entry.value !== null)
        (entry.holders ??= new Set()).add(holder);
      return entry.value;
    }
    if (typeof base !== "object" || base === null) {
      this.#entries.delete(key);
      return base;
    }
    const value = cloneJson(base);
    const holders = holder && new Set([holder]);
    this.#entries.set(key, { value, base, recorded: base, ahead: false, holders });
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
   * @param writer whose value it is, so that it can be taken back.
   * @returns what belongs into the delta.
   * @throws AdkError `NOT_SERIALIZABLE` with the path.
   */
  set(key: string, value: unknown, writer?: object): unknown {
    const copy = value === undefined ? undefined : copyJson(value, { path: `state ${key}` });
    this.#entries.set(key, {
      value: copy,
      base: getOwn(this.#session.state, key),
      recorded: cloneJson(copy),
      ahead: true,
      writer,
    });
    return copy;
  }

  /**
   * Containers that were changed in place since they were last recorded, whole; they count as recorded now.
   *
   * @throws AdkError `NOT_SERIALIZABLE` with the path, or what `check` throws: then the container is as it was last recorded,
   *   and nothing counts as recorded.
   */
  takeChanges({ holder, check }: TakeRequest = {}): Record<string, unknown> | undefined {
    let changes: Record<string, unknown> | undefined;
    for (const [key, entry] of this.#entries) {
      if (isLeftTo(entry, holder) || !isChanged(entry)) continue;
      try {
        const copy = copyJson(entry.value, { path: `state ${key}` });
        check?.(key, copy);
        setOwn((changes ??= {}), key, copy);
      } catch (error) {
        this.#undoChange(key, entry);
        throw error;
      }
    }
    for (const key of Object.keys(changes ?? {})) {
      const entry = this.#entries.get(key) as Entry;
      entry.recorded = changes?.[key];
      entry.ahead = true;
      entry.writer = undefined;
    }
    if (holder !== undefined) this.#release(holder);
    return changes;
  }

  /**
   * Nothing that this one has written will be stored: what it set is as in the session again, and what it changed in place
   * as it was last recorded. A container that another call holds too stays, and is recorded with what that one writes.
   */
  takeBack(writer: object): void {
    for (const [key, entry] of this.#entries) {
      const holds = entry.holders?.delete(writer) ?? false;
      const isShared = entry.holders !== undefined && entry.holders.size > 0;
      if (entry.writer === writer) {
        entry.writer = undefined;
        if (isShared) entry.recorded = entry.base;
        else this.#entries.delete(key);
      } else if (holds && !isShared && isChanged(entry)) this.#undoChange(key, entry);
    }
  }

  #undoChange(key: string, entry: Entry): void {
    if (entry.ahead) entry.value = cloneJson(entry.recorded);
    else this.#entries.delete(key);
  }

  #release(holder: object): void {
    for (const { holders } of this.#entries.values()) holders?.delete(holder);
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
    entry.writer = undefined;
    entry.base = getOwn(this.#session.state, key);
    // A hook may have changed what was stored; then that is what everybody sees, unless it has been changed since.
    if (!isChanged(entry) && !equalJson(entry.value, entry.base)) this.#entries.delete(key);
  }
}

/** Only other tool calls under way have it in their hands: it is theirs to record. */
function isLeftTo({ holders }: Entry, holder: object | undefined): boolean {
  return (
    holders !== undefined && holders.size > 0 && (holder === undefined || !holders.has(holder))
  );
}

/** Only containers can change in place. */
function isChanged(entry: Entry): boolean {
  return (
    typeof entry.value === "object" &&
    entry.value !== null &&
    !equalJson(entry.value, entry.recorded)
  );
}
