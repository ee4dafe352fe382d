// A plugin that sees a whole turn: the order of its hooks, and what it changes. Another one that says no before it begins.
import {
  BaseLlm,
  BasePlugin,
  FunctionTool,
  InMemoryRunner,
  LlmAgent,
  stringifyContent,
} from "@google/adk";
import type {
  BaseTool,
  Context,
  Event,
  InvocationContext,
  LlmRequest,
  LlmResponse,
} from "@google/adk";
import type { Content, Part } from "@google/genai";

class Scripted extends BaseLlm {
  readonly answers: Part[][];
  constructor(answers: Part[][]) {
    super({ model: "scripted" });
    this.answers = answers;
  }
  override async *generateContentAsync(request: LlmRequest): AsyncGenerator<LlmResponse, void> {
    console.log(`  model: ${request.contents[0]?.parts?.[0]?.text}`);
    yield { content: { role: "model", parts: this.answers.shift() ?? [] } };
  }
  async connect(): Promise<never> {
    throw new Error("not live");
  }
}

class Watcher extends BasePlugin {
  override async onUserMessageCallback(params: {
    invocationContext: InvocationContext;
    userMessage: Content;
  }): Promise<Content | undefined> {
    console.log(`  user message in ${params.invocationContext.session.appName}`);
    const [part] = params.userMessage.parts ?? [];
    return { role: "user", parts: [{ text: `${part?.text}, please` }] };
  }
  override async beforeRunCallback(): Promise<Content | undefined> {
    console.log("  before run");
    return undefined;
  }
  override async afterRunCallback(params: { invocationContext: InvocationContext }): Promise<void> {
    console.log(`  after run of ${params.invocationContext.session.events.length} events`);
  }
  override async onEventCallback(params: { event: Event }): Promise<Event | undefined> {
    console.log(`  event of ${params.event.author}`);
    return { ...params.event, customMetadata: { seen: true } };
  }
  override async beforeModelCallback(params: {
    callbackContext: Context;
    llmRequest: LlmRequest;
  }): Promise<LlmResponse | undefined> {
    const last = params.callbackContext.state.get<string>("last");
    console.log(
      `  before model, tools ${Object.keys(params.llmRequest.toolsDict).join(" ")}, last ${last}`,
    );
    return undefined;
  }
  override async afterModelCallback(params: {
    llmResponse: LlmResponse;
  }): Promise<LlmResponse | undefined> {
    console.log(`  after model, ${params.llmResponse.content?.parts?.length} parts`);
    return undefined;
  }
  override async beforeToolCallback(params: {
    tool: BaseTool;
    toolArgs: Record<string, unknown>;
    toolContext: Context;
  }): Promise<Record<string, unknown> | undefined> {
    console.log(`  before tool ${params.tool.name} ${JSON.stringify(params.toolArgs)}`);
    params.toolContext.state.set("last", params.tool.name);
    return undefined;
  }
  override async afterToolCallback(params: {
    tool: BaseTool;
    result: Record<string, unknown>;
  }): Promise<Record<string, unknown> | undefined> {
    console.log(`  after tool ${params.tool.name} ${JSON.stringify(params.result)}`);
    return undefined;
  }
  override async onToolErrorCallback(params: {
    tool: BaseTool;
    error: Error;
  }): Promise<Record<string, unknown> | undefined> {
    console.log(`  tool ${params.tool.name} failed`);
    return { handled: true };
  }
}

/** Says no to what it does not like, before anybody is asked. */
class Guard extends BasePlugin {
  override async beforeRunCallback(params: {
    invocationContext: InvocationContext;
  }): Promise<Content | undefined> {
    const text = params.invocationContext.userContent?.parts?.[0]?.text ?? "";
    if (!text.includes("secret")) return undefined;
    return { role: "model", parts: [{ text: "I do not talk about that." }] };
  }
}

const look = new FunctionTool({
  name: "look",
  description: "Looks.",
  execute: () => ({ found: "a tree" }),
});
const fail = new FunctionTool({
  name: "fail",
  description: "Fails.",
  execute: () => {
    throw new Error("out of order");
  },
});

async function turn(text: string, plugins: BasePlugin[]): Promise<void> {
  console.log(`# ${text}`);
  const model = new Scripted([
    [{ functionCall: { name: "look", args: {} } }, { functionCall: { name: "fail", args: {} } }],
    [{ text: "I see a tree." }],
  ]);
  const agent = new LlmAgent({ name: "seer", tools: [look, fail], model });
  const runner = new InMemoryRunner({ appName: "watched", agent, plugins });
  const { id } = await runner.sessionService.createSession({ appName: "watched", userId: "ann" });
  const newMessage = { role: "user", parts: [{ text }] };
  for await (const event of runner.runAsync({ userId: "ann", sessionId: id, newMessage }))
    console.log(
      `${event.author}: ${stringifyContent(event)} ${JSON.stringify(event.customMetadata)}`,
    );
  const session = await runner.sessionService.getSession({
    appName: "watched",
    userId: "ann",
    sessionId: id,
  });
  console.log(
    session?.events.map((event) => `${event.author} ${stringifyContent(event)}`).join(" | "),
  );
}

await turn("Look", [new Guard("guard"), new Watcher("watcher")]);
await turn("Tell me the secret", [new Guard("guard")]);
