// An answer in a given shape, put into state and used by the agent that follows.
import { BaseLlm, InMemoryRunner, LlmAgent, SequentialAgent, stringifyContent } from "@google/adk";
import type { LlmRequest, LlmResponse } from "@google/adk";
import { z } from "zod";

/** What the program itself says to the model: the engine adds its own words in a paragraph of their own. */
const own = (request: LlmRequest): string =>
  String(request.config?.systemInstruction ?? "")
    .split("\n\n")
    .filter((paragraph) => !paragraph.startsWith("You are an agent"))
    .join(" ");

class Poet extends BaseLlm {
  override async *generateContentAsync(request: LlmRequest): AsyncGenerator<LlmResponse, void> {
    const { responseMimeType, temperature } = request.config ?? {};
    const hasSchema =
      request.config?.responseSchema !== undefined ||
      request.config?.responseJsonSchema !== undefined;
    console.log(
      `  ${request.model} ${responseMimeType} ${hasSchema} ${temperature} ${own(request)}`,
    );
    const text = hasSchema ? '{"city": "Oslo", "population": 700000}' : "A poem.";
    yield { content: { role: "model", parts: [{ text }] } };
  }
  async connect(): Promise<never> {
    throw new Error("not live");
  }
}

const model = new Poet({ model: "poet" });
const agent = new SequentialAgent({
  name: "studio",
  subAgents: [
    new LlmAgent({
      name: "geographer",
      model,
      generateContentConfig: { temperature: 0.5 },
      outputSchema: z.object({ city: z.string(), population: z.number() }),
      outputKey: "place",
    }),
    new LlmAgent({
      name: "poet",
      model,
      instruction: (context) => {
        const place = context.state.get<{ city: string; population: number }>("place");
        return `Write about ${place?.city}, home of ${(place?.population ?? 0) / 1000} thousand`;
      },
    }),
  ],
});

const runner = new InMemoryRunner({ agent, appName: "studio" });
const key = { appName: "studio", userId: "ann", sessionId: "s" };
await runner.sessionService.createSession(key);
const newMessage = { role: "user", parts: [{ text: "Go" }] };
for await (const event of runner.runAsync({ userId: "ann", sessionId: "s", newMessage }))
  console.log(
    `${event.author}: ${stringifyContent(event)} ${JSON.stringify(event.actions.stateDelta)}`,
  );
console.log(JSON.stringify((await runner.sessionService.getSession(key))?.state));
