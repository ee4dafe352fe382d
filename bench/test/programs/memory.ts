// Memory: a finished session is put into it, found by search, by a tool, and before each request.
import {
  BaseLlm,
  FunctionTool,
  InMemoryMemoryService,
  InMemorySessionService,
  LOAD_MEMORY,
  LlmAgent,
  Runner,
  stringifyContent,
} from "@google/adk";
import type { Context, LlmRequest, LlmResponse } from "@google/adk";
import type { Part } from "@google/genai";
import { z } from "zod";

class Scripted extends BaseLlm {
  readonly answers: Part[][];
  constructor(...answers: Part[][]) {
    super({ model: "scripted" });
    this.answers = answers;
  }
  override async *generateContentAsync(request: LlmRequest): AsyncGenerator<LlmResponse, void> {
    console.log(`  tools ${Object.keys(request.toolsDict).toSorted().join(" ")}`);
    yield { content: { role: "model", parts: this.answers.shift() ?? [] } };
  }
  async connect(): Promise<never> {
    throw new Error("not live");
  }
}

const recall = new FunctionTool({
  name: "recall",
  description: "Searches memory.",
  parameters: z.object({ query: z.string() }),
  execute: async ({ query }, context?: Context) => {
    const { memories } = await context!.searchMemory(query);
    return {
      found: memories.map((memory) => `${memory.author}: ${memory.content.parts?.[0]?.text}`),
    };
  },
});

const sessionService = new InMemorySessionService();
const memoryService = new InMemoryMemoryService();
const runner = new Runner({
  appName: "diary",
  agent: new LlmAgent({
    name: "friend",
    model: new Scripted(
      [{ text: "Kyoto is lovely." }],
      [{ functionCall: { name: "recall", args: { query: "kyoto" } } }],
      [{ functionCall: { name: "load_memory", args: { query: "tea" } } }],
      [{ text: "You went to Kyoto." }],
    ),
    tools: [recall, LOAD_MEMORY],
  }),
  sessionService,
  memoryService,
});

async function turn(sessionId: string, text: string): Promise<void> {
  console.log(`# ${text}`);
  await sessionService.getOrCreateSession({ appName: "diary", userId: "ann", sessionId });
  for await (const event of runner.runAsync({
    userId: "ann",
    sessionId,
    newMessage: { role: "user", parts: [{ text }] },
  })) {
    const response = event.content?.parts?.[0]?.functionResponse;
    if (response?.name === "load_memory") {
      const memories = response.response?.["memories"];
      console.log(
        `load_memory found ${Array.isArray(memories) ? memories.length : JSON.stringify(response.response)}`,
      );
    } else
      console.log(
        `${event.author}: ${stringifyContent(event)}${JSON.stringify(response?.response ?? {})}`,
      );
  }
}

await turn("first", "I drank tea in Kyoto.");
const first = await sessionService.getSession({
  appName: "diary",
  userId: "ann",
  sessionId: "first",
});
await memoryService.addSessionToMemory(first!);
await turn("second", "Where was I?");
for (const [userId, query] of [
  ["ann", "Kyoto"],
  ["ann", "Paris"],
  ["bob", "Kyoto"],
] as const) {
  const { memories } = await memoryService.searchMemory({ appName: "diary", userId, query });
  console.log(`${userId} finds ${memories.length} about ${query}`);
}
