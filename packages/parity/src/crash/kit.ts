import {
  AgentTool,
  App,
  BaseLlm,
  FunctionTool,
  LlmAgent,
  LongRunningFunctionTool,
  LoopAgent,
  ParallelAgent,
  SequentialAgent,
  type AppOptions,
  type BaseAgent,
  type BaseAgentConfig,
  type BasePlugin,
  type Context,
  type LlmAgentConfig,
  type LlmRequest,
  type LlmResponse,
  type Part,
} from "@adk/core";
import { hash, neutralRequest } from "./request-hash.ts";
import type { KitWorld } from "./kit-world.ts";

/** What a model says: a text, or calls (with the arguments of some of them). */
export type Turn = string | { readonly calls: readonly (string | ScriptedCall)[] };

export interface ScriptedCall {
  readonly name: string;
  readonly args: Record<string, unknown>;
}

/** How many of the request's contents the agent's model has said; what it answers follows from the request alone. */
export type Turns = readonly Turn[] | ((said: number, request: LlmRequest) => Turn);

type Body = (context: Context) => unknown;

export interface LlmOptions extends Partial<LlmAgentConfig> {
  /** Whether its texts carry a hash of the request. @defaultValue true */
  hashes?: boolean;
}

export function calls(...names: readonly (string | ScriptedCall)[]): Turn {
  return { calls: names };
}

export function transfer(agent: string): Turn {
  return { calls: [{ name: "transfer_to_agent", args: { agent_name: agent } }] };
}

/** Makes the agents and tools of a shape for one world. */
export class Kit {
  readonly world: KitWorld;

  constructor(world: KitWorld) {
    this.world = world;
  }

  app(
    rootAgent: BaseAgent,
    plugins: BasePlugin[] = [],
    eventsCompactionConfig?: AppOptions["eventsCompactionConfig"],
  ): App {
    return new App({
      name: this.world.appName,
      rootAgent,
      plugins,
      ...(eventsCompactionConfig && { eventsCompactionConfig }),
      resumabilityConfig: { isResumable: true },
    });
  }

  llm(name: string, turns: Turns, { hashes = true, ...config }: LlmOptions = {}): LlmAgent {
    const model = new ScriptedModel(this.world, name, turns, hashes);
    return new LlmAgent({ name, description: `The agent ${name}.`, model, ...config });
  }

  sequential(name: string, subAgents: BaseAgent[], config?: Partial<BaseAgentConfig>): BaseAgent {
    return new SequentialAgent({ name, subAgents, ...config });
  }

  parallel(name: string, subAgents: BaseAgent[], config?: Partial<BaseAgentConfig>): BaseAgent {
    return new ParallelAgent({ name, subAgents, ...config });
  }

  loop(name: string, maxIterations: number, subAgents: BaseAgent[]): BaseAgent {
    return new LoopAgent({ name, maxIterations, subAgents });
  }

  agentTool(agent: BaseAgent): AgentTool {
    return new AgentTool({ agent });
  }

  tool(name: string, body: Body = () => ({ done: name })): FunctionTool<typeof INPUT> {
    return new FunctionTool({ name, ...ANY, execute: this.#body(name, body) });
  }

  confirmed(name: string, body: Body = () => ({ done: name })): FunctionTool<typeof INPUT> {
    return new FunctionTool({
      name,
      ...ANY,
      requireConfirmation: true,
      execute: this.#body(name, body),
    });
  }

  longRunning(
    name: string,
    body: Body = () => undefined,
    expiresInMs?: number,
  ): LongRunningFunctionTool<typeof INPUT> {
    const execute = this.#body(name, body);
    return new LongRunningFunctionTool({ name, ...ANY, execute, expiresInMs });
  }

  /** A person approves it, and another one answers it. */
  confirmedLongRunning(name: string): LongRunningFunctionTool<typeof INPUT> {
    const execute = this.#body(name, () => undefined);
    return new LongRunningFunctionTool({ name, ...ANY, requireConfirmation: true, execute });
  }

  #body(name: string, body: Body): (input: unknown, context: Context) => Promise<unknown> {
    const { world } = this;
    return async (_input, context) => {
      const { functionCallId = "", toolConfirmation } = context;
      await world.outside(() =>
        world.universe.beginBody(functionCallId, name, toolConfirmation !== undefined),
      );
      const result = await body(context);
      await world.outside(() => undefined);
      return result;
    };
  }
}

const INPUT = { type: "object", properties: { input: { type: "string" } } } as const;
const ANY = { description: "Does something.", parameters: INPUT };

class ScriptedModel extends BaseLlm {
  readonly #world: KitWorld;
  readonly #agent: string;
  readonly #turns: Turns;
  readonly #hashes: boolean;

  constructor(world: KitWorld, agent: string, turns: Turns, hashes: boolean) {
    super({ model: "scripted" });
    this.#world = world;
    this.#agent = agent;
    this.#turns = turns;
    this.#hashes = hashes;
  }

  override async *generateContentAsync(
    request: LlmRequest,
    stream: boolean = false,
  ): AsyncGenerator<LlmResponse, void, undefined> {
    const world = this.#world;
    await world.outside(() => world.universe.askModel(this.#agent));
    const said = request.contents.filter(({ role }) => role === "model").length;
    const turn = Array.isArray(this.#turns)
      ? ((this.#turns as readonly Turn[])[said] ?? "There is nothing left to say.")
      : (this.#turns as (said: number, request: LlmRequest) => Turn)(said, request);
    const mark = this.#hashes ? ` #${hash(neutralRequest(request))}` : "";
    const parts = partsOf(turn, mark);
    if (stream)
      for (const part of parts) {
        if (part.text === undefined) continue;
        yield { content: { role: "model", parts: [{ text: part.text }] }, partial: true };
        await world.outside(() => undefined);
      }
    yield { content: { role: "model", parts } };
    await world.outside(() => undefined);
  }
}

function partsOf(turn: Turn, mark: string): Part[] {
  if (typeof turn === "string") return [{ text: `${turn}${mark}` }];
  return turn.calls.map((call) => {
    const { name, args } =
      typeof call === "string" ? { name: call, args: { input: `for ${call}` } } : call;
    const marked: Record<string, unknown> = { ...args };
    for (const key of ["input", "request"])
      if (typeof marked[key] === "string") marked[key] = `${marked[key]}${mark}`;
    if (args["agent_name"] !== undefined && mark !== "") marked["transfer_reason"] = mark.trim();
    return { functionCall: { name, args: marked } };
  });
}
