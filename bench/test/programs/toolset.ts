// A toolset of our own: filtered by names and by a predicate, and what closes it.
import {
  BaseLlm,
  BaseToolset,
  FunctionTool,
  InMemoryRunner,
  LlmAgent,
  stringifyContent,
} from "@google/adk";
import type {
  BaseTool,
  LlmRequest,
  LlmResponse,
  ReadonlyContext,
  ToolPredicate,
} from "@google/adk";

class Reporter extends BaseLlm {
  override async *generateContentAsync(request: LlmRequest): AsyncGenerator<LlmResponse, void> {
    const names = Object.keys(request.toolsDict).join(" ");
    yield { content: { role: "model", parts: [{ text: `I have ${names || "nothing"}` }] } };
  }
  async connect(): Promise<never> {
    throw new Error("not live");
  }
}

class Garage extends BaseToolset {
  constructor(filter: ToolPredicate | string[]) {
    super(filter);
  }
  override async getTools(context?: ReadonlyContext): Promise<BaseTool[]> {
    const tools = ["saw", "hammer", "drill"].map(
      (name) => new FunctionTool({ name, description: `A ${name}.`, execute: () => name }),
    );
    return context ? tools.filter((tool) => this.isToolSelected(tool, context)) : tools;
  }
  override async close(): Promise<void> {}
}

async function ask(title: string, filter: ToolPredicate | string[]): Promise<void> {
  const agent = new LlmAgent({
    name: "smith",
    model: new Reporter({ model: "reporter" }),
    tools: [new Garage(filter)],
  });
  const runner = new InMemoryRunner({ agent, appName: "garage" });
  const { id } = await runner.sessionService.createSession({
    appName: "garage",
    userId: "ann",
    state: { power: false },
  });
  const newMessage = { role: "user", parts: [{ text: "What do you have?" }] };
  for await (const event of runner.runAsync({ userId: "ann", sessionId: id, newMessage }))
    console.log(`${title}: ${stringifyContent(event)}`);
}

await ask("all", () => true);
await ask("by name", ["hammer", "saw"]);
await ask(
  "by predicate",
  (tool, context) => tool.name !== "drill" || context.state.get("power") === true,
);
