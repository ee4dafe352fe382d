// Milliseconds that a turn takes in a session that has a long past: one that is resumed, and one that is summed up (p50).
import type { App, Event, Runner } from "@adk/core";
import { median } from "../numbers.ts";
import { filled, KEY, loadAdk, message, report, scripted, text } from "./adk.ts";

const WARM_UP = 2_000;
const PAUSES = [
  { size: 0, turns: 400 },
  { size: 5_000, turns: 400 },
];
const SUMMED_UP = [
  { size: 500, turns: 400 },
  { size: 50_000, turns: 400 },
];

const adk = await loadAdk();
const result: Record<string, number> = {};

function runnerOf(app: App): Runner {
  return new adk.Runner({ app, sessionService: new adk.InMemorySessionService() });
}

async function last(stream: AsyncIterable<Event>): Promise<Event | undefined> {
  let event: Event | undefined;
  for await (event of stream);
  return event;
}

{
  const call = { functionCall: { id: "", name: "ask", args: {} } };
  const ask = new adk.LongRunningFunctionTool({
    name: "ask",
    description: "Asks a person.",
    execute: () => undefined,
  });
  const model = scripted(adk, [
    [{ content: { role: "model", parts: [call] } }],
    [text("Thank you.")],
  ]);
  const rootAgent = new adk.LlmAgent({ name: "agent", model, tools: [ask] });
  const resumabilityConfig = { isResumable: true };
  const runner = runnerOf(new adk.App({ name: KEY.appName, rootAgent, resumabilityConfig }));
  let calls = 0;

  /** A run that pauses, and the run that goes on with the answer, which is measured. */
  const resumed = async (sessionId: string): Promise<number> => {
    call.functionCall.id = `call-${++calls}`;
    model.start();
    const key = { userId: KEY.userId, sessionId };
    await last(runner.runAsync({ ...key, newMessage: message("Go on.") }));
    const { id, name } = call.functionCall;
    const parts = [{ functionResponse: { id, name, response: { said: "yes" } } }];
    const started = performance.now();
    const stream = runner.runAsync({ ...key, newMessage: { role: "user", parts } });
    let said = "";
    for await (const event of stream) said += event.content?.parts?.[0]?.text ?? "";
    const took = performance.now() - started;
    if (said !== "Thank you.") throw new Error(`A resumed turn that says ${JSON.stringify(said)}.`);
    return took;
  };

  const { sessionService } = runner;
  const turnsIn = async (size: number, count: number): Promise<number[]> => {
    const taken: number[] = [];
    // The first run of a session loads it; a session of its own for each turn keeps an empty one empty.
    if (size > 0) {
      const { id } = await filled(adk, sessionService, size);
      await resumed(id);
      for (let turn = 0; turn < count; turn++) taken.push(await resumed(id));
      await sessionService.deleteSession({ ...KEY, sessionId: id });
    } else
      for (let turn = 0; turn < count; turn++) {
        const { id } = await sessionService.createSession(KEY);
        taken.push(await resumed(id));
        await sessionService.deleteSession({ ...KEY, sessionId: id });
      }
    return taken;
  };
  await turnsIn(0, WARM_UP);
  await turnsIn(10, WARM_UP);
  for (const { size, turns } of PAUSES)
    result[`resumed ${size}`] = median(await turnsIn(size, turns));
}

{
  const model = scripted(adk, [
    [
      {
        ...text("Here you are."),
        // More than the threshold in every turn of a long session, as a model would report it.
        usageMetadata: { promptTokenCount: 1_000 },
      },
    ],
  ]);
  class Summarizer extends adk.BaseEventsSummarizer {
    override maybeSummarizeEvents({ events }: { events: Event[] }): Promise<Event> {
      const [first, newest] = [events[0]!, events.at(-1)!];
      const compactedContent = { role: "model", parts: [{ text: "What was said before." }] };
      const compaction = {
        startTimestamp: first.timestamp,
        endTimestamp: newest.timestamp,
        compactedContent,
      };
      return Promise.resolve(adk.createEvent({ author: "user", actions: { compaction } }));
    }
  }
  const eventsCompactionConfig = {
    summarizer: new Summarizer(),
    tokenThreshold: 900,
    eventRetentionSize: 100,
  };
  const rootAgent = new adk.LlmAgent({ name: "agent", model });
  const runner = runnerOf(new adk.App({ name: KEY.appName, rootAgent, eventsCompactionConfig }));
  const { sessionService } = runner;
  const turn = async (sessionId: string): Promise<number> => {
    model.start();
    const started = performance.now();
    const newMessage = message("Go on.");
    await last(runner.runAsync({ userId: KEY.userId, sessionId, newMessage }));
    return performance.now() - started;
  };
  const turnsIn = async (size: number, count: number): Promise<number[]> => {
    const { id } = await filled(adk, sessionService, size);
    for (let index = 0; index < 5; index++) await turn(id);
    const taken: number[] = [];
    for (let index = 0; index < count; index++) taken.push(await turn(id));
    await sessionService.deleteSession({ ...KEY, sessionId: id });
    return taken;
  };
  await turnsIn(500, WARM_UP);
  for (const { size, turns } of SUMMED_UP)
    result[`summed up ${size}`] = median(await turnsIn(size, turns));
}
report(result);
