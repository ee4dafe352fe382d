import { describe, expect, it } from "vitest";
import type { Content, Part } from "../../content/content.ts";
import type { InvocationContext } from "../../context/invocation-context.ts";
import type { Invocation } from "../../context/invocation.ts";
import { createEvent, type Event } from "../../events/event.ts";
import type { Session } from "../../sessions/session.ts";
import { buildContents, buildTurnContents } from "./build.ts";
import { ContentsCache } from "./cache.ts";
import type { Reader } from "./select.ts";

/** A small generator with a seed: a failure can be run again. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A log that grows by whatever can stand in one: also what no run of ours would leave. */
class Log {
  readonly session: Session;
  readonly #next: () => number;
  #calls: { id: string; name: string; author: string; branch: string | undefined }[] = [];
  #invocation = 1;

  constructor(next: () => number) {
    this.#next = next;
    this.session = {
      appName: "app",
      userId: "u",
      id: "s",
      incarnation: "i",
      events: [],
      firstSequence: 1,
      lastSequence: 0,
      state: {},
      lastUpdateTime: 0,
      createTime: 0,
      pendingCalls: {},
    };
  }

  grow(): void {
    const event = this.#event();
    event.sequence = ++this.session.lastSequence;
    this.session.events.push(event);
  }

  #pick<T>(...values: T[]): T {
    return values[Math.floor(this.#next() * values.length)] as T;
  }

  #event(): Event {
    if (this.#next() < 0.3) this.#invocation++;
    const author = this.#pick("user", "root", "root", "sub", "other");
    const branch =
      author === "user" ? undefined : this.#pick(undefined, undefined, "p.root", "p.sub");
    const event = createEvent({
      id: `event-${this.session.lastSequence + 1}`,
      timestamp: this.session.lastSequence,
      invocationId: `e-${this.#invocation}`,
      author,
      ...(branch === undefined ? {} : { branch }),
    });
    const kind = this.#next();
    if (kind < 0.03) {
      event.actions.rewindBeforeInvocationId = `e-${1 + Math.floor(this.#next() * this.#invocation)}`;
      return event;
    }
    if (kind < 0.08) return event; // a change of state, an error
    if (author !== "user" && kind < 0.4) return this.#withCalls(event);
    if (kind < 0.75 && this.#calls.length > 0) return this.#withResponses(event);
    event.content = { role: author === "user" ? "user" : "model", parts: this.#words() };
    return event;
  }

  #withCalls(event: Event): Event {
    const parts: Part[] = this.#next() < 0.2 ? this.#words() : [];
    const longRunning: string[] = [];
    for (let count = this.#pick(1, 1, 2, 3); count > 0; count--) {
      const used = this.#calls.at(-1);
      const id = used && this.#next() < 0.08 ? used.id : `c${this.#calls.length + 1}`;
      const name = this.#pick("ping", "ask", "adk_request_confirmation");
      parts.push({ functionCall: { id, name, args: {} } });
      if (name === "ask") longRunning.push(id);
      this.#calls.push({ id, name, author: event.author, branch: event.branch });
    }
    event.content = { role: "model", parts };
    if (longRunning.length > 0) event.longRunningToolIds = longRunning;
    return event;
  }

  #withResponses(event: Event): Event {
    const recent = this.#calls.slice(-4);
    const parts: Part[] = [];
    for (let count = this.#pick(1, 1, 2); count > 0; count--) {
      const call = this.#next() < 0.7 ? this.#pick(...recent) : this.#pick(...this.#calls);
      if (event.author !== "user" && this.#next() < 0.8) {
        event.author = call.author;
        if (call.branch === undefined) delete event.branch;
        else event.branch = call.branch;
      }
      const id = this.#next() < 0.05 ? "unknown" : call.id;
      parts.push({
        functionResponse: { id, name: call.name, response: { at: event.timestamp, n: count } },
      });
    }
    if (this.#next() < 0.1) parts.push({ text: "with a file" });
    event.content = { role: "user", parts };
    return event;
  }

  #words(): Part[] {
    const text = `words ${this.session.lastSequence}`;
    return this.#pick<Part[]>(
      [{ text }],
      [{ text }],
      [{ text: "" }],
      [{ text, thought: true }],
      [{ text, thought: true }, { text }],
      [{ inlineData: { mimeType: "image/png", data: "AA==" } }],
    );
  }
}

const READERS: readonly Reader[] = [
  { agentName: "root", branch: undefined, includeThoughts: false, now: 0 },
  { agentName: "root", branch: "p.root", includeThoughts: false, now: 0 },
  { agentName: "sub", branch: "p.sub", includeThoughts: true, now: 0 },
  { agentName: "sub", branch: undefined, includeThoughts: false, now: 0 },
];

function contents(session: Session, reader: Reader, contentsCache: ContentsCache): Content[] {
  // Of a context, this is all that is read.
  const context = { session, runConfig: {}, invocation: { contentsCache, kept: [] as Event[] } };
  return buildContents(context as unknown as InvocationContext, reader);
}

/** Calls without a response right behind them, and responses without their call before them. */
function problems(list: readonly Content[]): string[] {
  const found: string[] = [];
  for (const [index, { parts = [] }] of list.entries()) {
    const after = list[index + 1]?.parts ?? [];
    const before = list[index - 1]?.parts ?? [];
    for (const { functionCall: call, functionResponse: response } of parts) {
      if (call && !after.some((part) => part.functionResponse?.id === call.id))
        found.push(`${index}: call ${call.id}`);
      if (response && !before.some((part) => part.functionCall?.id === response.id))
        found.push(`${index}: response ${response.id}`);
    }
  }
  return found;
}

describe("contents built with a warm cache", () => {
  it("equal contents built from scratch, for every reader, however the log grows (300 seeds)", () => {
    let contentsFromCache = 0;
    class Counting extends ContentsCache {
      override get(...key: Parameters<ContentsCache["get"]>): ReturnType<ContentsCache["get"]> {
        const entry = super.get(...key);
        contentsFromCache += entry?.contents.length ?? 0;
        return entry;
      }
    }
    for (let seed = 1; seed <= 300; seed++) {
      const next = random(seed);
      const log = new Log(next);
      const warm = new Counting();
      for (let turn = 0; turn < 25; turn++) {
        for (let count = 1 + Math.floor(next() * 3); count > 0; count--) log.grow();
        for (const [index, reader] of READERS.entries()) {
          if (next() < 0.5) continue;
          const where = `seed ${seed}, turn ${turn}, reader ${index}`;
          const built = contents(log.session, reader, warm);
          const fresh = contents(log.session, reader, new ContentsCache());
          expect(built, where).toEqual(fresh);
          expect(problems(built), where).toEqual([]);
          built.splice(0); // the array is the caller's own
        }
      }
    }
    expect(contentsFromCache).toBeGreaterThan(10_000);
  });

  it("are forgotten with the session's first event", () => {
    const log = new Log(random(3));
    for (let count = 0; count < 10; count++) log.grow();
    let hits = 0;
    class Counting extends ContentsCache {
      override get(...key: Parameters<ContentsCache["get"]>): ReturnType<ContentsCache["get"]> {
        const entry = super.get(...key);
        if (entry) hits++;
        return entry;
      }
    }
    const cache = new Counting();
    const [reader] = READERS as [Reader];
    const built = contents(log.session, reader, cache);
    expect(contents(log.session, reader, cache)).toEqual(built);
    expect(hits).toBe(1);
    const events = log.session.events.map((event) => ({ ...event }));
    expect(contents({ ...log.session, events }, reader, cache)).toEqual(built);
    expect(hits).toBe(1);
  });

  it("are a new array each time: what a hook does to it stays with it", () => {
    const log = new Log(random(7));
    for (let count = 0; count < 10; count++) log.grow();
    const cache = new ContentsCache();
    const [reader] = READERS as [Reader];
    const first = contents(log.session, reader, cache);
    const copy = [...first];
    first.length = 0;
    first.push({ role: "user", parts: [{ text: "mine" }] });
    expect(contents(log.session, reader, cache)).toEqual(copy);
  });
});

describe("contents of a part of the log", () => {
  it("are valid too: the newest events, those after a time, the current turn (300 seeds)", () => {
    for (let seed = 1; seed <= 300; seed++) {
      const next = random(seed);
      const log = new Log(next);
      const count = 5 + Math.floor(next() * 40);
      for (let event = 0; event < count; event++) log.grow();
      const part = Math.floor(next() * count);
      for (const getSessionConfig of [
        { numRecentEvents: part },
        { afterTimestamp: part },
        { afterSequence: part, numRecentEvents: 3 },
      ])
        for (const reader of READERS) {
          const context = {
            session: log.session,
            runConfig: { getSessionConfig },
            invocation: { kept: [] as readonly Event[] } as Invocation,
            invocationId: log.session.events[part]?.invocationId ?? "",
          } as Partial<InvocationContext> as InvocationContext;
          expect(problems(buildContents(context, reader)), `seed ${seed}`).toEqual([]);
          expect(problems(buildTurnContents(context, reader)), `seed ${seed}`).toEqual([]);
        }
    }
  });
});
