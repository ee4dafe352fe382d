import { type BasePlugin, LlmAgent, type LlmResponse, type Part } from "@adk/core";
import { ScriptedLlm, type ScriptedTurn } from "@adk/core/testing";
import { describe, expect, it } from "vitest";
import {
  ADK_HANDLE_MODEL_ERROR_TOOL_NAME,
  ReflectAndRetryModelPlugin,
  type ReflectAndRetryModelPluginOptions,
  RESERVED_TOOL_CALL_ERROR_TYPE,
  TrackingScope,
} from "../src/reflect-and-retry/index.ts";
import { calls, lastSaid, SSE, STORES, world, type World } from "./support/world.ts";

const malformed: LlmResponse = {
  errorCode: "MALFORMED_FUNCTION_CALL",
  errorMessage: "The function call is malformed.",
  finishReason: "MALFORMED_FUNCTION_CALL" as NonNullable<LlmResponse["finishReason"]>,
  usageMetadata: { promptTokenCount: 7, candidatesTokenCount: 3 },
};

/** Arguments of the reserved calls in the log. */
async function failuresIn(w: World): Promise<unknown[]> {
  return (await w.log()).flatMap(({ content }) =>
    (content?.parts ?? []).flatMap(({ functionCall }) =>
      functionCall?.name === ADK_HANDLE_MODEL_ERROR_TOOL_NAME
        ? [functionCall.args?.["retry_count"]]
        : [],
    ),
  );
}

describe.each(STORES)("ReflectAndRetryModelPlugin on %s", (store) => {
  it("asks again, tells the model why, and keeps what the failed answer cost", async () => {
    const model = new ScriptedLlm({ turns: [malformed, malformed, "done"] });
    const root = new LlmAgent({ name: "root", model });
    await using w = await world(store);
    const { say } = await w.process({ root, plugins: [new ReflectAndRetryModelPlugin()] });
    const events = await say("hi", SSE);
    expect(lastSaid(events)?.content?.parts).toEqual([{ text: "done" }]);
    expect(await failuresIn(w)).toEqual([1, 2]);
    const [first] = (await w.log()).filter(({ usageMetadata }) => usageMetadata);
    expect(first).toMatchObject({ usageMetadata: malformed.usageMetadata });
    expect(first?.errorCode).toBeUndefined();
    const [call, response] = model.requests[1]?.contents.slice(-2) ?? [];
    expect(call?.parts?.[0]?.functionCall?.args).toMatchObject({
      error_type: "MALFORMED_FUNCTION_CALL",
      error_details: "The function call is malformed.",
      retry_count: 1,
    });
    expect(response?.parts?.[0]?.functionResponse?.response).toMatchObject({
      reflection_guidance: expect.stringMatching(/failure 1 in a row; 2 more/) as string,
    });
  });

  it.each([1, 2])("goes on counting when it was left behind event %i", async (events) => {
    const model = new ScriptedLlm({ turns: [malformed, malformed, "done"] });
    const root = new LlmAgent({ name: "root", model });
    await using w = await world(store);
    const plugins = (): BasePlugin[] => [new ReflectAndRetryModelPlugin()];
    await (
      await w.process({ root, plugins: plugins() })
    ).sayAndLeave("hi", events, {
      invocationId: "e-1",
    });
    await (await w.process({ root, plugins: plugins() })).say(undefined, { invocationId: "e-1" });
    model.assertConsumed();
    expect(await failuresIn(w)).toEqual([1, 2]);
  });
});

describe("ReflectAndRetryModelPlugin", () => {
  async function run(turns: ScriptedTurn[], options: ReflectAndRetryModelPluginOptions = {}) {
    const model = new ScriptedLlm({ turns });
    const root = new LlmAgent({ name: "root", model });
    await using w = await world();
    const { say } = await w.process({ root, plugins: [new ReflectAndRetryModelPlugin(options)] });
    const events = await say("hi");
    model.assertConsumed();
    return { last: lastSaid(events), failures: await failuresIn(w) };
  }

  it("fails for one failure too many, or lets it stand", async () => {
    const turns = [malformed, malformed];
    await expect(run(turns, { maxRetries: 1 })).rejects.toMatchObject({
      code: "PLUGIN_FAILED",
      cause: {
        code: "MODEL_FAILED",
        message: expect.stringMatching(
          /failed 2 times in a row \(MALFORMED_FUNCTION_CALL\); 1 retry is allowed \(/,
        ) as string,
        details: { agent: "root", failures: 2, maxRetries: 1 },
      },
    });
    const { last, failures } = await run(turns, {
      maxRetries: 1,
      throwExceptionIfRetryExceeded: false,
    });
    expect(last).toMatchObject({
      errorCode: "MALFORMED_FUNCTION_CALL",
      finishReason: "MALFORMED_FUNCTION_CALL",
    });
    expect(failures).toEqual([1]);
    await expect(run([malformed], { maxRetries: 0 })).rejects.toMatchObject({
      code: "PLUGIN_FAILED",
    });
  });

  it("starts anew after an answer that can be used, and leaves other errors alone", async () => {
    const unknownTool = calls(["nothing", "c1"]);
    expect((await run([malformed, unknownTool, malformed, "done"])).failures).toEqual([1, 1]);
    const blocked: LlmResponse = { errorCode: "SAFETY", errorMessage: "blocked" };
    expect((await run([blocked])).last).toMatchObject({ errorCode: "SAFETY" });
    expect((await run([blocked, "done"], { onModelErrors: ["SAFETY"] })).failures).toEqual([1]);
  });

  it("takes the reserved call for a failure when the model makes it", async () => {
    const reserved = calls([ADK_HANDLE_MODEL_ERROR_TOOL_NAME, "x1", { retry_count: 0 }]);
    expect((await run([reserved, "done"])).failures).toEqual([1]);
    const { last } = await run([reserved], { maxRetries: 0, throwExceptionIfRetryExceeded: false });
    expect(last).toMatchObject({ errorCode: RESERVED_TOOL_CALL_ERROR_TYPE });
    expect(last?.content).toBeUndefined();
  });

  it("leaves thrown errors to the model's own retries, unless told otherwise", async () => {
    const thrown = new Error("schema refused");
    await expect(run([thrown])).rejects.toMatchObject({ code: "MODEL_FAILED", cause: thrown });
    const retryOnError = ({ message }: Error): boolean => message.includes("schema");
    expect((await run([thrown, "done"], { retryOnError })).failures).toEqual([1]);
    await expect(
      run([thrown, thrown], { retryOnError, maxRetries: 1, throwExceptionIfRetryExceeded: false }),
    ).rejects.toMatchObject({ code: "MODEL_FAILED", cause: thrown });
  });

  it("judges whole answers only, and not their pieces", async () => {
    const piece = (part: Part): LlmResponse => ({
      content: { role: "model", parts: [part] },
      partial: true,
    });
    const reserved = {
      functionCall: { name: ADK_HANDLE_MODEL_ERROR_TOOL_NAME, id: "x1", args: {} },
    };
    const turns = [
      [piece({ text: "I" }), malformed],
      [piece({ text: "I" }), malformed],
      [piece(reserved), { content: { role: "model", parts: [{ text: "done" }] } }],
    ];
    const root = new LlmAgent({ name: "root", model: new ScriptedLlm({ turns }) });
    await using w = await world();
    const plugin = new ReflectAndRetryModelPlugin({ trackingScope: TrackingScope.GLOBAL });
    const { say } = await w.process({ root, plugins: [plugin] });
    const events = await say("hi", SSE);
    expect(await failuresIn(w)).toEqual([1, 2]);
    expect(lastSaid(events)?.content?.parts).toEqual([{ text: "done" }]);
  });

  it("counts over invocations, by model, with the global scope", async () => {
    const model = new ScriptedLlm({ turns: [malformed, "one", malformed, malformed, "two"] });
    const root = new LlmAgent({ name: "root", model });
    await using w = await world();
    const plugin = new ReflectAndRetryModelPlugin({
      trackingScope: TrackingScope.GLOBAL,
      maxRetries: 5,
    });
    const { say } = await w.process({ root, plugins: [plugin] });
    await say("hi");
    await say("again");
    // A good answer lies between the first and the others.
    expect(await failuresIn(w)).toEqual([1, 1, 2]);
  });
});
