// State in its four scopes: written by a tool, a callback and the caller, read by an instruction, shared between sessions.
import {
  BaseLlm,
  FunctionTool,
  InMemoryArtifactService,
  InMemorySessionService,
  LlmAgent,
  Runner,
  State,
} from "@google/adk";
import type { Context, LlmRequest, LlmResponse } from "@google/adk";
import { z } from "zod";

/** What the program itself says to the model: the engine adds its own words in a paragraph of their own. */
const own = (request: LlmRequest): string =>
  String(request.config?.systemInstruction)
    .split("\n\n")
    .filter((paragraph) => !paragraph.startsWith("You are an agent"))
    .join(" ");

class Clerk extends BaseLlm {
  override async *generateContentAsync(request: LlmRequest): AsyncGenerator<LlmResponse, void> {
    console.log(`  instruction: ${JSON.stringify(own(request))}`);
    const last = request.contents.at(-1)?.parts?.[0];
    const [key = "", value = ""] = (last?.text ?? "").split("=");
    const parts =
      value === ""
        ? [{ text: "Noted." }]
        : [{ functionCall: { name: "remember", args: { key, value } } }];
    yield { content: { role: "model", parts } };
  }
  async connect(): Promise<never> {
    throw new Error("not live");
  }
}

const remember = new FunctionTool({
  name: "remember",
  description: "Remembers a value.",
  parameters: z.object({ key: z.string(), value: z.string() }),
  execute: ({ key, value }, toolContext?: Context) => {
    const state = toolContext!.state;
    const before = state.get(key, "nothing");
    state.set(key, value);
    state.set(`${State.TEMP_PREFIX}scratch`, "gone after the turn");
    state.update({ count: (state.get<number>("count") ?? 0) + 1 });
    return { before, now: state.get(key), has: state.has(key), scratch: state.has("temp:scratch") };
  },
});

const sessionService = new InMemorySessionService();
const runner = new Runner({
  appName: "memo",
  agent: new LlmAgent({
    name: "clerk",
    model: new Clerk({ model: "clerk" }),
    instruction: "Mood: {mood?}. Name: {user:name?}. House: {app:house?}.",
    tools: [remember],
    outputKey: "answer",
    beforeAgentCallback: (context) => {
      context.state.set("visits", (context.state.get<number>("visits") ?? 0) + 1);
      return undefined;
    },
  }),
  sessionService,
  artifactService: new InMemoryArtifactService(),
});

const sorted = (record: Record<string, unknown>): string =>
  JSON.stringify(
    Object.fromEntries(Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1))),
  );

async function turn(
  sessionId: string,
  text: string,
  stateDelta?: Record<string, unknown>,
): Promise<void> {
  console.log(`# ${sessionId}: ${text}`);
  for await (const event of runner.runAsync({
    userId: "ann",
    sessionId,
    newMessage: { role: "user", parts: [{ text }] },
    ...(stateDelta ? { stateDelta } : {}),
  })) {
    const [part] = event.content?.parts ?? [];
    const response = part?.functionResponse?.response;
    console.log(
      `${event.author} ${response ? JSON.stringify(response) : ""} ${sorted(event.actions.stateDelta)}`,
    );
  }
  const session = await sessionService.getSession({ appName: "memo", userId: "ann", sessionId });
  console.log(`stored ${sorted(session?.state ?? {})}`);
}

await sessionService.createSession({
  appName: "memo",
  userId: "ann",
  sessionId: "a",
  state: { mood: "calm" },
});
await turn("a", "color=red");
await turn("a", "user:name=Ann");
await turn("a", "app:house=3", { mood: "glad" });
await sessionService.createSession({ appName: "memo", userId: "ann", sessionId: "b" });
await turn("b", "color=blue");
