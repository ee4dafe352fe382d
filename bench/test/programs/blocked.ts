// An answer that the model's provider blocked: an event with an error code; a callback puts words in its place.
import { BaseLlm, InMemoryRunner, LlmAgent } from "@google/adk";
import type { LlmRequest, LlmResponse } from "@google/adk";

class Careful extends BaseLlm {
  override async *generateContentAsync(request: LlmRequest): AsyncGenerator<LlmResponse, void> {
    const text = request.contents.at(-1)?.parts?.[0]?.text ?? "";
    console.log(`  ${request.contents.length} contents`);
    if (text.includes("bomb")) yield { errorCode: "SAFETY", errorMessage: "not with me" };
    else yield { content: { role: "model", parts: [{ text: `About ${text}: nice.` }] } };
  }
  async connect(): Promise<never> {
    throw new Error("not live");
  }
}

const runner = new InMemoryRunner({
  appName: "careful",
  agent: new LlmAgent({
    name: "careful",
    model: new Careful({ model: "careful" }),
    afterModelCallback: ({ context, response }) => {
      if (response.errorCode === undefined || context.state.get("polite") !== true)
        return undefined;
      return { content: { role: "model", parts: [{ text: "Let us talk about the weather." }] } };
    },
  }),
});
const session = await runner.sessionService.createSession({ appName: "careful", userId: "ann" });
for (const [text, polite] of [
  ["flowers", false],
  ["bombs", false],
  ["bombs", true],
  ["trees", true],
] as const) {
  console.log(`# ${text}`);
  for await (const event of runner.runAsync({
    userId: "ann",
    sessionId: session.id,
    newMessage: { role: "user", parts: [{ text }] },
    stateDelta: { polite },
  })) {
    const { author, content, errorCode, errorMessage } = event;
    console.log(
      JSON.stringify({ author, text: content?.parts?.[0]?.text, errorCode, errorMessage }),
    );
  }
}
