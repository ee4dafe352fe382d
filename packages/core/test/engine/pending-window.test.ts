import { describe, expect, it } from "vitest";
import {
  App,
  BaseEventsSummarizer,
  createEvent,
  type Event,
  LongRunningFunctionTool,
} from "../../src/index.ts";
import { agent, calls, collect, contentWords, type Engine, engine, KEY, told } from "./support.ts";

const MINUTE = 60_000;
const ask = new LongRunningFunctionTool({
  name: "ask",
  description: "Asks a person.",
  expiresInMs: MINUTE,
  execute: () => undefined,
});
const REPLY = { userId: "u", sessionId: "s", callId: "c1", response: { ok: true } } as const;

class Short extends BaseEventsSummarizer {
  override async maybeSummarizeEvents({ events }: { events: readonly Event[] }): Promise<Event> {
    const compactedContent = { role: "model", parts: [{ text: `${events.length} events` }] };
    return createEvent({
      actions: { compaction: { startTimestamp: 0, endTimestamp: 0, compactedContent } },
    });
  }
}

/** A session in which a call waits, and `count` turns after it. */
async function waiting(count: number, compacts = false) {
  const words = Array.from({ length: 40 }, (_, n) => `words ${n}`);
  const root = agent("root", [calls(["ask", {}, "c1"]), ...words], { tools: [ask] });
  const app = new App({
    name: "app",
    rootAgent: root,
    resumabilityConfig: { isResumable: true },
    ...(compacts && {
      eventsCompactionConfig: { summarizer: new Short(), compactionInterval: 2, overlapSize: 0 },
    }),
  });
  const e = await engine({ app });
  await e.say("first");
  for (let turn = 0; turn < count; turn++) await e.say(`turn ${turn}`);
  return { e, root };
}

/** Loads from `windowFrom` on from now on, and keeps the call. */
async function narrow({ sessions, log }: Engine, windowFrom: number): Promise<void> {
  const opened = await sessions.openSession({ ...KEY, owner: "o", ttlMs: 1_000 });
  const kept = (await log()).filter(({ longRunningToolIds }) => longRunningToolIds?.length);
  await opened.lease.release({ header: { windowFrom, kept } });
}

describe("a call from before the window", () => {
  it("is listed and answered, once", async () => {
    const { e } = await waiting(4);
    await using _closing = e;
    await narrow(e, 9);
    const { requests } = await e.runner.listPending({ userId: "u", sessionId: "s" });
    expect(requests).toMatchObject([{ callId: "c1", name: "ask", since: 1, args: {} }]);
    const listed = (await e.runner.listPending({ userId: "u" })).requests;
    expect(listed).toMatchObject([{ callId: "c1", name: "ask", since: 1 }]);
    const other = e.another();
    const events = await collect(other.answer(REPLY));
    expect(told(events.filter(({ content }) => content))).toEqual(["root: words 4"]);
    expect((await e.runner.listPending({ userId: "u" })).requests).toEqual([]);
    for (const runner of [e.runner, other])
      await expect(collect(runner.answer(REPLY))).rejects.toMatchObject({
        code: "CALL_ALREADY_ANSWERED",
      });
    await narrow(e, (await e.log()).length);
    await expect(collect(e.another().answer(REPLY))).rejects.toMatchObject({
      code: "CALL_ALREADY_ANSWERED",
    });
    const unknown = collect(e.another().answer({ ...REPLY, callId: "c2" }));
    await expect(unknown).rejects.toMatchObject({ code: "CALL_NOT_FOUND" });
  });

  it("expires, and is summed up then", async () => {
    const { e, root } = await waiting(4, true);
    await using _closing = e;
    await e.clock.advance(MINUTE);
    await e.say("well?");
    const words = contentWords(root.llm.requests.at(-1)?.contents ?? []);
    expect(words).toContain(
      'user: ask → {"status":"expired","message":"Nobody answered in time."}',
    );
    await e.say("well?");
    const opened = await e.sessions.openSession({ ...KEY, owner: "o", ttlMs: 1_000 });
    expect(opened.session.firstSequence).toBeGreaterThan(3);
    await opened.lease.release();
    await expect(collect(e.runner.answer(REPLY))).rejects.toMatchObject({ code: "CALL_EXPIRED" });
    expect((await e.runner.listPending({ userId: "u" })).requests).toEqual([]);
  });
});
