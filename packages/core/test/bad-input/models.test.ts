// oxlint-disable vitest/expect-expect -- refused() and expectRunError() assert
import { strict as assert } from "node:assert";
import { describe, expect, it } from "vitest";
import {
  AdkError,
  LlmAgent,
  type LlmRequest,
  type LlmResponse,
  StreamingMode,
} from "../../src/index.ts";
import { VirtualClock } from "../../src/testing/index.ts";
import { agentWith, cause, failingModels, type Generate, partial } from "./failing-models.ts";
import { expectRunError, expectUsable, runOf } from "./failing-run.ts";
import { isGap } from "./gaps.ts";
import { refused } from "./refused.ts";
import { World } from "./world.ts";

describe.each([StreamingMode.NONE, StreamingMode.SSE])("streaming %s:", (streamingMode) => {
  for (const { title, generate, says } of failingModels)
    (isGap(title) ? it.fails : it)(`${title} is MODEL_FAILED`, async () => {
      const world = await World.create();
      const runConfig = { streamingMode, maxLlmCalls: 3 };
      const run = await runOf(world, agentWith(generate), {}, { runConfig });
      await refused(() => Promise.reject(run.error as Error), "MODEL_FAILED", says, true);
      assert.deepEqual(
        run.stored.map(({ errorCode }) => errorCode),
        [undefined, "MODEL_FAILED"],
      );
      assert.deepEqual(run.seen, ["onAgentError root", "onEvent MODEL_FAILED", "onRunError"]);
      await expectRunError(world, run, "MODEL_FAILED");
    });
});

describe("a model", () => {
  it("that says nothing leaves an event which says so, and the run ends normally", async () => {
    for (const generate of [
      async function* () {},
      async function* () {
        yield partial("Hel");
        yield partial("lo");
      },
      async function* () {
        yield {};
      },
      async function* () {
        yield { content: { role: "model", parts: [] } };
      },
      async function* () {
        yield { content: { role: "model", parts: [{ text: " ", thought: true }] } };
      },
    ] satisfies Generate[]) {
      const world = await World.create();
      const { error, stored, seen } = await runOf(world, agentWith(generate));
      expect(error).toBeUndefined();
      expect(stored.map(({ author, errorCode }) => [author, errorCode])).toEqual([
        ["user", undefined],
        ["root", "MODEL_RETURNED_NO_CONTENT"],
      ]);
      expect(seen).toEqual(["onEvent MODEL_RETURNED_NO_CONTENT", "afterRun"]);
      await expectUsable(world);
    }
  });

  it("keeps its own AdkError", async () => {
    const world = await World.create();
    const own = new AdkError("PERMISSION_DENIED", "The key is not valid. Make a new one.");
    const run = await runOf(
      world,
      agentWith(() => {
        throw own;
      }),
    );
    expect(run.error).toBe(own);
    await expectRunError(world, run, "PERMISSION_DENIED");
  });

  it("keeps the error that it threw as the cause", async () => {
    const world = await World.create();
    const run = await runOf(
      world,
      agentWith(() => {
        throw cause;
      }),
    );
    expect((run.error as Error).cause).toBe(cause);
  });

  // oxlint-disable-next-line require-yield
  const silent = async function* (
    _request: LlmRequest,
    _stream: boolean,
  ): AsyncGenerator<LlmResponse> {
    await new Promise<never>(() => {});
  };

  it("that never answers is given up after modelTimeoutMs", async () => {
    const clock = new VirtualClock();
    const world = await World.create();
    const running = runOf(world, agentWith(silent, 1_000), { clock, abortGraceMs: 10 });
    await clock.advance(2_000);
    const run = await running;
    const error = await refused(
      () => Promise.reject(run.error as Error),
      "MODEL_FAILED",
      "`modelTimeoutMs`",
      true,
    );
    expect(error.retryable).toBe(true);
    await expectRunError(world, run, "MODEL_FAILED");
    expect(clock.pendingTimers).toBe(0);
  });

  it("that goes silent in mid-stream is given up after modelTimeoutMs", async () => {
    const clock = new VirtualClock();
    const world = await World.create();
    const agent = agentWith(async function* () {
      yield partial("Hel");
      await new Promise<never>(() => {});
    }, 1_000);
    const running = runOf(world, agent, { clock, abortGraceMs: 10 });
    await clock.advance(2_000);
    const run = await running;
    expect(run.yielded.map(({ partial: isPartial }) => isPartial ?? false)).toEqual([true, false]);
    await expectRunError(world, run, "MODEL_FAILED");
  });

  it("that never answers is left when the run is aborted", async () => {
    const clock = new VirtualClock();
    const world = await World.create();
    const controller = new AbortController();
    const running = runOf(
      world,
      agentWith(silent),
      { clock, abortGraceMs: 10 },
      { abortSignal: controller.signal },
    );
    await clock.advance(1);
    controller.abort();
    await clock.advance(100);
    const { error, stored, seen } = await running;
    expect(error).toBeUndefined();
    expect(stored.at(-1)?.errorCode).toBe("INVOCATION_ABORTED");
    expect(seen).toEqual(["onEvent INVOCATION_ABORTED", "afterRun"]);
    await expectUsable(world);
  });

  it("that streams without end is left when the caller breaks off", async () => {
    const world = await World.create();
    let closed = false;
    await using runner = world.runnerOf(
      agentWith(async function* () {
        try {
          for (;;) {
            await new Promise<void>((resolve) => setImmediate(resolve));
            yield partial("x");
          }
        } finally {
          closed = true;
        }
      }),
    );
    let count = 0;
    const { userId, sessionId } = await world.session().then(({ userId: user, id }) => ({
      userId: user,
      sessionId: id,
    }));
    for await (const _ of runner.runAsync({
      userId,
      sessionId,
      newMessage: { parts: [{ text: "hi" }] },
    }))
      if (++count === 300) break;
    expect(closed).toBe(true);
    await expectUsable(world);
  });

  it("of an unknown name is MODEL_NOT_FOUND", async () => {
    const world = await World.create();
    const run = await runOf(world, new LlmAgent({ name: "root", model: "nobody-1" }));
    await refused(
      () => Promise.reject(run.error as Error),
      "MODEL_NOT_FOUND",
      "LLMRegistry.register()",
    );
    await expectRunError(world, run, "MODEL_NOT_FOUND");
  });
});
