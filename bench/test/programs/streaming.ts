// Server-sent streaming: partial events are shown and not stored, the whole answer follows, tools run in between.
import {
  BaseLlm,
  FunctionTool,
  InMemoryRunner,
  LlmAgent,
  StreamingMode,
  isFinalResponse,
  stringifyContent,
} from "@google/adk";
import type { LlmRequest, LlmResponse } from "@google/adk";

class Streamer extends BaseLlm {
  override async *generateContentAsync(
    request: LlmRequest,
    stream?: boolean,
  ): AsyncGenerator<LlmResponse, void> {
    const asked = request.contents.some((content) =>
      content.parts?.some((part) => part.functionResponse),
    );
    const words = asked ? ["It ", "is ", "sunny."] : ["Let ", "me ", "look."];
    if (stream)
      for (const text of words)
        yield { partial: true, content: { role: "model", parts: [{ text }] } };
    const parts = [{ text: words.join("") }];
    const call = { functionCall: { name: "weather", args: {} } };
    yield {
      content: { role: "model", parts: asked ? parts : [...parts, call] },
      usageMetadata: { totalTokenCount: words.length },
    };
  }
  async connect(): Promise<never> {
    throw new Error("not live");
  }
}

const weather = new FunctionTool({
  name: "weather",
  description: "The weather.",
  execute: () => ({ sky: "clear" }),
});
const runner = new InMemoryRunner({
  appName: "streams",
  agent: new LlmAgent({
    name: "herald",
    model: new Streamer({ model: "streamer" }),
    tools: [weather],
    outputKey: "said",
  }),
});

for (const streamingMode of [StreamingMode.NONE, StreamingMode.SSE]) {
  console.log(`# ${streamingMode}`);
  const { id } = await runner.sessionService.createSession({ appName: "streams", userId: "ann" });
  for await (const event of runner.runAsync({
    userId: "ann",
    sessionId: id,
    newMessage: { role: "user", parts: [{ text: "weather?" }] },
    runConfig: { streamingMode },
  })) {
    const kind = event.partial ? "partial" : isFinalResponse(event) ? "final" : "whole";
    const tokens = event.usageMetadata?.totalTokenCount ?? "-";
    console.log(`${kind} ${tokens} ${JSON.stringify(stringifyContent(event))}`);
  }
  const session = await runner.sessionService.getSession({
    appName: "streams",
    userId: "ann",
    sessionId: id,
  });
  console.log(`${session?.events.length} stored, said ${JSON.stringify(session?.state["said"])}`);
}
