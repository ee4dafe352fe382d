import { readFile, rm, stat, writeFile } from "node:fs/promises";
import {
  BaseEventsSummarizer,
  BasePlugin,
  type Content,
  createEvent,
  type Event,
  LlmAgent,
  LongRunningFunctionTool,
} from "@adk/core";
import { ScriptedLlm, type ScriptedTurn } from "@adk/core/testing";
import { freshFolder } from "@adk/test-services";
import { describe, expect, it } from "vitest";
import {
  AnalyticsPlugin,
  type AnalyticsPluginOptions,
  type AnalyticsRow,
  JsonLinesSink,
} from "../src/analytics/index.ts";
import { GatheringSink } from "./support/gathering-sink.ts";
import { calls, SSE, tool, world, type World } from "./support/world.ts";

const SECRET = "tell nobody";

interface Setup {
  w: World;
  turns: ScriptedTurn[];
  tools?: LlmAgent["tools"];
  options?: Partial<AnalyticsPluginOptions>;
}

function process({ w, turns, tools = [], options = {} }: Setup) {
  const sink = new GatheringSink();
  const model = new ScriptedLlm({ turns, model: "scripted-1" });
  const root = new LlmAgent({ name: "root", model, tools: [...tools] });
  const start = async () => {
    const plugin = new AnalyticsPlugin({ sink, clock: w.clock, ...options });
    return { plugin, ...(await w.process({ root, plugins: [plugin] })) };
  };
  return { sink, start };
}

const look = tool("look", ({ api_key: _key }, { state }) => {
  state.set("seen", SECRET);
  return { result: SECRET };
});
const fail = tool("fail", () => {
  throw new RangeError(SECRET);
});

describe.each([
  ["memory", "fail"],
  ["sqlite", "fail"],
  ["sqlite", "isolate"],
] as const)("AnalyticsPlugin on %s (%s)", (store, onFailure) => {
  it("records each step of a run, streamed", async () => {
    await using w = await world(store);
    const usageMetadata = { promptTokenCount: 12, candidatesTokenCount: 5 };
    const { sink, start } = process({
      w,
      turns: [
        {
          ...calls(["look", "c1", { place: SECRET, api_key: "sk-1" }], ["fail", "c2"]),
          usageMetadata,
        },
        "all seen",
      ],
      tools: [look, fail],
      options: { onFailure },
    });
    const { plugin, say } = await start();
    await say("hi", { invocationId: "e-1", ...SSE });
    await plugin.flush();
    expect(sink.types).toEqual([
      "USER_MESSAGE_RECEIVED",
      "INVOCATION_STARTING",
      "AGENT_STARTING",
      "LLM_REQUEST",
      "LLM_RESPONSE",
      "TOOL_STARTING",
      "TOOL_COMPLETED",
      "TOOL_STARTING",
      "TOOL_ERROR",
      "TOOL_COMPLETED",
      "STATE_DELTA",
      "LLM_REQUEST",
      "LLM_RESPONSE",
      "AGENT_RESPONSE",
      "AGENT_STATE_CHECKPOINT",
      "AGENT_COMPLETED",
      "INVOCATION_COMPLETED",
    ]);
    const [run] = sink.of("INVOCATION_STARTING");
    const [agent] = sink.of("AGENT_STARTING");
    const [asked, answered] = [sink.of("LLM_REQUEST")[0], sink.of("LLM_RESPONSE")[0]];
    for (const row of sink.rows.values())
      expect(row).toMatchObject({
        session_id: "s",
        user_id: "u",
        invocation_id: "e-1",
        trace_id: "e-1",
      });
    expect(sink.of("INVOCATION_COMPLETED")[0]?.span_id).toBe(run?.span_id);
    expect(agent).toMatchObject({ agent: "root", parent_span_id: run?.span_id });
    expect(asked).toMatchObject({
      parent_span_id: agent?.span_id,
      attributes: { model: "scripted-1" },
    });
    expect(answered).toMatchObject({
      span_id: asked?.span_id,
      latency_ms: { total_ms: 0, time_to_first_token_ms: 0 },
      attributes: { usage: usageMetadata },
    });
    expect(sink.of("TOOL_STARTING")[0]).toMatchObject({
      content: { args: { place: SECRET, api_key: "[REDACTED]" } },
      attributes: { app_name: "app", tool: "look", call_id: "c1" },
    });
    expect(sink.of("TOOL_ERROR")[0]).toMatchObject({
      status: "ERROR",
      error_message: `RangeError: ${SECRET}`,
    });
    expect(sink.of("AGENT_RESPONSE")[0]).toMatchObject({ content: { response: "all seen" } });
    expect(JSON.stringify([...sink.rows.values()])).not.toContain("sk-1");
  });

  it("records what waits, and the answer that comes to another process", async () => {
    await using w = await world(store);
    const ask = new LongRunningFunctionTool({
      name: "ask",
      description: "ask",
      execute: () => undefined,
    });
    const pay = tool("pay", () => "paid", { requireConfirmation: true });
    const { sink, start } = process({
      w,
      turns: [calls(["ask", "c1"], ["pay", "c2"]), "done"],
      tools: [ask, pay],
      options: { onFailure },
    });
    const first = await start();
    const asked = await first.say("hi", { invocationId: "e-1" });
    await first.plugin.flush();
    expect(
      sink
        .of("TOOL_PAUSED")
        .map(({ attributes }) => attributes["call_id"] as string)
        .toSorted((left, right) => left.localeCompare(right)),
    ).toEqual(["c1", "c2"]);
    expect(sink.of("HITL_CONFIRMATION_REQUEST")).toHaveLength(1);
    const request = asked
      .flatMap(({ content }) => content?.parts ?? [])
      .find(({ functionCall }) => functionCall?.name === "adk_request_confirmation")?.functionCall;
    const second = await start();
    await second.say({
      role: "user",
      parts: [
        { functionResponse: { id: "c1", name: "ask", response: { ok: 1 } } },
        {
          functionResponse: {
            id: request?.id as string,
            name: "adk_request_confirmation",
            response: { confirmed: true },
          },
        },
      ],
    });
    await second.plugin.flush();
    expect(sink.of("HITL_CONFIRMATION_REQUEST_COMPLETED")).toHaveLength(1);
    expect(
      sink
        .of("TOOL_COMPLETED")
        .map(({ attributes }) => [attributes["tool"], attributes["answered_by"]]),
    ).toEqual([
      ["ask", "user"],
      ["pay", undefined],
    ]);
    expect(sink.of("INVOCATION_STARTING").map(({ attributes }) => attributes["resumed"])).toEqual([
      false,
      true,
    ]);
  });
});

describe("AnalyticsPlugin", () => {
  it.each([undefined, null])(
    "records a long-running call that returned %s as completed when another plugin answers, else as paused",
    async (nothing) => {
      let clock: World["clock"] | undefined;
      class Answers extends BasePlugin {
        override async afterToolCallback({
          tool: { name },
        }: Parameters<NonNullable<BasePlugin["afterToolCallback"]>>[0]): Promise<
          Record<string, unknown> | undefined
        > {
          return name === "answered" ? { found: SECRET } : undefined;
        }

        override async onEventCallback(): Promise<undefined> {
          await clock?.advance(7);
        }
      }
      const tools = ["answered", "left"].map((name) =>
        tool(name, () => nothing, { isLongRunning: true }),
      );
      for (const place of ["first", "last"]) {
        await using w = await world();
        clock = w.clock;
        const sink = new GatheringSink();
        const plugin = new AnalyticsPlugin({ sink, clock });
        const answers = new Answers("answers");
        const model = new ScriptedLlm({ turns: [calls(["answered", "c1"], ["left", "c2"]), "x"] });
        const root = new LlmAgent({ name: "root", model, tools });
        const plugins = place === "first" ? [plugin, answers] : [answers, plugin];
        await (await w.process({ root, plugins })).say("hi");
        await plugin.flush();
        const ended = (type: string) =>
          sink.of(type).map(({ content, agent, latency_ms, attributes }) => ({
            content,
            agent,
            latency_ms,
            call: attributes["call_id"],
          }));
        // The event is no part of a call that the plugin has seen return.
        const completedAfter = { total_ms: place === "first" ? 0 : 7 };
        expect(ended("TOOL_COMPLETED")).toEqual([
          {
            content: { result: { found: SECRET } },
            agent: "root",
            latency_ms: completedAfter,
            call: "c1",
          },
        ]);
        expect(ended("TOOL_PAUSED")).toEqual([
          { content: null, agent: "root", latency_ms: { total_ms: 0 }, call: "c2" },
        ]);
        const spans = (type: string) => sink.of(type).map(({ span_id }) => span_id);
        expect([...spans("TOOL_COMPLETED"), ...spans("TOOL_PAUSED")]).toEqual(
          spans("TOOL_STARTING"),
        );
      }
    },
  );

  it("records failures and transfers", async () => {
    await using w = await world();
    const failing = process({ w, turns: [new TypeError(SECRET)] });
    const one = await failing.start();
    await expect(one.say("hi")).rejects.toMatchObject({ code: "MODEL_FAILED" });
    await one.plugin.flush();
    expect(failing.sink.types.slice(-3)).toEqual(["LLM_ERROR", "AGENT_ERROR", "INVOCATION_ERROR"]);

    const sink = new GatheringSink();
    const helper = new LlmAgent({ name: "helper", model: new ScriptedLlm({ turns: ["helped"] }) });
    const root = new LlmAgent({
      name: "root",
      model: new ScriptedLlm({
        turns: [calls(["transfer_to_agent", "t1", { agent_name: "helper" }])],
      }),
      subAgents: [helper],
    });
    const plugin = new AnalyticsPlugin({ sink, clock: w.clock });
    await (await w.process({ root, plugins: [plugin] })).say("hi");
    await plugin.flush();
    expect(sink.of("AGENT_TRANSFER")[0]?.attributes).toMatchObject({
      from_agent: "root",
      to_agent: "helper",
    });
    expect(sink.of("AGENT_STARTING").map((row) => row.agent)).toEqual(["root", "helper"]);
  });

  it("stores no payloads when told so", async () => {
    await using w = await world();
    const { sink, start } = process({
      w,
      turns: [calls(["look", "c1", { place: SECRET }], ["fail", "c2"]), SECRET],
      tools: [look, fail],
      options: { payloads: false },
    });
    const { plugin, say } = await start();
    await say(SECRET);
    await plugin.flush();
    expect(sink.rows.size).toBeGreaterThan(10);
    expect(JSON.stringify([...sink.rows.values()])).not.toContain(SECRET);
    expect(sink.of("STATE_DELTA")[0]?.attributes).toMatchObject({ keys: ["seen"] });
    expect(sink.of("TOOL_ERROR")[0]?.error_message).toBe("RangeError");
  });

  it("cuts texts and says so, and never stores bytes", async () => {
    await using w = await world();
    const { sink, start } = process({ w, turns: ["x"], options: { maxTextLength: 5 } });
    const { plugin, say } = await start();
    const data = "aGVsbG8=";
    await say({
      role: "user",
      parts: [
        { text: "a long text\0" },
        { inlineData: { mimeType: "image/png", data } },
        { fileData: { fileUri: "gs://b/f" } },
      ],
    });
    await plugin.flush();
    const [row] = sink.of("USER_MESSAGE_RECEIVED");
    expect(row?.is_truncated).toBe(true);
    expect(row?.content_parts).toMatchObject([
      { text: "a lon…", storage_mode: "INLINE" },
      { mime_type: "image/png", text: null, storage_mode: "OMITTED" },
      { uri: "gs://b/f", storage_mode: "EXTERNAL" },
    ]);
    expect(sink.of("INVOCATION_STARTING")[0]?.is_truncated).toBe(false);
    expect(JSON.stringify([...sink.rows.values()])).not.toContain(data);
  });

  it.each([
    [false, [1, 1]],
    [true, [1, 3]],
  ])("stores of a prompt what is new, or all of it (%s)", async (wholePrompts, sizes) => {
    await using w = await world();
    const { sink, start } = process({
      w,
      turns: [calls(["look", "c1"]), "done"],
      tools: [look],
      options: { wholePrompts },
    });
    const { plugin, say } = await start();
    await say("hi");
    await plugin.flush();
    const rows = sink.of("LLM_REQUEST");
    expect(rows.map(({ content }) => (content as { prompt: unknown[] }).prompt.length)).toEqual(
      sizes,
    );
    expect(rows.map(({ attributes }) => attributes["contents"])).toEqual([1, 3]);
  });

  it("records only the wanted types, in the app's own span", async () => {
    await using w = await world();
    const options: Partial<AnalyticsPluginOptions> = {
      eventAllowlist: ["LLM_RESPONSE", "INVOCATION_COMPLETED"],
      eventDenylist: ["LLM_RESPONSE"],
      currentSpan: () => ({ traceId: "t".repeat(32), spanId: "s".repeat(16) }),
    };
    const { sink, start } = process({ w, turns: ["x"], options });
    const { plugin, say } = await start();
    await say("hi");
    await plugin.flush();
    expect(sink.types).toEqual(["INVOCATION_COMPLETED"]);
    expect(sink.of("INVOCATION_COMPLETED")[0]).toMatchObject({
      trace_id: "t".repeat(32),
      parent_span_id: "s".repeat(16),
    });
    expect(() => new AnalyticsPlugin({ sink, eventDenylist: ["LLM"] as never })).toThrow(
      /`eventDenylist`/,
    );
    expect(() => new AnalyticsPlugin({} as never)).toThrow(/needs a `sink`/);
  });

  it("a sink that never answers takes no time of a run, nor does one that fails", async () => {
    await using w = await world();
    const hanging = { write: () => new Promise<never>(() => undefined) };
    const failing = {
      write: async () => {
        throw new Error("down");
      },
    };
    for (const [name, sink] of Object.entries({ hanging, failing })) {
      const model = new ScriptedLlm({ turns: [calls(["look", "c1"]), "done"] });
      const root = new LlmAgent({ name: "root", model, tools: [look] });
      const plugin = new AnalyticsPlugin({
        sink,
        clock: w.clock,
        batchSize: 1,
        name,
        logger: silent,
      });
      const { runner, say } = await w.process({ root, plugins: [plugin] });
      const before = w.clock.now();
      await say("hi");
      // The clock stands: whatever waits for a pause or a time-out of the sink would wait for ever.
      expect(w.clock.now()).toBe(before);
      expect(plugin.stats.written).toBe(0);
      const { queued } = plugin.stats;
      expect(queued).toBeGreaterThan(10);
      const closing = runner.close();
      await w.clock.advance(3_000);
      await closing;
      expect(plugin.stats.dropped).toEqual({ overflow: 0, failed: 0, closed: queued });
    }
  });

  it("records each summary once, in the next run, and under one id in every process", async () => {
    await using w = await world("sqlite");
    class Summarizer extends BaseEventsSummarizer {
      override async maybeSummarizeEvents(): Promise<Event> {
        const compactedContent: Content = { role: "model", parts: [{ text: "in short" }] };
        const compaction = { startTimestamp: 0, endTimestamp: 0, compactedContent };
        return createEvent({ actions: { compaction } });
      }
    }
    const sink = new GatheringSink();
    const model = new ScriptedLlm({ turns: ["one", "two", "three", "four"] });
    const root = new LlmAgent({ name: "root", model });
    const start = async () => {
      const plugin = new AnalyticsPlugin({ sink, clock: w.clock });
      const eventsCompactionConfig = {
        summarizer: new Summarizer(),
        compactionInterval: 2,
        overlapSize: 0,
      };
      return { plugin, ...(await w.process({ root, plugins: [plugin], eventsCompactionConfig })) };
    };
    const { plugin, say } = await start();
    for (const message of ["a", "b", "c"]) await say(message);
    await plugin.flush();
    const [row] = sink.of("EVENT_COMPACTION");
    expect(row).toMatchObject({ content_parts: [{ text: "in short" }] });
    const given = sink.batches.reduce((sum, size) => sum + size, 0);
    expect(given).toBe(sink.rows.size);
    const other = await start();
    await other.say("d");
    await other.plugin.flush();
    expect(sink.of("EVENT_COMPACTION").map(({ row_id }) => row_id)).toContain(row?.row_id);
    expect(sink.batches.reduce((sum, size) => sum + size, 0)).toBeGreaterThan(sink.rows.size);
  });
});

const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

describe("JsonLinesSink", () => {
  const row = (id: string): AnalyticsRow =>
    ({ row_id: id, event_type: "LLM_REQUEST" }) as AnalyticsRow;

  it("adds a line a row, readable for its owner only", async () => {
    await using folder = await freshFolder();
    const path = `${folder.path}/rows/events.jsonl`;
    await using w = await world();
    const model = new ScriptedLlm({ turns: ["x"] });
    const plugin = new AnalyticsPlugin({ sink: new JsonLinesSink({ path }), clock: w.clock });
    const { runner, say } = await w.process({
      root: new LlmAgent({ name: "root", model }),
      plugins: [plugin],
    });
    await say("hi\nthere");
    await runner.close();
    const rows = (await readFile(path, "utf8"))
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as AnalyticsRow);
    expect(rows).toHaveLength(plugin.stats.written);
    expect(new Set(rows.map(({ row_id }) => row_id)).size).toBe(rows.length);
    expect(rows.at(-1)?.event_type).toBe("INVOCATION_COMPLETED");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it("begins a new line behind a write that failed: it may have left half of one", async () => {
    await using folder = await freshFolder();
    const inTheWay = `${folder.path}/rows`;
    await writeFile(inTheWay, "");
    const path = `${inTheWay}/events.jsonl`;
    const sink = new JsonLinesSink({ path });
    await expect(sink.write([row("1")])).rejects.toMatchObject({
      code: "MISCONFIGURED",
      message: expect.stringMatching(
        /events\.jsonl" cannot be a file \(EEXIST\): .*`path`/,
      ) as string,
      details: { driverCode: "EEXIST" },
      cause: { code: "EEXIST" },
    });
    await rm(inTheWay);
    await sink.write([row("1")]);
    await sink.write([row("2")]);
    const line = (id: string): string => `${JSON.stringify(row(id))}\n`;
    expect(await readFile(path, "utf8")).toBe(`\n${line("1")}${line("2")}`);
    expect(() => new JsonLinesSink({ path: " " })).toThrow(/`path`/);
  });
});
