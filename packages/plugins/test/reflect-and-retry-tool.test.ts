import { AdkError, type BasePlugin, LlmAgent } from "@adk/core";
import { ScriptedLlm, type ScriptedTurn } from "@adk/core/testing";
import { describe, expect, it } from "vitest";
import {
  REFLECT_AND_RETRY_RESPONSE_TYPE,
  ReflectAndRetryToolPlugin,
  type ReflectAndRetryToolPluginOptions,
  TrackingScope,
} from "../src/reflect-and-retry/index.ts";
import { calls, responses, SSE, STORES, tool, world } from "./support/world.ts";

/** A model that makes a call an answer, each of these, and then is done. */
function callsOneByOne(names: readonly string[]): ScriptedTurn[] {
  return [...names.map((name, index) => calls([name, `c${index + 1}`])), "done"];
}

const broken = tool("broken", () => {
  throw new TypeError("no such column");
});

/** `retry_count` of each response; 0 of one that is no reflection. */
function countsIn(found: Record<string, Record<string, unknown>>): number[] {
  return Object.values(found).map((response) => Number(response["retry_count"] ?? 0));
}

describe.each(STORES)("ReflectAndRetryToolPlugin on %s", (store) => {
  it("tells the model what failed, and how often in a row, streamed", async () => {
    const model = new ScriptedLlm({ turns: callsOneByOne(["broken", "broken"]) });
    const root = new LlmAgent({ name: "root", model, tools: [broken] });
    await using w = await world(store);
    const { say } = await w.process({ root, plugins: [new ReflectAndRetryToolPlugin()] });
    const found = responses(await say("hi", SSE).then(() => w.log()));
    expect(found["c1"]).toMatchObject({
      response_type: REFLECT_AND_RETRY_RESPONSE_TYPE,
      error_type: "TypeError",
      error_details: "no such column",
      retry_count: 1,
    });
    expect(found["c1"]?.["reflection_guidance"]).toMatch(/failure 1 in a row; 2 more/);
    expect(found["c2"]).toMatchObject({ retry_count: 2 });
    const read = model.requests.at(-1)?.contents.at(-1)?.parts?.[0]?.functionResponse?.response;
    expect(read).toEqual(found["c2"]);
  });

  it("goes on counting after a crash behind a response", async () => {
    let fails = true;
    const flaky = tool("flaky", async () => {
      if (fails) throw new Error("later");
      return "fine";
    });
    const model = new ScriptedLlm({ turns: callsOneByOne(["flaky", "flaky", "flaky"]) });
    const root = new LlmAgent({ name: "root", model, tools: [flaky] });
    await using w = await world(store);
    const process = () => w.process({ root, plugins: [new ReflectAndRetryToolPlugin()] });
    await (await process()).sayAndLeave("hi", 2, { invocationId: "e-1" });
    await (await process()).sayAndLeave("hi", 2, { invocationId: "e-1" });
    fails = false;
    await (await process()).say(undefined, { invocationId: "e-1" });
    model.assertConsumed();
    expect(countsIn(responses(await w.log()))).toEqual([1, 2, 0]);
  });

  it("goes on counting after a crash between two calls of one answer", async () => {
    let hangs = true;
    let hasStarted = (): void => undefined;
    const started = new Promise<void>((resolve) => {
      hasStarted = resolve;
    });
    const made: unknown[] = [];
    const shaky = tool("shaky", async ({ n }) => {
      made.push(n);
      if (n === 2 && hangs) {
        hasStarted();
        await new Promise(() => undefined);
      }
      throw new Error("no");
    });
    const answer = calls(["shaky", "c1", { n: 1 }], ["shaky", "c2", { n: 2 }]);
    const model = new ScriptedLlm({ turns: [answer, "done"] });
    const root = new LlmAgent({ name: "root", model, tools: [shaky] });
    await using w = await world(store);
    const plugins = (): BasePlugin[] => [new ReflectAndRetryToolPlugin()];
    const first = await w.process({ root, plugins: plugins(), abortGraceMs: 0 });
    const cut = first.say("hi", { invocationId: "e-1" }).catch(() => undefined);
    await started;
    const closing = first.runner.close();
    await w.clock.advance(10_000);
    await Promise.all([closing, cut]);
    hangs = false;
    const again = await w.process({ root, plugins: plugins() });
    await again.say(undefined, { invocationId: "e-1" });
    expect(made).toEqual([1, 2, 2]);
    const found = responses(await w.log());
    expect([found["c1"]?.["retry_count"], found["c2"]?.["retry_count"]]).toEqual([1, 2]);
  });

  it("ends the run, with the tool's error, for one failure too many that a crash is between", async () => {
    const model = new ScriptedLlm({ turns: callsOneByOne(["broken", "broken"]) });
    const root = new LlmAgent({ name: "root", model, tools: [broken] });
    await using w = await world(store);
    const plugins = (): BasePlugin[] => [new ReflectAndRetryToolPlugin({ maxRetries: 1 })];
    await (
      await w.process({ root, plugins: plugins() })
    ).sayAndLeave("hi", 2, {
      invocationId: "e-1",
    });
    const again = await w.process({ root, plugins: plugins() });
    const error = await again
      .say(undefined, { invocationId: "e-1" })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "TOOL_FAILED",
      details: { tool: "broken", failures: 2, maxRetries: 1 },
      cause: { message: "no such column" },
    });
    expect((error as Error).message).not.toContain("no such column");
    expect((error as Error).message).toMatch(/failed 2 times in a row; 1 retry is allowed \(/);
  });
});

describe("ReflectAndRetryToolPlugin", () => {
  async function run(
    turns: ScriptedTurn[],
    options: ReflectAndRetryToolPluginOptions,
    tools: LlmAgent["tools"] = [broken, tool("fine", () => "ok")],
  ): Promise<Record<string, Record<string, unknown>>> {
    const root = new LlmAgent({
      name: "root",
      model: new ScriptedLlm({ turns }),
      tools: [...tools],
    });
    await using w = await world();
    const { say } = await w.process({ root, plugins: [new ReflectAndRetryToolPlugin(options)] });
    await say("hi");
    return responses(await w.log());
  }

  it("counts each tool apart, and a success starts anew", async () => {
    let calledTimes = 0;
    const sometimes = tool("sometimes", () => {
      if (++calledTimes === 2) return "ok";
      throw new Error("no");
    });
    const found = await run(
      callsOneByOne(["sometimes", "broken", "sometimes", "broken", "sometimes"]),
      {},
      [sometimes, broken],
    );
    expect(countsIn(found)).toEqual([1, 1, 0, 2, 1]);
  });

  it("counts parallel calls of one answer one after the other", async () => {
    const turns = [calls(["broken", "c1"], ["broken", "c2"], ["broken", "c3"]), "done"];
    expect(countsIn(await run(turns, {}))).toEqual([1, 2, 3]);
    await expect(run(turns, { maxRetries: 2 })).rejects.toMatchObject({ code: "TOOL_FAILED" });
  });

  it("tells about tools that the model made up", async () => {
    const found = await run(callsOneByOne(["nonsense"]), {});
    expect(found["c1"]).toMatchObject({ retry_count: 1, error_type: "AdkError" });
  });

  it("throws at once with 0, or says at once that the tool is not to be used", async () => {
    await expect(run(callsOneByOne(["broken"]), { maxRetries: 0 })).rejects.toMatchObject({
      code: "TOOL_FAILED",
      message: expect.stringMatching(/failed once; 0 retries are allowed \(/) as string,
      details: { failures: 1 },
    });
    const found = await run(callsOneByOne(["broken"]), {
      maxRetries: 0,
      throwExceptionIfRetryExceeded: false,
    });
    expect(found["c1"]?.["reflection_guidance"]).toMatch(/Do not use it again/);
  });

  it("finds failures in results", async () => {
    const polite = tool("polite", () => ({ status: "error", why: "closed" }));
    const found = await run(
      callsOneByOne(["polite", "fine"]),
      {
        extractErrorFromResult: ({ result }) =>
          (result as { status?: string }).status === "error" ? result : undefined,
      },
      [polite, tool("fine", () => ({ status: "ok" }))],
    );
    expect(found["c1"]).toMatchObject({
      error_type: "ToolError",
      error_details: '{"status":"error","why":"closed"}',
      retry_count: 1,
    });
    expect(found["c2"]).toEqual({ status: "ok" });
  });

  it.each([undefined, null])(
    "takes no long-running call that returned %s for a success, and looks for no failure in it",
    async (nothing) => {
      const turns = [calls(["job", "c1", { fails: true }]), "one", calls(["job", "c2"])];
      turns.push(calls(["job", "c3", { fails: true }]), "two");
      const job = tool(
        "job",
        ({ fails }) => {
          if (fails) throw new Error("no");
          return nothing;
        },
        { isLongRunning: true },
      );
      const looked: unknown[] = [];
      const plugin = new ReflectAndRetryToolPlugin({
        trackingScope: TrackingScope.GLOBAL,
        extractErrorFromResult: ({ result }) => void looked.push(result),
      });
      const root = new LlmAgent({ name: "root", model: new ScriptedLlm({ turns }), tools: [job] });
      await using w = await world();
      const { say } = await w.process({ root, plugins: [plugin] });
      await say("hi");
      await say("again");
      expect(responses(await w.log())).not.toHaveProperty("c2");
      await say("once more");
      expect(looked).toEqual([]);
      const found = responses(await w.log());
      expect([found["c1"]?.["retry_count"], found["c3"]?.["retry_count"]]).toEqual([1, 2]);
    },
  );

  it.each([
    [TrackingScope.INVOCATION, [1, 1]],
    [TrackingScope.GLOBAL, [1, 2]],
  ])("counts over invocations only when told to: %s", async (trackingScope, counts) => {
    const turns = [calls(["broken", "c1"]), "one", calls(["broken", "c2"]), "two"];
    const root = new LlmAgent({ name: "root", model: new ScriptedLlm({ turns }), tools: [broken] });
    await using w = await world();
    const { say } = await w.process({
      root,
      plugins: [new ReflectAndRetryToolPlugin({ trackingScope })],
    });
    await say("hi");
    await say("again");
    expect(countsIn(responses(await w.log()))).toEqual(counts);
  });

  it("counts no call that was cut off, and no request for an approval as a success", async () => {
    const seen: number[] = [];
    class Spy extends ReflectAndRetryToolPlugin {
      override async onToolErrorCallback(
        params: Parameters<ReflectAndRetryToolPlugin["onToolErrorCallback"]>[0],
      ): Promise<Record<string, unknown> | undefined> {
        const answer = await super.onToolErrorCallback(params);
        seen.push(Number(answer?.["retry_count"] ?? 0));
        return answer;
      }
    }
    const hangs = tool("hangs", () => new Promise(() => undefined));
    const fatal = tool("fatal", () => {
      throw new AdkError("TOOL_FAILED", "over");
    });
    const model = new ScriptedLlm({ turns: [calls(["hangs", "c1"], ["fatal", "c2"])] });
    const root = new LlmAgent({ name: "root", model, tools: [hangs, fatal] });
    await using w = await world();
    const { say } = await w.process({ root, plugins: [new Spy()], abortGraceMs: 0 });
    const failing = say("hi").catch((error: unknown) => error);
    await w.clock.advance(10);
    expect(await failing).toMatchObject({ code: "TOOL_FAILED", message: "over" });
    expect(seen).toEqual([0]);

    const guarded = tool(
      "guarded",
      () => {
        throw new Error("no");
      },
      { requireConfirmation: true },
    );
    const first = await run([calls(["guarded", "c1"])], {}, [guarded]);
    expect(countsIn(first)).toEqual([0]);
  });

  it("refuses options that mean nothing", () => {
    for (const options of [{ maxRetries: -1 }, { trackingScope: "session" }, { retries: 1 }])
      expect(() => new ReflectAndRetryToolPlugin(options as never)).toThrow(AdkError as never);
  });
});
