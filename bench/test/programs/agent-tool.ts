// An agent as a tool of another: what it is asked, what comes back, and what its state leaves behind.
import { AgentTool, BaseLlm, InMemoryRunner, LlmAgent, stringifyContent } from "@google/adk";
import type { LlmRequest, LlmResponse } from "@google/adk";
import type { Part } from "@google/genai";
import { z } from "zod";

class Scripted extends BaseLlm {
  readonly answers: Part[][];
  constructor(...answers: Part[][]) {
    super({ model: "scripted" });
    this.answers = answers;
  }
  override async *generateContentAsync(request: LlmRequest): AsyncGenerator<LlmResponse, void> {
    const last = request.contents.at(-1);
    const heard = last?.parts?.map(
      (part) => part.text ?? JSON.stringify(part.functionResponse?.response),
    );
    console.log(`  ${request.contents.length} contents, the last: ${heard?.join(" ")}`);
    yield { content: { role: "model", parts: this.answers.shift() ?? [] } };
  }
  async connect(): Promise<never> {
    throw new Error("not live");
  }
}

const translator = new LlmAgent({
  name: "translator",
  description: "Translates into French.",
  model: new Scripted([{ text: "Bonjour" }]),
  outputKey: "french",
});
const counter = new LlmAgent({
  name: "counter",
  description: "Counts letters.",
  inputSchema: z.object({ word: z.string() }),
  outputSchema: z.object({ letters: z.number() }),
  model: new Scripted([{ text: '{"letters": 7}' }]),
});
const host = new LlmAgent({
  name: "host",
  model: new Scripted(
    [{ functionCall: { name: "translator", args: { request: "Hello" } } }],
    [{ functionCall: { name: "counter", args: { word: "Bonjour" } } }],
    [{ text: "Seven letters." }],
  ),
  tools: [new AgentTool({ agent: translator }), new AgentTool({ agent: counter })],
});

const runner = new InMemoryRunner({ agent: host, appName: "hosts" });
const key = { appName: "hosts", userId: "ann", sessionId: "s" };
await runner.sessionService.createSession(key);
for await (const event of runner.runAsync({
  userId: "ann",
  sessionId: "s",
  newMessage: { role: "user", parts: [{ text: "How long is hello in French?" }] },
})) {
  const response = event.content?.parts?.[0]?.functionResponse?.response;
  const delta = JSON.stringify(event.actions.stateDelta);
  console.log(
    `${event.author}: ${stringifyContent(event)}${response ? JSON.stringify(response) : ""} ${delta}`,
  );
}
const session = await runner.sessionService.getSession(key);
console.log(session?.events.length, JSON.stringify(session?.state));
