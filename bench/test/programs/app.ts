// An app with its plugin; a run that its caller leaves in mid-stream, and the turn after it; one that its caller forgets; a
// session that is not there.
import {
  App,
  BaseLlm,
  BasePlugin,
  InMemorySessionService,
  LlmAgent,
  Runner,
  StreamingMode,
  isLlmAgent,
  stringifyContent,
} from "@google/adk";
import type { Event, LlmRequest, LlmResponse } from "@google/adk";
import type { Content } from "@google/genai";

class Counter extends BaseLlm {
  override async *generateContentAsync(
    request: LlmRequest,
    stream?: boolean,
  ): AsyncGenerator<LlmResponse, void> {
    const say = (text: string): Content => ({ role: "model", parts: [{ text }] });
    if (stream) for (const digit of "12345") yield { partial: true, content: say(digit) };
    yield { content: say(stream ? "12345" : `${request.contents.length} contents`) };
  }
  async connect(): Promise<never> {
    throw new Error("not live");
  }
}

class Greeter extends BasePlugin {
  override async onUserMessageCallback(params: { userMessage: Content }): Promise<undefined> {
    console.log(`  ${this.name} hears ${params.userMessage.parts?.[0]?.text}`);
  }
}

const app = new App({
  name: "counting",
  rootAgent: new LlmAgent({ name: "counter", model: new Counter({ model: "counter" }) }),
  plugins: [new Greeter("greeter")],
});
const sessionService = new InMemorySessionService();
const runner = new Runner({ app, sessionService });
console.log(
  runner.appName,
  isLlmAgent(runner.agent),
  runner.pluginManager.getPlugin("greeter")?.name,
);
await sessionService.createSession({ appName: "counting", userId: "ann", sessionId: "s" });

const run = (text: string, streamingMode: StreamingMode, sessionId = "s"): AsyncGenerator<Event> =>
  runner.runAsync({
    userId: "ann",
    sessionId,
    newMessage: { role: "user", parts: [{ text }] },
    runConfig: { streamingMode },
  });

for await (const event of run("count, and I leave at 3", StreamingMode.SSE)) {
  console.log(`${event.author}: ${stringifyContent(event)}`);
  if (stringifyContent(event) === "3") break;
}
for await (const event of run("and now?", StreamingMode.NONE))
  console.log(`${event.author}: ${stringifyContent(event)}`);

const stopped = await sessionService.getSession({
  appName: "counting",
  userId: "ann",
  sessionId: "s",
});
console.log(
  stopped?.events.map((event) => `${event.author}: ${stringifyContent(event)}`).join(" | "),
);

await sessionService.createSession({ appName: "counting", userId: "ann", sessionId: "t" });
const forgotten = run("one is enough", StreamingMode.SSE, "t");
console.log((await forgotten.next()).done);

try {
  for await (const event of run("hello?", StreamingMode.NONE, "nowhere")) console.log(event.author);
} catch (error) {
  console.log("no such session:", error instanceof Error && error.message.includes("nowhere"));
}
