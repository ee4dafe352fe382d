import {
  AgentTool,
  App,
  BasePlugin,
  type Event,
  LlmAgent,
  LlmEventSummarizer,
  type LlmResponse,
} from "@adk/core";
import { ScriptedLlm } from "@adk/core/testing";
import { describe, expect, it } from "vitest";
import { budget, NO_LIMIT, onTheLog } from "./support/spent-by-log.ts";
import { MeteredLlm, used } from "./support/metered-llm.ts";
import { calls, KEY, STORES, tool, world } from "./support/world.ts";

function told(response: LlmResponse, input: number, output: number): LlmResponse {
  return { ...response, ...used(input, output) };
}

/** A root that asks an agent tool once, and says something then. */
function withAgentTool(
  expert: LlmAgent,
  ask = calls(["expert", "c1", { request: "?" }]),
): LlmAgent {
  const answers = [told(ask, 10, 1), told({ content: { parts: [{ text: "so" }] } }, 10, 2)];
  return new LlmAgent({
    name: "root",
    model: new ScriptedLlm({ model: "m", turns: answers }),
    tools: [new AgentTool({ agent: expert })],
  });
}

describe.each(STORES)("what the log says on %s", (kind) => {
  it("is what was spent, whether rewound or not, in any process", async () => {
    await using w = await world(kind);
    const model = new MeteredLlm("m");
    const root = new LlmAgent({ name: "root", model });
    const first = await w.process({ root, plugins: [budget()] });
    const events: Event[] = [];
    for (const words of ["one", "two", "three"]) events.push(...(await first.say(words)));
    await first.runner.rewindAsync({
      userId: "u",
      sessionId: "s",
      rewindBeforeInvocationId: events[1]?.invocationId ?? "",
    });
    expect((await onTheLog(w)).session).toEqual({ calls: 3, tokens: 60, cost: 0 });
    expect((await onTheLog(w)).run).toEqual({ calls: 0, tokens: 0, cost: 0 });
  });

  it("counts what was summed up, and the summaries' own calls, which are limited too", async () => {
    await using w = await world(kind);
    const summing = new MeteredLlm("sum", [{ input: 10, output: 1_000 }]);
    const eventsCompactionConfig = {
      compactionInterval: 2,
      overlapSize: 0,
      summarizer: new LlmEventSummarizer({ llm: summing }),
    };
    const root = new LlmAgent({ name: "root", model: new MeteredLlm("m") });
    const { say } = await w.process({ root, plugins: [budget()], eventsCompactionConfig });
    for (const words of ["1", "2", "3", "4"]) await say(words);
    expect(summing.maxima).toEqual([50, 50]);
    expect((await w.log()).filter(({ actions }) => actions.compaction)).toHaveLength(2);
    const { session } = await onTheLog(w);
    expect(session).toEqual({ calls: 6, tokens: 4 * 20 + 2 * 60, cost: 0 });
  });

  it("has the run of an agent tool under the caller's account", async () => {
    await using w = await world(kind);
    const model = new MeteredLlm("expert", [{ output: 1_000 }]);
    const expert = new LlmAgent({ name: "expert", model });
    const plugin = budget({ session: NO_LIMIT, run: { maxTokens: 100 } });
    const { say } = await w.process({ root: withAgentTool(expert), plugins: [plugin] });
    await say("hi");
    expect(model.maxima).toEqual([50]);
    expect((await onTheLog(w)).session).toEqual({ calls: 3, tokens: 11 + 60 + 12, cost: 0 });
  });

  it("does not count charges that would give something back", async () => {
    await using w = await world(kind);
    const root = new LlmAgent({ name: "root", model: new MeteredLlm("m") });
    const { say } = await w.process({ root, plugins: [budget()] });
    const gift = { id: "gift", run: "any", calls: -9, tokens: -1_000, cost: -1 };
    await say("hi", { customMetadata: { adk_budget: [gift] } });
    expect((await onTheLog(w)).session).toEqual({ calls: 1, tokens: 20, cost: 0 });
  });

  it("does not charge a fork for what it was copied from", async () => {
    await using w = await world(kind);
    const root = new LlmAgent({ name: "root", model: new MeteredLlm("m") });
    const plugin = budget();
    const { say, runner } = await w.process({ root, plugins: [plugin] });
    for (const words of ["one", "two"]) await say(words);
    const atSequence = (await w.log()).at(-1)?.sequence ?? 0;
    await runner.forkSession({ userId: "u", sessionId: "s", atSequence, newSessionId: "fork" });
    await say("three", { sessionId: "fork" });
    expect((await onTheLog(w, undefined, "fork")).session).toEqual({
      calls: 1,
      tokens: 20,
      cost: 0,
    });
    expect((await onTheLog(w)).session.calls).toBe(2);
  });
});

describe("what the log says", () => {
  it("carries an agent tool's run on the event with its result where the app is not resumable", async () => {
    await using w = await world();
    const expert = new LlmAgent({ name: "expert", model: new MeteredLlm("expert") });
    const root = withAgentTool(expert);
    const plugins = [budget()];
    const app = new App({ name: KEY.appName, rootAgent: root, plugins });
    const { say } = await w.process({ root, plugins, app });
    const events = await say("hi");
    const carrying = events.find(({ content }) => content?.parts?.[0]?.functionResponse);
    expect(carrying?.customMetadata?.["adk_budget"]).toMatchObject([{ calls: 1, tokens: 20 }]);
    expect((await onTheLog(w)).session).toEqual({ calls: 3, tokens: 11 + 20 + 12, cost: 0 });
  });

  it("counts an agent tool's run without plugins once the log has it", async () => {
    await using w = await world();
    const expert = new LlmAgent({ name: "expert", model: new MeteredLlm("expert") });
    const plugin = budget();
    const ask = told(calls(["expert", "c1", { request: "?" }]), 10, 1);
    const said = told({ content: { role: "model", parts: [{ text: "so" }] } }, 10, 2);
    const root = new LlmAgent({
      name: "root",
      model: new ScriptedLlm({ model: "m", turns: [ask, said] }),
      tools: [new AgentTool({ agent: expert, includePlugins: false })],
    });
    const { say } = await w.process({ root, plugins: [plugin] });
    await say("hi");
    expect((await onTheLog(w)).session).toEqual({ calls: 3, tokens: 11 + 20 + 12, cost: 0 });
  });

  it("has the reservation of a call that was aborted", async () => {
    await using w = await world();
    const stop = new AbortController();
    const answer = async (): Promise<LlmResponse> => {
      stop.abort();
      return await new Promise(() => undefined);
    };
    const root = new LlmAgent({ name: "root", model: new MeteredLlm("m", [{ answer }]) });
    const { say } = await w.process({ root, plugins: [budget()] });
    const running = say("hi", { abortSignal: stop.signal });
    while (!stop.signal.aborted) await new Promise((next) => setImmediate(next));
    await w.clock.advance(20_000); // this model does not stop: it is abandoned
    await running;
    expect((await onTheLog(w)).session).toEqual({ calls: 1, tokens: 60, cost: 0 });
  });

  it("counts the usage of events that carry no charges, by the dearest price", async () => {
    await using w = await world();
    const root = new LlmAgent({ name: "root", model: new MeteredLlm("m") });
    const { say } = await w.process({ root, plugins: [] });
    await say("before there was a budget");
    const prices = {
      cheap: { inputPerMillion: 1, outputPerMillion: 1 },
      dear: { inputPerMillion: 100, outputPerMillion: 200 },
    };
    const { session } = await onTheLog(w, { session: { maxCost: 5 }, prices });
    expect(session).toEqual({ calls: 1, tokens: 20, cost: expect.closeTo(0.003, 10) });
  });

  it("is the same when a plugin before it answers for every event", async () => {
    await using w = await world();
    class Answering extends BasePlugin {
      override async onEventCallback({ event }: { event: Event }): Promise<Partial<Event>> {
        return { content: { role: "model", parts: [{ text: `${event.author} says` }] } };
      }
    }
    const root = new LlmAgent({ name: "root", model: new MeteredLlm("m") });
    const plugins = [new Answering("answering"), budget()];
    const { say } = await w.process({ root, plugins });
    for (const words of ["one", "two"]) await say(words);
    expect((await onTheLog(w)).session).toEqual({ calls: 2, tokens: 40, cost: 0 });
  });

  it("counts a long session once for each process, then what is new", async () => {
    await using w = await world();
    const root = new LlmAgent({ name: "root", model: new MeteredLlm("m") });
    const eventsCompactionConfig = { compactionInterval: 2, overlapSize: 0 };
    const { say, runner } = await w.process({ root, plugins: [budget()], eventsCompactionConfig });
    const reads: (number | undefined)[] = [];
    const { sessionService } = runner;
    const list = sessionService.listEvents.bind(sessionService);
    sessionService.listEvents = async (request) => {
      reads.push(request.afterSequence);
      return await list(request);
    };
    for (const words of ["1", "2", "3", "4", "5", "6"]) await say(words);
    expect(reads).toEqual([]);
    // 6 answers and 3 summaries by the same model.
    expect((await onTheLog(w)).session).toEqual({ calls: 9, tokens: 180, cost: 0 });
  });
});

describe("a resumed invocation", () => {
  it("goes on with what it has spent", async () => {
    await using w = await world("sqlite");
    const look = tool("look", () => ({ found: 1 }));
    const turns = [told(calls(["look", "c1"]), 10, 30)];
    const root = () => {
      const model = new ScriptedLlm({ model: "m", turns });
      return new LlmAgent({ name: "root", model, tools: [look] });
    };
    const first = await w.process({ root: root(), plugins: [budget({ run: { maxTokens: 60 } })] });
    await first.sayAndLeave("hi", 2);
    const [message] = await w.log();
    const second = await w.process({
      root: new LlmAgent({
        name: "root",
        model: new MeteredLlm("m", [{ output: 1_000 }]),
        tools: [look],
      }),
      plugins: [budget({ run: { maxTokens: 60 } })],
    });
    const invocationId = message?.invocationId ?? "";
    const events = await second.say(undefined, { invocationId });
    const answer = events.find(({ usageMetadata }) => usageMetadata);
    expect(answer?.usageMetadata?.candidatesTokenCount).toBe(60 - 40 - 10);
  });
});
