// oxlint-disable vitest/expect-expect -- refused() and expectRunError() assert
import { describe, expect, it } from "vitest";
import {
  BaseAgent,
  BasePlugin,
  BaseTool,
  createEvent,
  type CreateEventParams,
  type Event,
  FunctionTool,
  type InvocationContext,
  LlmAgent,
  type LlmResponse,
  type RunAsyncToolRequest,
  type ToolContext,
} from "../../src/index.ts";
import { ScriptedLlm } from "../../src/testing/index.ts";
import { agentWith } from "./failing-models.ts";
import { expectRunError, expectUsable, runOf } from "./failing-run.ts";
import { refused } from "./refused.ts";
import { unfitValues } from "./rows.ts";
import { KEY, World } from "./world.ts";

const CALL: LlmResponse = {
  content: { role: "model", parts: [{ functionCall: { name: "work", args: { a: 1 } } }] },
};

/** An agent whose model calls `work` once and is content with what it gets. */
function agentThat(
  execute: (input: never, context: ToolContext) => unknown,
  config: { beforeToolCallback?: (params: { args: Record<string, unknown> }) => undefined } = {},
): LlmAgent {
  const tool = new FunctionTool({
    name: "work",
    description: "Works.",
    parameters: { type: "object" },
    execute,
  });
  return new LlmAgent({
    name: "root",
    model: new ScriptedLlm({ turns: [CALL, "done"] }),
    tools: [tool],
    ...config,
  });
}

class Custom extends BaseAgent {
  readonly #params: CreateEventParams;
  constructor(params: CreateEventParams) {
    super({ name: "root" });
    this.#params = params;
  }
  protected async *runAsyncImpl({
    invocationId,
  }: InvocationContext): AsyncGenerator<Event, void, undefined> {
    yield createEvent({ author: "root", invocationId, ...this.#params });
  }
}

class Scribbler extends BasePlugin {
  readonly #metadata: Record<string, unknown>;
  constructor(metadata: Record<string, unknown>) {
    super("scribbler");
    this.#metadata = metadata;
  }
  override async onEventCallback({ event }: { event: Event }): Promise<Partial<Event> | undefined> {
    return event.content && { customMetadata: this.#metadata };
  }
}

const values = unfitValues().map(([what, value, words]) => ({
  what,
  value: value as Record<string, unknown>,
  words,
}));

describe.each(values)("$what", ({ value, words }) => {
  /** A run error, with the path in its message. */
  async function expectRefused(
    run: (world: World) => ReturnType<typeof runOf>,
    path: string,
  ): Promise<void> {
    const world = await World.create();
    const failed = await run(world);
    const error = await refused(
      () => Promise.reject(failed.error as Error),
      "NOT_SERIALIZABLE",
      words,
    );
    expect(error.message).toContain(path);
    await expectRunError(world, failed, "NOT_SERIALIZABLE");
  }

  it("as a tool's result fails the run", async () => {
    await expectRefused(
      async (world) =>
        await runOf(
          world,
          agentThat(() => value),
        ),
      "content.parts[0].functionResponse.response",
    );
  });

  it("as a model's metadata fails the run", async () => {
    await expectRefused(
      async (world) =>
        await runOf(
          world,
          agentWith(async function* () {
            yield { content: { parts: [{ text: "hi" }] }, customMetadata: value };
          }),
        ),
      "customMetadata",
    );
  });

  it("as arguments that a callback makes of the model's fails the run", async () => {
    await expectRefused(
      async (world) =>
        await runOf(
          world,
          new LlmAgent({
            name: "root",
            model: new ScriptedLlm({ turns: ["pong"] }),
            afterModelCallback: () => ({
              content: { parts: [{ functionCall: { name: "work", args: value } }] },
            }),
          }),
        ),
      "content.parts[0].functionCall.args",
    );
  });

  it("in an event of an agent of one's own fails the run", async () => {
    await expectRefused(
      async (world) => await runOf(world, new Custom({ customMetadata: value })),
      "customMetadata",
    );
    await expectRefused(
      async (world) => await runOf(world, new Custom({ actions: { stateDelta: { key: value } } })),
      "actions.stateDelta.key",
    );
  });

  it("in what a plugin makes of an event fails the run", async () => {
    await expectRefused(
      async (world) =>
        await runOf(world, new Custom({ content: { parts: [{ text: "hi" }] } }), {
          plugins: [new Scribbler(value)],
        }),
      "customMetadata",
    );
  });

  it("as arguments that a callback makes up is the tool's business; the log has the model's", async () => {
    const world = await World.create();
    let given: unknown;
    class Taking extends BaseTool {
      override _getDeclaration(): { name: string } {
        return { name: this.name };
      }
      override async runAsync({ args }: RunAsyncToolRequest): Promise<unknown> {
        given = args["extra"];
        return { ok: true };
      }
    }
    const root = new LlmAgent({
      name: "root",
      model: new ScriptedLlm({ turns: [CALL, "done"] }),
      tools: [new Taking({ name: "work", description: "Works." })],
      beforeToolCallback: ({ args }) => {
        args["extra"] = value;
      },
    });
    const { error, stored } = await runOf(world, root);
    expect(error).toBeUndefined();
    expect(given).toBe(value);
    expect(stored[1]?.content?.parts?.[0]?.functionCall?.args).toEqual({ a: 1 });
    await expectUsable(world);
  });

  it("written to state, or saved as metadata, by a tool is told to the model", async () => {
    for (const [write, path] of [
      [(context: ToolContext): void => context.state.set("key", value), "state key"],
      [
        (context: ToolContext): Promise<number> =>
          context.saveArtifact("a.txt", { text: "two" }, value),
        "customMetadata",
      ],
    ] as const) {
      const world = await World.create();
      const { error, stored } = await runOf(
        world,
        agentThat(async (_input, context) => await write(context)),
      );
      expect(error).toBeUndefined();
      const response = stored[2]?.content?.parts?.[0]?.functionResponse?.response;
      expect(response?.["error"]).toContain(path);
      expect(response?.["error"]).toContain(words);
      expect(stored[2]?.actions.artifactDelta).toEqual({});
      expect(stored[2]?.actions.stateDelta).toEqual({});
      expect(await world.artifacts.listVersions({ ...KEY, filename: "a.txt" })).toEqual([0]);
      await expectUsable(world);
    }
  });

  it("put into state in place fails the run", async () => {
    await expectRefused(
      async (world) =>
        await runOf(
          world,
          agentThat((_input, { state }) => {
            state.set("list", []);
            state.get<unknown[]>("list")?.push(value);
            return "ok";
          }),
        ),
      "state list",
    );
  });
});
