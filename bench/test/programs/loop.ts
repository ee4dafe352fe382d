// A loop that is left by a tool, one that ends by itself, and one that an agent of our own leaves by escalation.
import {
  BaseAgent,
  BaseLlm,
  EXIT_LOOP,
  InMemoryRunner,
  LlmAgent,
  LoopAgent,
  createEvent,
  createEventActions,
  stringifyContent,
} from "@google/adk";
import type { Event, InvocationContext, LlmRequest, LlmResponse } from "@google/adk";

class Polisher extends BaseLlm {
  rounds = 0;
  override async *generateContentAsync(_request: LlmRequest): AsyncGenerator<LlmResponse, void> {
    const parts =
      ++this.rounds < 3
        ? [{ text: `Draft ${this.rounds}` }]
        : [{ functionCall: { name: "exit_loop", args: {} } }];
    yield { content: { role: "model", parts } };
  }
  async connect(): Promise<never> {
    throw new Error("not live");
  }
}

class Critic extends BaseAgent {
  readonly patience: number;
  seen = 0;
  constructor(patience: number) {
    super({ name: "critic", description: "Leaves when it has seen enough." });
    this.patience = patience;
  }
  protected override async *runAsyncImpl(
    context: InvocationContext,
  ): AsyncGenerator<Event, void, void> {
    const enough = ++this.seen >= this.patience;
    yield createEvent({
      author: this.name,
      invocationId: context.invocationId,
      content: { role: "model", parts: [{ text: enough ? "Enough." : "Go on." }] },
      actions: createEventActions({ escalate: enough, stateDelta: { seen: this.seen } }),
    });
  }
  // oxlint-disable-next-line require-yield
  protected async *runLiveImpl(): AsyncGenerator<Event, void, void> {
    throw new Error("not live");
  }
}

const writer = (): LlmAgent =>
  new LlmAgent({ name: "writer", model: new Polisher({ model: "polisher" }), tools: [EXIT_LOOP] });

async function run(title: string, agent: LoopAgent): Promise<void> {
  console.log(`# ${title}`);
  const runner = new InMemoryRunner({ agent, appName: "loops" });
  const { id } = await runner.sessionService.createSession({ appName: "loops", userId: "ann" });
  for await (const event of runner.runAsync({
    userId: "ann",
    sessionId: id,
    newMessage: { role: "user", parts: [{ text: "write" }] },
  })) {
    const [part] = event.content?.parts ?? [];
    const text = stringifyContent(event) || Object.keys(part ?? {}).join();
    console.log(`${event.author}: ${text}${event.actions.escalate ? " (escalates)" : ""}`);
  }
}

await run("left by a tool", new LoopAgent({ name: "loop", subAgents: [writer()] }));
await run(
  "ended by its count",
  new LoopAgent({ name: "loop", subAgents: [writer(), new Critic(9)], maxIterations: 2 }),
);
await run(
  "left by an agent",
  new LoopAgent({ name: "loop", subAgents: [new Critic(3)], maxIterations: 5 }),
);
