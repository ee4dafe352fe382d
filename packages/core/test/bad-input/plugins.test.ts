// oxlint-disable vitest/expect-expect -- refused() and expectRunError() assert
import { describe, expect, it } from "vitest";
import {
  AdkError,
  BasePlugin,
  type Content,
  createEvent,
  FunctionTool,
  LlmAgent,
  type LlmResponse,
  type Logger,
  type PluginHook,
} from "../../src/index.ts";
import { ScriptedLlm, VirtualClock } from "../../src/testing/index.ts";
import { expectRunError, expectUsable, runOf } from "./failing-run.ts";
import { refused } from "./refused.ts";
import { HI, KEY, pong, silent, World } from "./world.ts";

/** What a hook needs in order to be called. */
type Situation = "fine" | "a failing model" | "a failing tool";

/** Of the run's error event; a hidden one is stored, and the failing hook keeps it from the caller. */
type Leaves = "nothing" | "error event" | "hidden error event" | "no error event";

/** Where each hook leaves the log, and what it may answer with. */
const HOOKS: Readonly<Record<PluginHook, { when: Situation; leaves: Leaves; answer?: unknown }>> = {
  onUserMessageCallback: { when: "fine", leaves: "nothing", answer: HI },
  beforeRunCallback: { when: "fine", leaves: "error event", answer: HI },
  afterRunCallback: { when: "fine", leaves: "no error event" },
  onRunErrorCallback: { when: "a failing model", leaves: "error event" },
  onEventCallback: { when: "fine", leaves: "no error event", answer: createEvent() },
  beforeYieldCallback: { when: "fine", leaves: "hidden error event", answer: createEvent() },
  beforeAgentCallback: { when: "fine", leaves: "error event", answer: HI },
  afterAgentCallback: { when: "fine", leaves: "error event", answer: HI },
  onAgentErrorCallback: { when: "a failing model", leaves: "error event" },
  beforeModelCallback: { when: "fine", leaves: "error event", answer: { content: HI } },
  afterModelCallback: { when: "fine", leaves: "error event", answer: { content: HI } },
  onModelErrorCallback: { when: "a failing model", leaves: "error event", answer: { content: HI } },
  beforeToolCallback: { when: "a failing tool", leaves: "error event", answer: {} },
  afterToolCallback: { when: "a failing tool", leaves: "error event", answer: {} },
  onToolErrorCallback: { when: "a failing tool", leaves: "error event", answer: {} },
};
const hooks = Object.entries(HOOKS).map(([hook, row]) => ({ hook: hook as PluginHook, ...row }));
const notifying = new Set<string>(["onRunErrorCallback", "onAgentErrorCallback"]);

class Plugin extends BasePlugin {}

/** A plugin with one hook, or with a `close`. */
function pluginOf(hook: PluginHook | "close", body: () => unknown): BasePlugin {
  return Object.assign(new Plugin("bad"), { [hook]: body });
}

function agentIn(situation: Situation): LlmAgent {
  const broken = new FunctionTool({
    name: "broken",
    description: "Fails.",
    execute: () => {
      throw new Error("out of paper");
    },
  });
  const call: LlmResponse = {
    content: { role: "model", parts: [{ functionCall: { name: "broken", args: {} } }] },
  };
  const turns = {
    fine: ["pong"],
    "a failing model": [new Error("no quota")],
    "a failing tool": [call, "pong"],
  }[situation];
  return new LlmAgent({ name: "root", model: new ScriptedLlm({ turns }), tools: [broken] });
}

const oops = new Error("oops");

function throwOops(): never {
  throw oops;
}

describe("a plugin that throws", () => {
  it.each(hooks.filter(({ hook }) => !notifying.has(hook)))(
    "in $hook fails the run with PLUGIN_FAILED and leaves $leaves",
    async ({ hook, when, leaves }) => {
      for (const body of [throwOops, async () => throwOops()]) {
        const world = await World.create();
        const plugins = [pluginOf(hook, body)];
        const run = await runOf(world, agentIn(when), { plugins });
        const error = await refused(
          () => Promise.reject(run.error as Error),
          "PLUGIN_FAILED",
          `Plugin bad failed in ${hook}: oops`,
          true,
        );
        expect(error.cause).toBe(oops);
        expect(error.details).toEqual({ plugin: "bad", hook });
        expect(run.seen.at(-1)).toBe("onRunError");
        if (leaves === "nothing") expect(run.stored).toEqual([]);
        if (leaves === "nothing") await world.expectUntouched();
        if (leaves === "hidden error event") {
          expect(run.stored.at(-1)).toMatchObject({ errorCode: "PLUGIN_FAILED" });
          expect(run.yielded).toEqual([]);
        }
        if (leaves === "no error event")
          expect(run.stored.filter(({ errorCode }) => errorCode !== undefined)).toEqual([]);
        if (leaves === "error event") await expectRunError(world, run, "PLUGIN_FAILED");
        else await expectUsable(world);
      }
    },
  );

  it.each([...notifying])("in %s is logged, and the run fails as it would have", async (hook) => {
    const world = await World.create();
    const logged: string[] = [];
    const logger: Logger = { ...silent, error: (message) => logged.push(message) };
    const plugins = [pluginOf(hook as PluginHook, throwOops)];
    const run = await runOf(world, agentIn("a failing model"), { plugins, logger });
    expect(run.error).toMatchObject({ code: "MODEL_FAILED" });
    expect(logged).toEqual([`Plugin bad failed in ${hook}.`]);
    await expectRunError(world, run, "MODEL_FAILED");
  });

  it.each(["BUDGET_EXCEEDED", "TOOL_FAILED"] as const)(
    "%s on purpose is not wrapped",
    async (code) => {
      const own = new AdkError(code, "Enough. Raise the budget.");
      for (const { hook, when } of hooks.filter((one) => one.leaves === "error event")) {
        if (notifying.has(hook)) continue;
        const world = await World.create();
        const run = await runOf(world, agentIn(when), {
          plugins: [
            pluginOf(hook, () => {
              throw own;
            }),
          ],
        });
        expect(run.error, hook).toBe(own);
        await expectRunError(world, run, code);
      }
    },
  );

  it("something that is no Error is PLUGIN_FAILED too", async () => {
    for (const thrown of ["oops", undefined, null, 5] as unknown[]) {
      const world = await World.create();
      const run = await runOf(world, pong(), {
        plugins: [pluginOf("beforeAgentCallback", () => Promise.reject(thrown as Error))],
      });
      await refused(
        () => Promise.reject(run.error as Error),
        "PLUGIN_FAILED",
        String(thrown),
        true,
      );
      await expectRunError(world, run, "PLUGIN_FAILED");
    }
  });
});

describe("a plugin that answers with the wrong type", () => {
  const answering = hooks.filter(({ answer }) => answer !== undefined);

  it.each(answering)(
    "in $hook fails the run with PLUGIN_FAILED",
    async ({ hook, when, leaves }) => {
      for (const [answer, words] of wrongAnswers(hook)) {
        const world = await World.create();
        const run = await runOf(world, agentIn(when), { plugins: [pluginOf(hook, () => answer)] });
        await refused(
          () => Promise.reject(run.error as Error),
          "PLUGIN_FAILED",
          `in ${hook}: it answered with ${words}`,
        );
        if (leaves === "nothing") await world.expectUntouched();
        if (leaves === "error event") await expectRunError(world, run, "PLUGIN_FAILED");
        else await expectUsable(world);
      }
    },
  );

  it("which is none at all for hooks that may not answer", async () => {
    for (const hook of [
      "afterRunCallback",
      "onRunErrorCallback",
      "onAgentErrorCallback",
    ] as const) {
      const world = await World.create();
      const run = await runOf(world, agentIn(HOOKS[hook].when), {
        plugins: [pluginOf(hook, () => "an answer")],
      });
      expect(run.error === undefined).toBe(hook === "afterRunCallback");
      await expectUsable(world);
    }
  });

  it("null is no answer; before the caller, it hides the event", async () => {
    for (const { hook, when } of answering) {
      const world = await World.create();
      const run = await runOf(world, agentIn(when), { plugins: [pluginOf(hook, () => null)] });
      expect(run.error === undefined, hook).toBe(when !== "a failing model");
      expect(run.yielded.length === 0, hook).toBe(hook === "beforeYieldCallback");
    }
  });

  it("a message that no run takes is refused before it is stored", async () => {
    const messages: Content[] = [{ parts: [] }, { parts: [{ functionCall: { name: "f" } }] }];
    for (const message of messages) {
      const world = await World.create();
      const run = await runOf(world, pong(), {
        plugins: [pluginOf("onUserMessageCallback", () => message)],
      });
      await refused(
        () => Promise.reject(run.error as Error),
        "INVALID_ARGUMENT",
        "onUserMessageCallback",
      );
      await world.expectUntouched();
      await expectUsable(world);
    }
  });
});

function wrongAnswers(hook: PluginHook): [answer: unknown, words: string][] {
  const any: [unknown, string][] = [
    ["text", '"text"'],
    [5, "number 5"],
    [true, "boolean true"],
    [[HI], "a list of 1"],
    [() => HI, ""],
  ];
  if (/Model|Event|Yield/.test(hook))
    return [
      ...any,
      [{ content: "text" }, "an object"],
      [{ content: { parts: "text" } }, "an object"],
    ];
  if (/Tool/.test(hook)) return any;
  return [...any, [{ text: "hi" }, "an object"], [{ parts: ["hi"] }, "an object"]];
}

describe("a plugin that does not close", () => {
  it("is given up after pluginCloseTimeoutMs; the others and the services are closed", async () => {
    const clock = new VirtualClock();
    const world = await World.create();
    let isClosed = false;
    const hanging = pluginOf("close", () => new Promise<never>(() => {}));
    const orderly = Object.assign(new Plugin("orderly"), { close: () => (isClosed = true) });
    const runner = world.runnerOf(pong(), {
      clock,
      pluginCloseTimeoutMs: 50,
      plugins: [hanging, orderly],
    });
    const closing = refused(() => runner.close(), "PLUGIN_FAILED", "bad: not closed within 50 ms");
    await clock.advance(50);
    await closing;
    expect(isClosed).toBe(true);
    expect(clock.pendingTimers).toBe(0);
    await expectUsable(world);
  });

  it("says so, whatever it throws and whenever", async () => {
    for (const close of [throwOops, async () => throwOops()]) {
      const world = await World.create();
      const runner = world.runnerOf(pong(), { plugins: [pluginOf("close", close)] });
      await world.ping(runner);
      await refused(() => runner.close(), "PLUGIN_FAILED", "bad: oops");
      await refused(
        () => runner.run({ userId: KEY.userId, sessionId: KEY.sessionId, newMessage: HI }),
        "CLOSED",
        "Make a new one",
      );
      await expectUsable(world);
    }
  });
});
