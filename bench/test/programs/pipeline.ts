// Two researchers at the same time, each with its own branch and its own view, then an editor who reads both.
import {
  BaseLlm,
  InMemoryRunner,
  LlmAgent,
  ParallelAgent,
  SequentialAgent,
  stringifyContent,
} from "@google/adk";
import type { Event, LlmRequest, LlmResponse } from "@google/adk";

/** What the program itself says to the model: the engine adds its own words in a paragraph of their own. */
const own = (request: LlmRequest): string =>
  String(request.config?.systemInstruction)
    .split("\n\n")
    .filter((paragraph) => !paragraph.startsWith("You are an agent"))
    .join(" ");

class Echo extends BaseLlm {
  readonly answer: string;
  constructor(answer: string) {
    super({ model: "echo" });
    this.answer = answer;
  }
  override async *generateContentAsync(request: LlmRequest): AsyncGenerator<LlmResponse, void> {
    yield {
      content: {
        role: "model",
        parts: [{ text: `${this.answer} [${request.contents.length} read; ${own(request)}]` }],
      },
    };
  }
  async connect(): Promise<never> {
    throw new Error("not live");
  }
}

const researcher = (topic: string): LlmAgent =>
  new LlmAgent({
    name: `${topic}_researcher`,
    model: new Echo(`Facts on ${topic}.`),
    instruction: `Find facts on ${topic}.`,
    outputKey: topic,
  });
const pipeline = new SequentialAgent({
  name: "pipeline",
  subAgents: [
    new ParallelAgent({ name: "research", subAgents: [researcher("tea"), researcher("coffee")] }),
    new LlmAgent({
      name: "editor",
      model: new Echo("A report."),
      instruction: "Sum up {tea} and {coffee}",
      includeContents: "none",
    }),
  ],
});

const runner = new InMemoryRunner({ agent: pipeline, appName: "pipelines" });
const key = { appName: "pipelines", userId: "ann", sessionId: "s" };
await runner.sessionService.createSession(key);
const events: Event[] = [];
for await (const event of runner.runAsync({
  userId: "ann",
  sessionId: "s",
  newMessage: { role: "user", parts: [{ text: "Compare." }] },
}))
  events.push(event);

// Which of the two comes first is nobody's promise.
const parallel = events
  .slice(0, 2)
  .toSorted((a, b) => (String(a.author) < String(b.author) ? -1 : 1));
for (const event of [...parallel, ...events.slice(2)])
  console.log(`${event.author} on ${event.branch ?? "the trunk"}: ${stringifyContent(event)}`);
const session = await runner.sessionService.getSession(key);
console.log(
  Object.keys(session?.state ?? {})
    .toSorted()
    .join(" "),
);
