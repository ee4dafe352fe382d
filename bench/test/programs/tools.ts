// Tools from a zod object, from a schema of @google/genai and from a class; a toolset; what the model was told of them.
import {
  BaseLlm,
  BaseTool,
  BaseToolset,
  FunctionTool,
  InMemoryRunner,
  LlmAgent,
} from "@google/adk";
import type { LlmRequest, LlmResponse, RunAsyncToolRequest } from "@google/adk";
import { type FunctionDeclaration, type Part, Type } from "@google/genai";
import { z } from "zod";

class Scripted extends BaseLlm {
  readonly answers: Part[][];
  constructor(...answers: Part[][]) {
    super({ model: "scripted" });
    this.answers = answers;
  }
  override async *generateContentAsync(request: LlmRequest): AsyncGenerator<LlmResponse, void> {
    const declared = (request.config?.tools ?? []).flatMap((tool) =>
      "functionDeclarations" in tool ? (tool.functionDeclarations ?? []) : [],
    );
    console.log(`tools: ${declared.map(({ name }) => name).join(" ")}`);
    for (const part of request.contents.at(-1)?.parts ?? []) {
      const { functionResponse } = part;
      if (functionResponse)
        console.log(`${functionResponse.name} -> ${JSON.stringify(functionResponse.response)}`);
    }
    yield { content: { role: "model", parts: this.answers.shift() ?? [{ text: "done" }] } };
  }
  async connect(): Promise<never> {
    throw new Error("not live");
  }
}

const add = new FunctionTool({
  name: "add",
  description: "Adds two numbers.",
  parameters: z.object({ a: z.number(), b: z.number().default(10) }),
  execute: ({ a, b }) => ({ sum: a + b }),
});

const shout = new FunctionTool({
  name: "shout",
  description: "Says it loudly.",
  parameters: { type: Type.OBJECT, properties: { text: { type: Type.STRING } } },
  execute: async (input) => (input as { text: string }).text.toUpperCase(),
});

class Roll extends BaseTool {
  constructor() {
    super({ name: "roll", description: "Rolls a die that always shows the same." });
  }
  override _getDeclaration(): FunctionDeclaration {
    return { name: this.name, description: this.description };
  }
  override async runAsync({ args, toolContext }: RunAsyncToolRequest): Promise<unknown> {
    return { shown: 4, args, inCall: toolContext.functionCallId !== undefined };
  }
}

class Clocks extends BaseToolset {
  override async getTools(): Promise<BaseTool[]> {
    return ["utc", "cet"].map(
      (zone) =>
        new FunctionTool({
          name: zone,
          description: `Time in ${zone}.`,
          execute: () => `12:00 ${zone}`,
        }),
    );
  }
  override async close(): Promise<void> {}
}

const call = (name: string, args: Record<string, unknown> = {}): Part => ({
  functionCall: { name, args },
});
const model = new Scripted(
  [
    { text: "Let me see." },
    call("add", { a: 1 }),
    call("shout", { text: "hi" }),
    call("roll", { sides: 6 }),
  ],
  [call("add", { a: 20, b: 22 }), call("utc")],
);
const agent = new LlmAgent({
  name: "helper",
  model,
  tools: [add, shout, new Roll(), new Clocks([])],
});
const runner = new InMemoryRunner({ agent, appName: "tools" });
const session = await runner.sessionService.createSession({ appName: "tools", userId: "ann" });
for await (const event of runner.runAsync({
  userId: "ann",
  sessionId: session.id,
  newMessage: { role: "user", parts: [{ text: "go" }] },
})) {
  const kinds = event.content?.parts?.map((part) =>
    part.functionCall
      ? `call ${part.functionCall.name}`
      : part.functionResponse
        ? "response"
        : "text",
  );
  console.log(`${event.author}: ${kinds?.join(", ")}`);
}
