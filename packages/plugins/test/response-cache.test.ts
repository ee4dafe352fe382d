import { type Event, LlmAgent, type LlmAgentConfig, type LlmResponse } from "@adk/core";
import { ScriptedLlm, type ScriptedTurn } from "@adk/core/testing";
import { describe, expect, it } from "vitest";
import { BudgetPlugin } from "../src/budget/index.ts";
import {
  ResponseCachePlugin,
  type ResponseCachePluginOptions,
} from "../src/response-cache/index.ts";
import { used } from "./support/metered-llm.ts";
import { calls, says, SSE, STORES, tool, world } from "./support/world.ts";

function rootOf(turns: ScriptedTurn[], config: Partial<LlmAgentConfig> = {}) {
  const model = new ScriptedLlm({ model: "m", turns });
  return { model, root: new LlmAgent({ name: "root", model, ...config }) };
}

/** Texts of answers, by session: each run is in a session of its own, so that requests are equal. */
async function ask(
  options: ResponseCachePluginOptions,
  turns: ScriptedTurn[],
  questions: readonly { user?: string; text?: string; stream?: boolean; waitMs?: number }[],
) {
  await using w = await world();
  const cache = new ResponseCachePlugin(options);
  const { model, root } = rootOf(turns);
  const { runner } = await w.process({ root, plugins: [cache] });
  const answers: string[] = [];
  for (const [
    index,
    { user = "u", text = "hi", stream = false, waitMs = 0 },
  ] of questions.entries()) {
    await w.clock.advance(waitMs);
    const sessionId = `s${index}`;
    await runner.sessionService.createSession({ appName: "app", userId: user, sessionId });
    const newMessage = { role: "user", parts: [{ text }] };
    const more = stream ? SSE : {};
    const said: string[] = [];
    for await (const event of runner.runAsync({ userId: user, sessionId, newMessage, ...more }))
      if (event.content) said.push(`${event.partial ? "~" : ""}${event.content.parts?.[0]?.text}`);
      else if (event.errorCode) said.push(`!${event.errorCode}`);
    answers.push(said.join(" "));
  }
  return { answers, asked: model.requests.length, stats: cache.stats };
}

describe("ResponseCachePlugin, the options", () => {
  it.each([
    [{ maxBytes: 0 }, /maxBytes/],
    [{ maxAgeMs: 0.5 }, /maxAgeMs/],
    [{ scope: "session" }, /scope.*"user", "app", "global"/],
    [{ maxAge: 1 }, /Did you mean `maxAgeMs`/],
  ])("refuses %j", (options, message) => {
    expect(() => new ResponseCachePlugin(options as ResponseCachePluginOptions)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: expect.stringMatching(message),
      }),
    );
  });
});

describe("ResponseCachePlugin", () => {
  it("answers an equal request of the same user, and no other", async () => {
    const { answers, asked, stats } = await ask(
      {},
      ["a1", "a2", "a3"],
      [{}, {}, { text: "other" }, { user: "v" }, {}],
    );
    expect(answers).toEqual(["a1", "a1", "a2", "a3", "a1"]);
    expect(asked).toBe(3);
    expect(stats).toMatchObject({ hits: 2, misses: 3, shared: 0, entries: 3 });
  });

  it("answers everybody where it is told to", async () => {
    for (const scope of ["app", "global"] as const)
      expect((await ask({ scope }, ["a1"], [{}, { user: "v" }])).answers).toEqual(["a1", "a1"]);
  });

  it("tells apart what differs in model, config or tools", async () => {
    await using w = await world();
    const cache = new ResponseCachePlugin();
    const look = tool("look", () => ({}));
    const variants: Partial<LlmAgentConfig>[] = [
      {},
      { instruction: "Be brief." },
      { generateContentConfig: { temperature: 1 } },
      { tools: [look] },
    ];
    const said: unknown[] = [];
    for (const [index, variant] of [...variants, ...variants].entries()) {
      const { root } = rootOf([`a${index}`], variant);
      const { runner } = await w.process({ root, plugins: [cache] });
      const sessionId = `s${index}`;
      await runner.sessionService.createSession({ appName: "app", userId: "u", sessionId });
      const newMessage = { role: "user", parts: [{ text: "hi" }] };
      const [event] = await runner.run({ userId: "u", sessionId, newMessage });
      said.push(event?.content?.parts?.[0]?.text);
    }
    expect(said).toEqual(["a0", "a1", "a2", "a3", "a0", "a1", "a2", "a3"]);
  });

  it("does not answer a request that is not data alone", async () => {
    await using w = await world();
    const cache = new ResponseCachePlugin();
    const httpOptions = { extraBody: { at: new Date(0) } };
    const { root, model } = rootOf(["a1", "a2"], { generateContentConfig: { httpOptions } });
    const { runner } = await w.process({ root, plugins: [cache] });
    for (const sessionId of ["s1", "s2"]) {
      await runner.sessionService.createSession({ appName: "app", userId: "u", sessionId });
      await runner.run({
        userId: "u",
        sessionId,
        newMessage: { role: "user", parts: [{ text: "hi" }] },
      });
    }
    expect(model.requests).toHaveLength(2);
    expect(cache.stats).toMatchObject({ hits: 0, entries: 0 });
  });

  it.each<[string, ScriptedTurn]>([
    ["an error code", { ...says("no"), errorCode: "SAFETY" }],
    ["an end before its time", { ...says("no"), finishReason: "MAX_TOKENS" as never }],
    ["an interruption", { ...says("no"), interrupted: true }],
    ["nothing", { content: { role: "model", parts: [] } }],
    ["pieces alone", [{ ...says("no"), partial: true }]],
  ])("keeps no answer with %s", async (_, turn) => {
    const { asked, stats } = await ask({}, [turn, turn], [{ stream: true }, { stream: true }]);
    expect(asked).toBe(2);
    expect(stats).toMatchObject({ hits: 0, entries: 0, bytes: 0 });
  });

  it("keeps nothing of a call that failed", async () => {
    await using w = await world();
    const cache = new ResponseCachePlugin();
    const { root, model } = rootOf([[says("no"), new Error("down")], "yes"]);
    const { say } = await w.process({ root, plugins: [cache] });
    await expect(say("hi")).rejects.toMatchObject({ code: "MODEL_FAILED" });
    expect(cache.stats.entries).toBe(0);
    expect((await w.log())[1]?.content?.parts).toEqual([{ text: "no" }]);
    await say("hi");
    expect(model.requests).toHaveLength(2);
  });

  it("replays a stream in its pieces, a whole answer in one, and a stream whole to who wants no pieces", async () => {
    const { answers, asked } = await ask(
      {},
      ["word", "whole"],
      [{ stream: true }, { stream: true }, {}, { text: "whole" }, { text: "whole", stream: true }],
    );
    expect(answers).toEqual(["~wo ~rd word", "~wo ~rd word", "word", "whole", "~whole whole"]);
    expect(asked).toBe(2);
  });

  it("is asked again when the answer is too old", async () => {
    const { answers } = await ask(
      { maxAgeMs: 1_000 },
      ["a1", "a2"],
      [{}, { waitMs: 999 }, { waitMs: 1 }, { waitMs: 999 }],
    );
    expect(answers).toEqual(["a1", "a1", "a2", "a2"]);
  });

  it("keeps no more bytes than it may, and forgets what was asked for least recently", async () => {
    const long = "x".repeat(1_000);
    const maxBytes = 3_000; // two of them
    const { answers, stats } = await ask(
      { maxBytes },
      [`1${long}`, `2${long}`, `3${long}`, `4${long}`],
      [
        { text: "one" },
        { text: "two" },
        { text: "one" },
        { text: "three" },
        { text: "one" },
        { text: "two" },
      ],
    );
    expect(answers.map((answer) => answer[0])).toEqual(["1", "2", "1", "3", "1", "4"]);
    expect(stats.entries).toBe(2);
    expect(stats.bytes).toBeLessThanOrEqual(maxBytes);
    const tooLong = await ask({ maxBytes: 1_100 }, [`1${long}`, `2${long}`], [{}, {}]);
    expect(tooLong.stats).toMatchObject({ entries: 0, bytes: 0, misses: 2 });
  });
});

describe.each(STORES)("ResponseCachePlugin on %s", (kind) => {
  it("gives calls new ids at each replay, and costs nothing", async () => {
    await using w = await world(kind);
    const cache = new ResponseCachePlugin();
    const budget = new BudgetPlugin({ run: { maxCalls: 2 } });
    let looked = 0;
    const { model, root } = rootOf(
      [
        { ...calls(["look", "given-by-the-model"]), ...used(5, 5) },
        { ...says("found"), ...used(5, 5) },
      ],
      { tools: [tool("look", () => ({ found: ++looked > 0 }))] },
    );
    const { runner } = await w.process({ root, plugins: [budget, cache] });
    const ids: unknown[] = [];
    const usages: unknown[] = [];
    for (const sessionId of ["s1", "s2", "s3"]) {
      await runner.sessionService.createSession({ appName: "app", userId: "u", sessionId });
      const newMessage = { role: "user", parts: [{ text: "hi" }] };
      const events = await runner.run({ userId: "u", sessionId, newMessage });
      const callId = events[0]?.content?.parts?.[0]?.functionCall?.id;
      expect(events[1]?.content?.parts?.[0]?.functionResponse?.id).toBe(callId);
      ids.push(callId);
      for (const { usageMetadata } of events)
        if (usageMetadata) usages.push(usageMetadata.totalTokenCount);
    }
    expect(looked).toBe(3);
    expect(model.requests).toHaveLength(2);
    expect(new Set(ids).size).toBe(3);
    expect(usages).toEqual([10, 10, 0, 0, 0, 0]);
    const stored = await runner.sessionService.getSession({
      appName: "app",
      userId: "u",
      sessionId: "s3",
    });
    expect(stored?.events.flatMap(({ customMetadata }) => customMetadata ?? [])).toEqual([]);
  });

  it.each([{}, SSE])(
    "gives hooks copies, %j: what they change is not given again",
    async (more) => {
      await using w = await world(kind);
      const { root } = rootOf(["hello"], {
        afterModelCallback: ({ response }: { response: LlmResponse }) => {
          const part = response.content?.parts?.[0];
          if (part) part.text += "!";
          return undefined;
        },
      });
      const { runner } = await w.process({ root, plugins: [new ResponseCachePlugin()] });
      for (const sessionId of ["s1", "s2", "s3"]) {
        await runner.sessionService.createSession({ appName: "app", userId: "u", sessionId });
        const newMessage = { role: "user", parts: [{ text: "hi" }] };
        const said: unknown[] = [];
        for await (const event of runner.runAsync({ userId: "u", sessionId, newMessage, ...more }))
          said.push(...(event.content?.parts ?? []).map(({ text }) => text));
        expect(said).toEqual(more === SSE ? ["hel!", "lo!", "hello!"] : ["hello!"]);
      }
    },
  );
});

describe("equal requests at the same time", () => {
  /** The same question in this many sessions at the same time. */
  async function together(count: number, turns: ScriptedTurn[], more: object = {}) {
    await using w = await world();
    const cache = new ResponseCachePlugin();
    const { model, root } = rootOf(turns);
    const { runner } = await w.process({ root, plugins: [cache] });
    const key = { appName: "app", userId: "u" };
    const ids = Array.from({ length: count }, (_, index) => `s${index}`);
    for (const sessionId of ids) await runner.sessionService.createSession({ ...key, sessionId });
    const newMessage = { role: "user", parts: [{ text: "hi" }] };
    const events = await Promise.all(
      ids.map(async (sessionId) => {
        const all: Event[] = [];
        for await (const event of runner.runAsync({ userId: "u", sessionId, newMessage, ...more }))
          all.push(event);
        return all;
      }),
    );
    return { events, asked: model.requests.length, stats: cache.stats };
  }

  it("share one call, as streams too", async () => {
    const later = (): ScriptedTurn => async () => {
      for (let turn = 0; turn < 20; turn++) await new Promise((next) => setImmediate(next));
      return [...pieces("ab"), says("ab")];
    };
    const whole = await together(8, [later()]);
    const streamed = await together(8, [later()], SSE);
    for (const { asked, stats } of [whole, streamed]) {
      expect(asked).toBe(1);
      expect(stats).toMatchObject({ misses: 1, shared: 7, hits: 0 });
    }
    const said = (events: Event[]) =>
      events.flatMap(({ content }) => content?.parts?.[0]?.text ?? []);
    expect(whole.events.map(said)).toEqual(Array(8).fill(["ab"]));
    expect(streamed.events.map(said)).toEqual(Array(8).fill(["a", "b", "ab"]));
  });

  it("make their own calls when the first one comes to nothing", async () => {
    const failing = { ...says("blocked"), errorCode: "SAFETY" };
    const { events, asked } = await together(3, [failing, says("b"), says("b")]);
    expect(events.flat().filter(({ errorCode }) => errorCode === "SAFETY")).toHaveLength(1);
    expect(asked).toBe(3);
  });

  it.each([{}, SSE])(
    "%j: one may be made while the answer to another is looked at",
    async (more) => {
      await using w = await world();
      const cache = new ResponseCachePlugin();
      const { root } = rootOf(["hello"]);
      const { runner } = await w.process({ root, plugins: [cache] });
      const start = async (sessionId: string) => {
        await runner.sessionService.createSession({ appName: "app", userId: "u", sessionId });
        const newMessage = { role: "user", parts: [{ text: "hi" }] };
        return runner.runAsync({ userId: "u", sessionId, newMessage, ...more });
      };
      const said: unknown[] = [];
      for await (const first of await start("s1"))
        if (!first.partial && first.content)
          for await (const { content, partial } of await start("s2"))
            if (!partial && content) said.push(content.parts?.[0]?.text);
      expect(said).toEqual(["hello"]);
      expect(cache.stats).toMatchObject({ misses: 1 });
    },
  );

  it("that were under way when all was forgotten are neither shared nor kept", async () => {
    await using w = await world();
    const cache = new ResponseCachePlugin();
    const { promise, resolve } = Promise.withResolvers<void>();
    const { model, root } = rootOf([[promise, says("old")], "new"]);
    const { runner } = await w.process({ root, plugins: [cache] });
    const run = async (sessionId: string) => {
      await runner.sessionService.createSession({ appName: "app", userId: "u", sessionId });
      const newMessage = { role: "user", parts: [{ text: "hi" }] };
      const [event] = await runner.run({ userId: "u", sessionId, newMessage });
      return event?.content?.parts?.[0]?.text;
    };
    const first = run("s1");
    while (model.requests.length === 0) await new Promise((next) => setImmediate(next));
    cache.clear();
    expect(await run("s2")).toBe("new");
    resolve();
    expect(await first).toBe("old");
    expect(await run("s3")).toBe("new");
    expect(cache.stats).toMatchObject({ misses: 2, shared: 0, hits: 1 });
  });

  it("do not wait for each other's runs when their own is stopped", async () => {
    await using w = await world();
    const cache = new ResponseCachePlugin();
    const { promise, resolve } = Promise.withResolvers<void>();
    const { model, root } = rootOf([[promise, says("late")]]);
    const { runner } = await w.process({ root, plugins: [cache] });
    for (const sessionId of ["s1", "s2"])
      await runner.sessionService.createSession({ appName: "app", userId: "u", sessionId });
    const newMessage = { role: "user", parts: [{ text: "hi" }] };
    const first = runner.run({ userId: "u", sessionId: "s1", newMessage });
    while (model.requests.length === 0) await new Promise((next) => setImmediate(next));
    const stop = new AbortController();
    const second = runner.run({
      userId: "u",
      sessionId: "s2",
      newMessage,
      abortSignal: stop.signal,
    });
    await new Promise((next) => setImmediate(next));
    stop.abort();
    const events = await second; // on a clock that stands still: nothing is waited for
    expect(events.at(-1)).toMatchObject({ errorCode: "INVOCATION_ABORTED" });
    resolve();
    await first;
    expect(model.requests).toHaveLength(1);
  });
});

function pieces(text: string): LlmResponse[] {
  return [...text].map((letter) => ({ ...says(letter), partial: true }));
}
