import { BasePlugin, type Content, type Context } from "@adk/core";
import { calls, type Kit, transfer } from "../kit.ts";
import { hook } from "./hook.ts";
import { answer, say, type Shape } from "../shape.ts";

const HI = say("Hello.");

/** Writes state wherever a plugin can. */
class WritingPlugin extends BasePlugin {
  readonly #kit: Kit;

  constructor(kit: Kit) {
    super("writing");
    this.#kit = kit;
  }

  override async onUserMessageCallback({
    userMessage,
  }: {
    userMessage: Content;
  }): Promise<Content | undefined> {
    await this.#kit.world.outside(() => undefined);
    if (userMessage.parts?.some((part) => part.functionResponse)) return undefined;
    return { role: "user", parts: [...(userMessage.parts ?? []), { text: "Please." }] };
  }

  override async beforeAgentCallback({
    callbackContext,
  }: {
    callbackContext: Context;
  }): Promise<undefined> {
    await this.#kit.world.outside(() => undefined);
    callbackContext.state.set(`before_${callbackContext.agentName}`, true);
  }

  override async afterAgentCallback({
    callbackContext,
  }: {
    callbackContext: Context;
  }): Promise<undefined> {
    callbackContext.state.set(`after_${callbackContext.agentName}`, true);
    await this.#kit.world.outside(() => undefined);
  }

  override async beforeModelCallback({
    callbackContext,
  }: {
    callbackContext: Context;
  }): Promise<undefined> {
    callbackContext.state.set("model", "asked");
    await this.#kit.world.outside(() => undefined);
  }

  override async beforeToolCallback({ toolContext }: { toolContext: Context }): Promise<undefined> {
    toolContext.state.set("tool", "called");
    await this.#kit.world.outside(() => undefined);
  }

  override async afterToolCallback({
    result,
  }: {
    result: Record<string, unknown>;
  }): Promise<Record<string, unknown>> {
    await this.#kit.world.outside(() => undefined);
    return { ...result, seen: true };
  }
}

/** Callbacks and plugins. */
export const HOOKS: readonly Shape[] = [
  {
    name: "agent-callbacks-write",
    app: (kit) =>
      kit.app(
        kit.llm("root", [calls("one"), "Done."], {
          tools: [kit.tool("one")],
          beforeAgentCallback: hook(kit, "before"),
          afterAgentCallback: hook(kit, "after"),
        }),
      ),
    steps: [HI, say("Again.", "i2")],
  },
  {
    name: "after-agent-says",
    app: (kit) =>
      kit.app(
        kit.sequential("root", [
          kit.llm("first", ["First."], { afterAgentCallback: hook(kit, "after", "Bye.") }),
          kit.llm("second", ["Second."], { afterAgentCallback: hook(kit, "after2", "Bye 2.") }),
        ]),
      ),
    steps: [HI],
  },
  {
    name: "before-agent-answers",
    app: (kit) =>
      kit.app(
        kit.sequential("root", [
          kit.llm("first", ["First."], { beforeAgentCallback: hook(kit, "before", "Not now.") }),
          kit.llm("second", ["Second."]),
        ]),
      ),
    steps: [HI],
  },
  {
    name: "callbacks-around-a-pause",
    app: (kit) =>
      kit.app(
        kit.sequential(
          "root",
          [
            kit.llm("first", [calls("ask"), "First."], {
              tools: [kit.longRunning("ask")],
              beforeAgentCallback: hook(kit, "before"),
              afterAgentCallback: hook(kit, "after", "Bye."),
            }),
            kit.llm("second", ["Second."]),
          ],
          {
            beforeAgentCallback: hook(kit, "root_before"),
            afterAgentCallback: hook(kit, "root_after", "The end."),
          },
        ),
      ),
    steps: [HI, answer("ask")],
  },
  {
    name: "callbacks-of-a-transfer",
    app: (kit) =>
      kit.app(
        kit.llm("root", [transfer("helper")], {
          afterAgentCallback: hook(kit, "after"),
          subAgents: [
            kit.llm("helper", ["Help."], {
              beforeAgentCallback: hook(kit, "before"),
              afterAgentCallback: hook(kit, "after2", "Bye."),
            }),
          ],
        }),
      ),
    steps: [HI],
  },
  {
    name: "callbacks-in-a-parallel",
    app: (kit) =>
      kit.app(
        kit.parallel(
          "root",
          [
            kit.llm("left", ["Left."], { afterAgentCallback: hook(kit, "left", "Left says.") }),
            kit.llm("right", ["Right."], { beforeAgentCallback: hook(kit, "right") }),
          ],
          { afterAgentCallback: hook(kit, "after", "Both.") },
        ),
      ),
    steps: [HI],
  },
  {
    name: "model-and-tool-callbacks",
    app: (kit) =>
      kit.app(
        kit.llm("root", [calls("one", "two"), "Done."], {
          tools: [kit.tool("one"), kit.tool("two")],
          beforeModelCallback: async ({ context }) => {
            await kit.world.outside(() => undefined);
            context.state.set("model", true);
          },
          beforeToolCallback: async ({ tool, context }) => {
            await kit.world.outside(() => undefined);
            context.state.set(`called_${tool.name}`, true);
            return tool.name === "one" ? { answered: "by a hook" } : undefined;
          },
          afterToolCallback: async ({ response }) => {
            await kit.world.outside(() => undefined);
            return { ...response, seen: true };
          },
        }),
      ),
    steps: [HI],
  },
  {
    name: "plugin-writes",
    app: (kit) =>
      kit.app(
        kit.sequential("root", [
          kit.llm("first", [calls("one", "ask"), "First."], {
            tools: [kit.tool("one"), kit.longRunning("ask")],
          }),
          kit.llm("second", ["Second."]),
        ]),
        [new WritingPlugin(kit)],
      ),
    steps: [HI, answer("ask")],
  },
  {
    name: "plugin-writes-in-an-agent-tool",
    app: (kit) =>
      kit.app(
        kit.llm("root", [calls({ name: "helper", args: { request: "Help." } }), "Done."], {
          tools: [
            kit.agentTool(kit.llm("helper", [calls("one"), "Help."], { tools: [kit.tool("one")] })),
          ],
        }),
        [new WritingPlugin(kit)],
      ),
    steps: [HI],
  },
];
