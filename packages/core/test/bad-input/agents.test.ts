// oxlint-disable vitest/expect-expect -- refused() and expectRunError() assert
import { describe, expect, it } from "vitest";
import {
  AgentTool,
  BaseLlmRequestProcessor,
  type BaseTool,
  BaseToolset,
  type Event,
  FunctionTool,
  LlmAgent,
  type LlmAgentConfig,
  type LlmResponse,
  SequentialAgent,
} from "../../src/index.ts";
import { ScriptedLlm } from "../../src/testing/index.ts";
import { expectRunError, expectUsable, runOf } from "./failing-run.ts";
import { refused } from "./refused.ts";
import { pong, World } from "./world.ts";

function agentOf(
  config: Partial<LlmAgentConfig>,
  turns: (string | LlmResponse)[] = ["pong"],
): LlmAgent {
  return new LlmAgent({ name: "root", model: new ScriptedLlm({ turns }), ...config });
}

describe("an agent that could not be made", () => {
  const twins = [1, 2].map(
    () => new FunctionTool({ name: "f", description: "F.", execute: () => 1 }),
  );

  it.each<[string, Partial<LlmAgentConfig>]>([
    ["an output schema that is none", { outputSchema: "x" as never }],
    ["an input schema that is none", { inputSchema: {} }],
    ["tools of one name", { tools: twins }],
    ["a tool that is none", { tools: [5 as never] }],
    ["a callback that is none", { beforeModelCallback: 5 as never }],
    ["an unknown option", { colour: "red" } as object],
    ["a state schema that is none", { stateSchema: {} as never }],
  ])("because of %s has not adopted its sub-agents", async (_what, config) => {
    const world = await World.create();
    const child = pong("child");
    await refused(() => agentOf({ subAgents: [child], ...config }), "INVALID_ARGUMENT", "");
    expect(child.parentAgent).toBeUndefined();
    await world.ping(world.runnerOf(agentOf({ subAgents: [child] })));
  });

  it("because of one sub-agent has not adopted the others", async () => {
    const [one, two] = [pong("one"), pong("two")];
    const owner = new SequentialAgent({ name: "owner", subAgents: [two] });
    await refused(
      () => new SequentialAgent({ name: "thief", subAgents: [one, two] }),
      "INVALID_ARGUMENT",
      "is a sub-agent of owner already. Use `agent.clone()`",
    );
    expect([one.parentAgent, two.parentAgent]).toEqual([undefined, owner]);
  });
});

describe("a run whose request cannot be made", () => {
  class Failing extends BaseLlmRequestProcessor {
    // oxlint-disable-next-line require-yield
    override async *runAsync(): AsyncGenerator<Event, void, undefined> {
      throw new Error("oops");
    }
  }
  class Shaping extends BaseToolset {
    override async getTools(): Promise<BaseTool[]> {
      return [];
    }
    override async close(): Promise<void> {}
    override async processLlmRequest(): Promise<void> {
      throw new Error("oops");
    }
  }

  it.each<[string, Partial<LlmAgentConfig>, string, string]>([
    [
      "an instruction needs state that is not set",
      { instruction: "Hi {name}" },
      "FAILED_PRECONDITION",
      "{name?}",
    ],
    [
      "an instruction needs an artifact that is not there",
      { instruction: "{artifact.b}" },
      "FAILED_PRECONDITION",
      "Save it",
    ],
    [
      "an instruction throws",
      { instruction: () => Promise.reject(new Error("oops")) },
      "Error",
      "oops",
    ],
    ["a processor throws", { requestProcessors: [new Failing()] }, "Error", "oops"],
    ["a toolset throws", { tools: [new Shaping()] }, "Error", "oops"],
  ])("because %s fails, and the model is not asked", async (_what, config, code, says) => {
    const world = await World.create();
    const model = new ScriptedLlm({ turns: ["pong"] });
    const run = await runOf(world, agentOf({ model, ...config }));
    expect(String((run.error as Error).message)).toContain(says);
    expect(model.requests).toEqual([]);
    expect(run.seen[0]).toBe("onAgentError root");
    await expectRunError(world, run, code);
  });
});

describe("an agent that hands over to nobody", () => {
  it("fails the run, and says to whom it may", async () => {
    const world = await World.create();
    const transfer: LlmResponse = {
      content: {
        parts: [{ functionCall: { name: "transfer_to_agent", args: { agent_name: "child" } } }],
      },
    };
    const root = agentOf({
      model: new ScriptedLlm({ turns: [transfer] }),
      subAgents: [pong("child")],
      afterToolCallback: ({ context }) => {
        context.actions.transferToAgent = "nobody";
      },
    });
    const run = await runOf(world, root);
    await refused(
      () => Promise.reject(run.error as Error),
      "FAILED_PRECONDITION",
      "It can to: child. Add nobody to its `subAgents`",
    );
    await expectRunError(world, run, "FAILED_PRECONDITION");
  });
});

describe("an agent tool", () => {
  const call: LlmResponse = {
    content: { parts: [{ functionCall: { name: "helper", args: { request: "?" } } }] },
  };

  it("whose agent fails tells the model", async () => {
    const world = await World.create();
    const helper = new LlmAgent({
      name: "helper",
      model: new ScriptedLlm({ turns: [new Error("no quota")] }),
    });
    const run = await runOf(
      world,
      agentOf({ tools: [new AgentTool({ agent: helper })] }, [call, "pong"]),
    );
    expect(run.error).toBeUndefined();
    const response = run.stored[2]?.content?.parts?.[0]?.functionResponse?.response;
    expect(response?.["error"]).toContain("no quota");
    await expectUsable(world);
  });

  it("whose agent says what JSON cannot carry ends the run", async () => {
    const world = await World.create();
    const helper = new LlmAgent({
      name: "helper",
      model: new ScriptedLlm({ turns: ["pong"] }),
      afterModelCallback: () => ({
        customMetadata: { big: 1n },
        content: { parts: [{ text: "x" }] },
      }),
    });
    const run = await runOf(
      world,
      agentOf({ tools: [new AgentTool({ agent: helper })] }, [call, "pong"]),
    );
    await refused(
      () => Promise.reject(run.error as Error),
      "NOT_SERIALIZABLE",
      "customMetadata.big",
    );
    expect(run.stored.at(-1)).toMatchObject({ errorCode: "NOT_SERIALIZABLE" });
    await expectUsable(world);
  });
});
