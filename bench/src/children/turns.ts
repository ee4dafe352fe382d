// Milliseconds a turn takes, by kind of turn and number of events that are stored before it (p50).
import { z } from "zod";
import { median } from "../numbers.ts";
import { filled, KEY, loadAdk, message, report, scripted, text } from "./adk.ts";

/**
 * How many sessions of each size, and how many turns in each are counted: in an empty session the first, in others those
 * after it.
 */
const PLAN = [
  { size: 0, sessions: 300, turns: 0 },
  { size: 100, sessions: 20, turns: 10 },
  { size: 1_000, sessions: 4, turns: 60 },
  { size: 5_000, sessions: 3, turns: 60 },
];
/** Turns until everything is compiled, in sessions with and without events; and some after each collection. */
const WARM_UP = 10_000;
const WARM_AGAIN = 200;
/** Turns that take long are counted less often. */
const ENOUGH_MS = 300;
const AT_LEAST = 5;

const chunks = Array.from({ length: 50 }, (_, index) => `word${index} `);
const call = { functionCall: { name: "add", args: { a: 1, b: 2 } } };
const KINDS = [
  { kind: "plain", events: 1, answers: [[text("Here you are.")]] },
  {
    kind: "tool",
    events: 3,
    answers: [[{ content: { role: "model", parts: [call] } }], [text("It is three.")]],
  },
  {
    kind: "stream",
    events: 51,
    answers: [
      [...chunks.map((chunk) => ({ ...text(chunk), partial: true })), text(chunks.join(""))],
    ],
  },
];

const adk = await loadAdk();
const add = new adk.FunctionTool({
  name: "add",
  description: "Adds two numbers.",
  parameters: z.object({ a: z.number(), b: z.number() }),
  execute: ({ a, b }) => ({ sum: a + b }),
});

const result: Record<string, number> = {};
for (const { kind, events, answers } of KINDS) {
  const model = scripted(adk, answers);
  const agent = new adk.LlmAgent({ name: "agent", model, tools: [add] });
  const runner = new adk.InMemoryRunner({ agent, appName: KEY.appName });
  const { sessionService } = runner;
  const { NONE, SSE } = adk.StreamingMode;
  const runConfig = { streamingMode: kind === "stream" ? SSE : NONE };

  const turn = async (sessionId: string): Promise<number> => {
    model.start();
    let seen = 0;
    const started = performance.now();
    const request = { userId: KEY.userId, sessionId, newMessage: message("Go on."), runConfig };
    for await (const event of runner.runAsync(request)) if (event.author === "agent") seen++;
    const took = performance.now() - started;
    if (seen !== events) throw new Error(`A ${kind} turn of ${seen} events instead of ${events}.`);
    return took;
  };

  const inEmptySessions = async (count: number): Promise<number[]> => {
    const taken: number[] = [];
    for (let index = 0; index < count; index++) {
      const { id } = await sessionService.createSession(KEY);
      taken.push(await turn(id));
      await sessionService.deleteSession({ ...KEY, sessionId: id });
    }
    return taken;
  };

  for (let index = 0; index < WARM_UP; index++) {
    const { id } = await filled(adk, sessionService, index % 4);
    await turn(id);
    await sessionService.deleteSession({ ...KEY, sessionId: id });
  }
  for (const { size, sessions, turns } of PLAN) {
    if (size === 0) {
      await inEmptySessions(WARM_AGAIN);
      result[`${kind} 0`] = median(await inEmptySessions(sessions));
      continue;
    }
    const first: number[] = [];
    const taken: number[] = [];
    for (let index = 0; index < sessions; index++) {
      const { id } = await filled(adk, sessionService, size);
      await inEmptySessions(WARM_AGAIN);
      first.push(await turn(id));
      const started = performance.now();
      const goesOn = (count: number): boolean =>
        count < AT_LEAST || performance.now() - started < ENOUGH_MS;
      for (let count = 0; count < turns && goesOn(count); count++) taken.push(await turn(id));
      await sessionService.deleteSession({ ...KEY, sessionId: id });
    }
    result[`${kind} ${size}`] = median(taken);
    result[`${kind} first ${size}`] = median(first);
  }
}
report(result);
