import { App, LlmAgent, type LlmResponse, ParallelAgent, Runner } from "@adk/core";
import { SqliteSessionService } from "@adk/sessions-sqlite";
import { BudgetPlugin } from "../../src/budget/index.ts";
import { MeteredLlm, used } from "./metered-llm.ts";
import { calls, tool } from "./world.ts";

/** The process that is killed: two branches that call their models again and again; it tells its parent of each call. */
const [path = ""] = process.argv.slice(2);

function branch(name: string): LlmAgent {
  let call = 0;
  const answer = async (): Promise<LlmResponse> => {
    process.send?.("asked");
    return { ...calls(["look", `${name}-${++call}`]), ...used(10, 10) };
  };
  const look = tool("look", () => ({ found: call }));
  return new LlmAgent({ name, model: new MeteredLlm("m", [{ answer }]), tools: [look] });
}

await using sessionService = await SqliteSessionService.connect({ path });
const rootAgent = new ParallelAgent({ name: "root", subAgents: [branch("a"), branch("b")] });
const plugins = [new BudgetPlugin({ session: { maxCalls: 100_000 }, estimateTokens: () => 10 })];
const app = new App({ name: "app", rootAgent, plugins, resumabilityConfig: { isResumable: true } });
await using runner = new Runner({ app, sessionService });
const newMessage = { role: "user", parts: [{ text: "go" }] };
const runConfig = { maxLlmCalls: 0 };
for await (const _ of runner.runAsync({ userId: "u", sessionId: "s", newMessage, runConfig }));
