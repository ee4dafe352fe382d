// Every callback of an agent: in which order they come, what they change, and which answers take another's place.
import { BaseLlm, FunctionTool, InMemoryRunner, LlmAgent, stringifyContent } from "@google/adk";
import type { BaseTool, Context, Event, LlmRequest, LlmResponse } from "@google/adk";
import type { Content, Part } from "@google/genai";
import { z } from "zod";

class Scripted extends BaseLlm {
  readonly answers: Part[][];
  constructor(answers: Part[][]) {
    super({ model: "scripted" });
    this.answers = answers;
  }
  override async *generateContentAsync(request: LlmRequest): AsyncGenerator<LlmResponse, void> {
    console.log(`  model sees: ${JSON.stringify(request.config?.systemInstruction)}`);
    yield { content: { role: "model", parts: this.answers.shift() ?? [] } };
  }
  async connect(): Promise<never> {
    throw new Error("not live");
  }
}

const say = (text: string): Content => ({ role: "model", parts: [{ text }] });
const double = new FunctionTool({
  name: "double",
  description: "Doubles a number.",
  parameters: z.object({ n: z.number() }),
  execute: ({ n }) => {
    console.log(`  double(${n})`);
    return { value: n * 2 };
  },
});

function agentOf(name: string, answers: Part[][]): LlmAgent {
  return new LlmAgent({
    name,
    model: new Scripted(answers),
    instruction: "Be brief.",
    tools: [double],
    beforeAgentCallback: [
      (context: Context) => {
        console.log(`  before agent ${context.agentName}, user ${context.userId}`);
        return undefined;
      },
      (context: Context) => (context.state.get("closed") ? say("We are closed.") : undefined),
    ],
    afterAgentCallback: (context: Context) => {
      console.log(`  after agent, state ${JSON.stringify(context.state.toRecord())}`);
      return say("(signed)");
    },
    beforeModelCallback: ({ context, request }) => {
      request.config = { ...request.config, systemInstruction: "Be very brief." };
      context.state.set("asked", context.state.get("asked", 0)! + 1);
      return context.state.get("cached") ? { content: say("From the cache.") } : undefined;
    },
    afterModelCallback: ({ response }) => {
      const text = response.content?.parts?.[0]?.text;
      return text === undefined ? undefined : { content: say(`${text}!`) };
    },
    beforeToolCallback: ({ tool, args }: { tool: BaseTool; args: Record<string, unknown> }) => {
      console.log(`  before tool ${tool.name} ${JSON.stringify(args)}`);
      if (args["n"] === 13) return { value: "no luck" };
      args["n"] = Number(args["n"]) + 1;
      return undefined;
    },
    afterToolCallback: ({ tool, response }) => {
      console.log(`  after tool ${tool.name} ${JSON.stringify(response)}`);
      return response["value"] === 4 ? { value: "four" } : undefined;
    },
  });
}

function show(event: Event): void {
  const parts = event.content?.parts ?? [];
  const responses = parts.flatMap((part) => part.functionResponse?.response ?? []);
  const delta = JSON.stringify(event.actions.stateDelta);
  console.log(`${event.author}: ${stringifyContent(event)}${JSON.stringify(responses)} ${delta}`);
}

async function turn(answers: Part[][], state: Record<string, unknown>): Promise<void> {
  const runner = new InMemoryRunner({ agent: agentOf("clerk", answers), appName: "clerks" });
  const { id } = await runner.sessionService.createSession({
    appName: "clerks",
    userId: "ann",
    state,
  });
  const newMessage = { role: "user", parts: [{ text: "go" }] };
  for await (const event of runner.runAsync({ userId: "ann", sessionId: id, newMessage }))
    show(event);
}

console.log("# tools");
const call = (n: number): Part => ({ functionCall: { name: "double", args: { n } } });
await turn([[call(1), call(13), call(20)], [{ text: "Done" }]], {});
console.log("# the agent's place is taken");
await turn([], { closed: true });
console.log("# the model's place is taken");
await turn([], { cached: true });
