import assert from "node:assert/strict";
import { describe, expect, it } from "vitest";
import type { InvocationContext } from "../src/context/invocation-context.ts";
import { createEvent, type CreateEventParams, type Event } from "../src/events/event.ts";
import { buildContents } from "../src/flows/contents/build.ts";
import { ContentsCache } from "../src/flows/contents/cache.ts";
import { pairCalls } from "../src/flows/contents/pair-calls.ts";
import { type Reader, selectEntries } from "../src/flows/contents/select.ts";
import type { Content, Part } from "../src/index.ts";
import { type CompactionPlan, planTokens, planWindow } from "../src/log/compaction.ts";
import { pendingCalls } from "../src/log/pending.ts";
import { liveEvents, startOfInvocation } from "../src/log/rewind.ts";
import { logWindow } from "../src/log/window.ts";

const LOGS = 300;
const STEPS = 70;
const NOW = 1_000_000;

/** mulberry32 */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The contents of a request, from the whole log and by the words of the specification. */
function naiveContents(log: readonly Event[], reader: Reader): Content[] {
  const live = liveEvents(log);
  const isLive = (sequence: number): boolean => live.some((event) => event.sequence === sequence);
  const all = live.flatMap((event, position) => {
    const range = event.compactedSequences;
    return range && isLive(range.to) ? [{ event, ...range, position }] : [];
  });
  const standing = all.filter(
    (one) =>
      !all.some(
        (other) =>
          other.from <= one.from &&
          other.to >= one.to &&
          (other.to - other.from > one.to - one.from || other.position > one.position),
      ),
  );
  const isCovered = ({ sequence = 0 }: Event): boolean =>
    standing.some(({ from, to }) => from <= sequence && sequence <= to);
  const placed = [
    ...live
      .filter((event) => !event.actions.compaction && !isCovered(event))
      .map((event) => ({ event, at: event.sequence ?? 0 })),
    ...standing.map(({ event, to }) => ({
      at: to + 0.5,
      event: {
        ...event,
        author: reader.agentName,
        content: event.actions.compaction?.compactedContent as Content,
      },
    })),
  ].toSorted((left, right) => left.at - right.at);
  const shown: Event[] = [];
  for (const { event } of placed) {
    for (const id of responseIds(event)) {
      if (shown.some((other) => callIds(other).includes(id))) continue;
      const call = live.findLast((other) => isCovered(other) && callIds(other).includes(id));
      if (!call) continue;
      shown.push(
        call,
        ...live.filter(
          (other) =>
            isCovered(other) && responseIds(other).some((one) => callIds(call).includes(one)),
        ),
      );
    }
    shown.push(event);
  }
  const own = new Set(
    shown.filter(({ author }) => author === reader.agentName).flatMap((event) => callIds(event)),
  );
  return pairCalls(selectEntries(shown, reader, own), reader.now).contents;
}

function callIds(event: Event): string[] {
  return (event.content?.parts ?? []).flatMap(({ functionCall }) => functionCall?.id ?? []);
}

function responseIds(event: Event): string[] {
  return (event.content?.parts ?? []).flatMap(({ functionResponse }) => functionResponse?.id ?? []);
}

/** A log that grows, and what a process has loaded of it. */
class World {
  readonly log: Event[] = [];
  older: Event[] = [];
  from = 1;
  readonly #random: () => number;
  readonly #config: { compactionInterval: number; overlapSize: number; eventRetentionSize: number };
  readonly #caches: ContentsCache[] = [new ContentsCache(), new ContentsCache()];
  #invocation = 0;
  #calls = 0;
  readonly #delayed: CompactionPlan[] = [];
  /** Summaries that stand no more, from before the window. */
  readonly #stale: Set<number> = new Set();

  constructor(seed: number) {
    this.#random = random(seed);
    this.#config = {
      compactionInterval: 1 + this.#below(3),
      overlapSize: this.#below(3),
      eventRetentionSize: this.#below(6),
    };
  }

  get loaded(): Event[] {
    return this.log.slice(this.from - 1).map((event) => {
      if (!this.#stale.has(event.sequence ?? 0)) return event;
      const { compactedSequences: _, actions, ...rest } = event;
      return { ...rest, actions: { ...actions, compaction: undefined } };
    });
  }

  step(): void {
    const dice = this.#random();
    if (this.#invocation === 0 || dice < 0.2) this.#ask();
    else if (dice < 0.35) this.#say();
    else if (dice < 0.5) this.#call();
    else if (dice < 0.7) this.#respond();
    else if (dice < 0.85) this.#sumUp();
    else if (dice < 0.88) this.#rewind();
    else if (dice < 0.95) this.#reopen();
    else this.#storeDelayed();
  }

  /** The contents for each reader, as the engine builds them on what is loaded. */
  check(): void {
    const cache = this.#caches[this.#below(2)] as ContentsCache;
    for (const agentName of ["a", "b"])
      for (const branch of [undefined, "x"]) {
        const reader: Reader = { agentName, branch, includeThoughts: false, now: NOW };
        const contents = buildContents(this.#context(cache), reader);
        assert.deepEqual(contents, naiveContents(this.log, reader));
      }
  }

  #context(contentsCache: ContentsCache): InvocationContext {
    const events = this.loaded;
    // The little that is read of it.
    return {
      session: {
        appName: "app",
        userId: "u",
        id: "s",
        incarnation: "i",
        events,
        firstSequence: this.from,
        lastSequence: this.log.length,
      },
      invocation: { kept: this.older, contentsCache },
      runConfig: {},
      invocationId: `e-${this.#invocation}`,
    } as unknown as InvocationContext;
  }

  #ask(): void {
    this.#invocation++;
    this.#add({
      author: "user",
      content: { role: "user", parts: [{ text: `q${this.log.length}` }] },
    });
  }

  #say(): void {
    const text = `a${this.log.length}`;
    this.#add({ ...this.#someone(), content: { role: "model", parts: [{ text }] } });
  }

  #call(): void {
    const parts: Part[] = Array.from({ length: 1 + this.#below(2) }, () => ({
      functionCall: { id: `c${++this.#calls}`, name: "f" },
    }));
    const ids = parts.map(({ functionCall }) => functionCall?.id ?? "");
    this.#add({
      ...this.#someone(),
      content: { role: "model", parts },
      ...(this.#random() < 0.3 ? { longRunningToolIds: ids } : {}),
    });
  }

  /** Late, repeated and by the user, as it comes; but only to calls that are loaded: a run reads on for others. */
  #respond(): void {
    const live = liveEvents([...this.older, ...this.loaded]);
    const isLoaded = ({ sequence = 0 }: Event): boolean => sequence >= this.from;
    const wanted = new Set([
      ...Object.keys(pendingCalls(this.log)),
      ...live.filter(isLoaded).flatMap(responseIds),
    ]);
    const calling = live.filter((one) => {
      const ids = callIds(one);
      return ids.length > 0 && (isLoaded(one) || ids.some((id) => wanted.has(id)));
    });
    const event = calling.at(-1 - this.#below(Math.min(3, calling.length)));
    if (!event) return;
    const ids = callIds(event).filter(() => this.#random() < 0.8);
    if (ids.length === 0) return;
    this.#add({
      author: event.longRunningToolIds && this.#random() < 0.7 ? "user" : event.author,
      branch: event.branch,
      ...(this.#random() < 0.5 ? { invocationId: event.invocationId } : {}),
      content: {
        role: "user",
        parts: ids.map((id) => ({
          functionResponse: { id, name: "f", response: { at: this.log.length } },
        })),
      },
    });
  }

  #sumUp(): void {
    const events = [...this.older, ...this.loaded];
    const request = {
      events,
      pendingCalls: pendingCalls(this.log),
      invocationId: `e-${this.#invocation}`,
      now: NOW,
    };
    const plan =
      this.#random() < 0.5 ? planWindow(request, this.#config) : planTokens(request, this.#config);
    if (!plan) return;
    this.#checkPlan(plan);
    if (this.#random() < 0.3) this.#delayed.push(plan);
    else this.#store(plan);
  }

  /** Of what no summary has seen: nothing that waits, no call apart from a response. */
  #checkPlan({ events, to }: CompactionPlan): void {
    const live = liveEvents(this.log);
    const pending = pendingCalls(this.log);
    const isLive = (sequence: number): boolean => live.some((one) => one.sequence === sequence);
    const ends = live.flatMap(({ compactedSequences: range }) =>
      range && isLive(range.to) ? [range.to] : [],
    );
    for (const event of events) {
      if ((event.sequence ?? 0) <= Math.max(0, ...ends)) continue;
      for (const id of callIds(event)) {
        assert.ok(!Object.hasOwn(pending, id), `call ${id} waits`);
        const last = live.findLast((other) => responseIds(other).includes(id));
        assert.ok((last?.sequence ?? 0) <= to, `call ${id} is parted from its response`);
      }
    }
  }

  #storeDelayed(): void {
    const plan = this.#delayed.shift();
    if (plan) this.#store(plan);
  }

  #store({ id, from, to, startTimestamp, endTimestamp }: CompactionPlan): void {
    if (this.log.some((event) => event.id === id)) return;
    const compactedContent = { role: "model", parts: [{ text: `${id} in ${this.log.length}` }] };
    this.#add({
      id,
      author: "user",
      invocationId: `s-${this.log.length}`,
      compactedSequences: { from, to },
      actions: { compaction: { startTimestamp, endTimestamp, compactedContent } },
    });
    if (this.#random() < 0.7) this.#moveWindow();
  }

  #rewind(): void {
    const target = `e-${1 + this.#below(this.#invocation)}`;
    const start = startOfInvocation(this.log, target);
    if (start === undefined) return;
    const takesSummary = this.log.some(
      (event, index) => index >= start && event.actions.compaction !== undefined,
    );
    this.#add({
      author: "user",
      invocationId: `r-${this.log.length}`,
      actions: { rewindBeforeInvocationId: target },
    });
    if (start + 1 < this.from || takesSummary) {
      this.from = 1;
      this.older = [];
      this.#stale.clear();
    }
    this.#delayed.length = 0;
    this.#invocation++;
  }

  #moveWindow(): void {
    const window = logWindow({
      events: this.loaded,
      older: this.older,
      pendingCalls: pendingCalls(this.log),
      overlapSize: this.#config.overlapSize,
      openInvocationId: this.#random() < 0.5 ? `e-${this.#invocation}` : undefined,
      decidingEvent: (before) => before.findLast(({ author }) => author !== "user"),
    });
    if (!window) return;
    this.older = [...window.kept];
    this.from = window.windowFrom;
  }

  /** Another process, or a run that reads more than it has to. */
  #reopen(): void {
    if (this.#random() < 0.5) return this.#moveWindow();
    let from = Math.max(1, this.from - this.#below(5));
    const isCut = (event: Event): boolean => {
      const target = event.actions.rewindBeforeInvocationId;
      if (target === undefined || (event.sequence ?? 0) < from) return false;
      const loaded = this.log.slice(from - 1, event.sequence);
      const first = loaded.find(({ invocationId }) => invocationId === target);
      return first?.author !== "user" || responseIds(first).length > 0;
    };
    while (from > 1 && this.log.some(isCut)) from--;
    for (const { sequence = 0, actions } of this.log.slice(from - 1, this.from - 1))
      if (actions.compaction && !this.older.some((event) => event.sequence === sequence))
        this.#stale.add(sequence);
    this.from = from;
    this.older = this.older.filter(({ sequence = 0 }) => sequence < this.from);
  }

  #someone(): CreateEventParams {
    const branch = [undefined, undefined, undefined, "x", "y"][this.#below(5)];
    return {
      author: this.#random() < 0.75 ? "a" : "b",
      ...(branch === undefined ? {} : { branch }),
    };
  }

  #add(params: CreateEventParams): void {
    const sequence = this.log.length + 1;
    this.log.push(
      Object.freeze({
        ...createEvent({
          id: `${sequence}`,
          timestamp: sequence,
          invocationId: `e-${this.#invocation}`,
          ...params,
        }),
        sequence,
      }),
    );
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count);
  }
}

describe("contents of sessions that are summed up", () => {
  it(
    `are what the whole log says, on the window alone (${LOGS} logs)`,
    { timeout: 120_000 },
    () => {
      let windows = 0;
      for (let seed = 1; seed <= LOGS; seed++) {
        const world = new World(seed);
        for (let step = 0; step < STEPS; step++) {
          world.step();
          try {
            world.check();
          } catch (error) {
            throw new Error(`seed ${seed}, step ${step}`, { cause: error });
          }
        }
        if (world.from > 1) windows++;
      }
      expect(windows).toBeGreaterThan(LOGS / 4);
    },
  );
});
