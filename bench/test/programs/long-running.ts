// A call whose answer comes later: the run ends, the answer is sent as a message, the agent goes on.
import {
  BaseLlm,
  InMemoryRunner,
  LlmAgent,
  LongRunningFunctionTool,
  getFunctionCalls,
  isFinalResponse,
  stringifyContent,
} from "@google/adk";
import type { LlmRequest, LlmResponse } from "@google/adk";
import type { Content } from "@google/genai";
import { z } from "zod";

class Clerk extends BaseLlm {
  override async *generateContentAsync(request: LlmRequest): AsyncGenerator<LlmResponse, void> {
    const responses = request.contents.flatMap((content) =>
      (content.parts ?? []).flatMap((part) => part.functionResponse ?? []),
    );
    const response = responses.at(-1)?.response;
    console.log(`  ${request.contents.length} contents, response ${JSON.stringify(response)}`);
    const parts =
      response === undefined
        ? [{ functionCall: { name: "refund", args: { euros: 20 } } }]
        : [
            {
              text:
                response["status"] === "approved"
                  ? "You get 20 euros."
                  : "Your request is under way.",
            },
          ];
    yield { content: { role: "model", parts } };
  }
  async connect(): Promise<never> {
    throw new Error("not live");
  }
}

const refund = new LongRunningFunctionTool({
  name: "refund",
  description: "Asks the boss for a refund.",
  parameters: z.object({ euros: z.number() }),
  execute: ({ euros }) => ({ status: "pending", euros }),
});

const runner = new InMemoryRunner({
  appName: "refunds",
  agent: new LlmAgent({ name: "clerk", model: new Clerk({ model: "clerk" }), tools: [refund] }),
});
const session = await runner.sessionService.createSession({ appName: "refunds", userId: "ann" });

let callId = "";
async function turn(title: string, newMessage: Content): Promise<void> {
  console.log(`# ${title}`);
  for await (const event of runner.runAsync({ userId: "ann", sessionId: session.id, newMessage })) {
    for (const call of getFunctionCalls(event)) callId = call.id ?? "";
    const waits = event.longRunningToolIds?.includes(callId) ? "waits" : "";
    const final = isFinalResponse(event) ? "final" : "";
    console.log(`${event.author}: ${stringifyContent(event)} ${waits} ${final}`);
  }
}

await turn("the question", { role: "user", parts: [{ text: "I want my money back." }] });
await turn("the boss", {
  role: "user",
  parts: [{ functionResponse: { id: callId, name: "refund", response: { status: "approved" } } }],
});
await turn("later", { role: "user", parts: [{ text: "Thanks." }] });
