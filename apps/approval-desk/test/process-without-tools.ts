/** In the place of `first-process.ts`: a clerk who can do nothing, and so asks nobody. */
import { App, LlmAgent } from "@adk/core";
import { ANN, ANN_WRITES } from "../src/ann.ts";
import { ClerkLlm } from "../src/clerk-llm.ts";
import { openDesk } from "../src/open-desk.ts";

const [sessions = ""] = process.argv.slice(2);
const rootAgent = new LlmAgent({ name: "clerk", model: new ClerkLlm(), tools: [] });
const runner = await openDesk(new App({ name: "approval-desk", rootAgent }), sessions);
const events = await runner.run({
  ...ANN,
  newMessage: { role: "user", parts: [{ text: ANN_WRITES }] },
});
const asked = events.some(({ longRunningToolIds }) => longRunningToolIds?.length);
process.send?.(asked ? "asked" : "answered");
