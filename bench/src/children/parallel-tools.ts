// Milliseconds a turn takes whose model asks for eight tools of 100 ms in one answer.
import { setTimeout as delay } from "node:timers/promises";
import { median } from "../numbers.ts";
import { KEY, loadAdk, message, report, scripted, text } from "./adk.ts";

const adk = await loadAdk();
const calls = Array.from({ length: 8 }, () => ({ functionCall: { name: "wait", args: {} } }));
const model = scripted(adk, [[{ content: { role: "model", parts: calls } }], [text("Done.")]]);
const wait = new adk.FunctionTool({
  name: "wait",
  description: "Waits.",
  execute: async () => {
    await delay(100);
    return { waited: true };
  },
});
const agent = new adk.LlmAgent({ name: "agent", model, tools: [wait] });
const runner = new adk.InMemoryRunner({ agent, appName: KEY.appName });

const taken: number[] = [];
for (let index = 0; index < 6; index++) {
  const { id } = await runner.sessionService.createSession(KEY);
  model.start();
  const started = performance.now();
  for await (const event of runner.runAsync({
    userId: KEY.userId,
    sessionId: id,
    newMessage: message("Go."),
  }))
    void event;
  if (index > 0) taken.push(performance.now() - started);
}
report({ ms: median(taken) });
