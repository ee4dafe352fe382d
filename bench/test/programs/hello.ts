// A model, an agent, two turns, and what the session holds afterwards.
import { BaseLlm, InMemoryRunner, LlmAgent, stringifyContent } from "@google/adk";
import type { LlmRequest, LlmResponse } from "@google/adk";

class Parrot extends BaseLlm {
  override async *generateContentAsync(request: LlmRequest): AsyncGenerator<LlmResponse, void> {
    const said = request.contents.map((content) => content.parts?.[0]?.text).join(" / ");
    yield { content: { role: "model", parts: [{ text: `I heard: ${said}` }] } };
  }
  async connect(): Promise<never> {
    throw new Error("not live");
  }
}

const agent = new LlmAgent({ name: "parrot", model: new Parrot({ model: "parrot" }) });
const runner = new InMemoryRunner({ agent, appName: "hello" });
const session = await runner.sessionService.createSession({ appName: "hello", userId: "ann" });

for (const text of ["Hello", "How are you?"]) {
  const newMessage = { role: "user", parts: [{ text }] };
  for await (const event of runner.runAsync({
    userId: "ann",
    sessionId: session.id,
    newMessage,
  })) {
    console.log(`${event.author}: ${stringifyContent(event)}`);
  }
}

const stored = await runner.sessionService.getSession({
  appName: "hello",
  userId: "ann",
  sessionId: session.id,
});
console.log(stored?.events.map((event) => event.author).join(" "));
