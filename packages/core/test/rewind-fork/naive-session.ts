import type { Content, Event } from "../../src/index.ts";

/** All there is to say of a session at one time. Copied whole from event to event; nothing is shared or derived. */
export interface Moment {
  /** What still counts, in order. */
  live: Event[];
  /** The session's own scope. */
  state: Record<string, unknown>;
  /** What loads under each name; `undefined`: removed. */
  files: Record<string, string | undefined>;
  /** The newest version of each name. */
  versions: Record<string, number>;
  /** By call id. */
  pending: Record<string, { since: number; agent: string; name: string }>;
}

/**
 * A session without any cleverness: a moment for every position of its log. A rewind is the moment before its target again,
 * a fork a copy of the first so many moments. Imports nothing but types.
 */
export class NaiveSession {
  readonly moments: Moment[];
  /** What was saved, by name and version. */
  readonly #saved: Map<string, string | undefined>;
  /** State with `app:` and `user:`, of all sessions. */
  readonly #shared: Record<string, unknown>;

  constructor(
    shared: Record<string, unknown>,
    initial: Record<string, unknown> | Moment[],
    saved: Iterable<[string, string | undefined]> = [],
  ) {
    this.#shared = shared;
    this.#saved = new Map(saved);
    this.moments = Array.isArray(initial)
      ? initial
      : [{ live: [], state: structuredClone(initial), files: {}, versions: {}, pending: {} }];
  }

  get now(): Moment {
    return this.moments.at(-1) as Moment;
  }

  /** The whole state, as a session shows it. */
  get state(): Record<string, unknown> {
    return { ...this.#shared, ...this.now.state };
  }

  /** A tool or a caller has saved a file. */
  saved(filename: string, version: number, content: string): void {
    this.#saved.set(`${filename} ${version}`, content);
  }

  add(event: Event): void {
    const next = copy(this.now);
    next.live.push(event);
    const { stateDelta, artifactDelta } = event.actions;
    for (const key of event.stateRemoved ?? []) delete this.#home(next, key)[key];
    for (const [key, value] of Object.entries(stateDelta)) this.#home(next, key)[key] = value;
    this.#see(next, artifactDelta);
    this.#see(next, event.toolRecord?.actions?.artifactDelta ?? {});
    for (const { functionCall } of event.content?.parts ?? [])
      if (functionCall?.id !== undefined && event.longRunningToolIds?.includes(functionCall.id))
        next.pending[functionCall.id] = {
          since: startOf(next.live, event.invocationId),
          agent: event.author,
          name: functionCall.name ?? "",
        };
    if (event.author === "user")
      for (const { functionResponse } of event.content?.parts ?? [])
        delete next.pending[functionResponse?.id ?? ""];
    this.moments.push(next);
  }

  /** @returns the names whose artifacts have to be restored. */
  rewind(invocationId: string, artifactDelta: Readonly<Record<string, number>>): string[] {
    const { live, versions } = this.now;
    const then = copy(this.moments[startOf(live, invocationId) - 1] as Moment);
    const changed = Object.keys(versions).filter((name) => versions[name] !== then.versions[name]);
    for (const name of changed) {
      const version = artifactDelta[name] as number;
      this.#saved.set(`${name} ${version}`, then.files[name]);
      then.versions[name] = version;
    }
    this.moments.push(then);
    return changed.toSorted();
  }

  fork(atSequence: number): NaiveSession {
    return new NaiveSession(
      this.#shared,
      this.moments.slice(0, atSequence + 1).map(copy),
      this.#saved,
    );
  }

  #home(moment: Moment, key: string): Record<string, unknown> {
    if (key.startsWith("temp:")) return {};
    return key.startsWith("app:") || key.startsWith("user:") ? this.#shared : moment.state;
  }

  #see(moment: Moment, artifactDelta: Readonly<Record<string, number>>): void {
    for (const [name, version] of Object.entries(artifactDelta)) {
      if (name.startsWith("user:") || version < (moment.versions[name] ?? 0)) continue;
      moment.versions[name] = version;
      moment.files[name] = this.#saved.get(`${name} ${version}`);
    }
  }
}

function copy(moment: Moment): Moment {
  return {
    live: [...moment.live],
    state: { ...moment.state },
    files: { ...moment.files },
    versions: { ...moment.versions },
    pending: { ...moment.pending },
  };
}

/** Sequence of the first event of an invocation. */
export function startOf(live: readonly Event[], invocationId: string): number {
  return live.find((event) => event.invocationId === invocationId)?.sequence ?? Number.NaN;
}

/** What the only agent's model reads of these events, in words: every call with its newest response, or with none yet. */
export function naiveContents(live: readonly Event[]): string[] {
  const said = live.filter(({ content }) => content !== undefined);
  const responses = new Map<string, string>();
  for (const { content } of said)
    for (const { functionResponse } of content?.parts ?? [])
      if (functionResponse)
        responses.set(functionResponse.id ?? "", json(functionResponse.response));
  return upToAnswered(said).flatMap(({ content, longRunningToolIds }) => {
    const parts = content?.parts ?? [];
    if (parts.some((part) => part.functionResponse)) return [];
    const calls = parts.flatMap((part) => (part.functionCall ? [part.functionCall] : []));
    if (calls.length === 0) return [contentWords(content as Content)];
    return [
      contentWords(content as Content),
      `user: ${calls
        .map(({ id = "" }) => {
          const none = longRunningToolIds?.includes(id) ? "pending" : "interrupted";
          return `${id}=${responses.get(id) ?? none}`;
        })
        .join(" ")}`,
    ];
  });
}

/** An answer at the end is read as if it had come at once: nothing between it and its call is there. */
function upToAnswered(said: readonly Event[]): readonly Event[] {
  const answered = (said.at(-1)?.content?.parts ?? []).map((part) => part.functionResponse?.id);
  const index = said.findLastIndex(({ content }) =>
    (content?.parts ?? []).some(
      ({ functionCall }) => functionCall?.id !== undefined && answered.includes(functionCall.id),
    ),
  );
  return index === -1 ? said : said.slice(0, index + 1);
}

export function contentWords({ role, parts = [] }: Content): string {
  const words = parts.map(({ text, functionCall, functionResponse }) => {
    if (functionCall) return `${functionCall.name}#${functionCall.id}`;
    if (functionResponse) return `${functionResponse.id}=${json(functionResponse.response)}`;
    return text;
  });
  return `${role}: ${words.join(" ")}`;
}

function json(response: Record<string, unknown> | undefined): string {
  if (response?.["status"] === "pending") return "pending";
  if (String(response?.["error"]).startsWith("The call was interrupted")) return "interrupted";
  return JSON.stringify(response ?? {});
}
