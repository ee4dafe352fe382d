// 1,000 runs that end by return, by abort, by a throw and with a tool that hangs: what they leave behind.
import { getEventListeners } from "node:events";
import type { Event } from "@adk/core";
import { KEY, loadAdk, message, report, scripted, text } from "./adk.ts";

const RUNS = 1_000;
const COMPARED = 200;

const adk = await loadAdk();
const hang = new adk.FunctionTool({
  name: "hang",
  description: "Never ends, and does not listen to its signal.",
  execute: () => new Promise(() => {}),
});
const call = { content: { role: "model", parts: [{ functionCall: { name: "hang", args: {} } }] } };
const model = scripted(adk, [[call]]);
const failing = new (class extends adk.BaseLlm {
  // oxlint-disable-next-line require-yield
  override async *generateContentAsync(): AsyncGenerator<never, void, undefined> {
    throw new Error("no model today");
  }
})({ model: "failing" });
const talking = new (class extends adk.BaseLlm {
  override async *generateContentAsync() {
    for (let index = 0; ; index++) yield { ...text(`word${index} `), partial: true };
  }
})({ model: "talking" });

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const sessionService = new adk.InMemorySessionService();
const runnerOf = (agent: InstanceType<typeof adk.LlmAgent>): InstanceType<typeof adk.Runner> =>
  new adk.Runner({ appName: KEY.appName, agent, sessionService, abortGraceMs: 1, logger: silent });
const runners = {
  talking: runnerOf(new adk.LlmAgent({ name: "talking", model: talking })),
  failing: runnerOf(new adk.LlmAgent({ name: "failing", model: failing })),
  hanging: runnerOf(new adk.LlmAgent({ name: "hanging", model, tools: [hang] })),
};

const shared = new AbortController().signal;
const run = (
  who: keyof typeof runners,
  sessionId: string,
  abortSignal: AbortSignal,
): AsyncGenerator<Event> =>
  runners[who].runAsync({
    userId: KEY.userId,
    sessionId,
    newMessage: message("Go."),
    runConfig: { streamingMode: adk.StreamingMode.SSE },
    abortSignal,
  });

const ENDINGS: ((sessionId: string) => Promise<AbortSignal>)[] = [
  async function byReturn(sessionId) {
    for await (const event of run("talking", sessionId, shared)) if (event.partial) break;
    return shared;
  },
  async function byAbort(sessionId) {
    const controller = new AbortController();
    let last: Event | undefined;
    for await (const event of run("talking", sessionId, controller.signal)) {
      last = event;
      if (event.partial) controller.abort();
    }
    if (last?.errorCode !== "INVOCATION_ABORTED") throw new Error("the abort left no event");
    return controller.signal;
  },
  async function byThrow(sessionId) {
    try {
      for await (const event of run("failing", sessionId, shared)) void event;
    } catch {
      return shared;
    }
    throw new Error("the model's error did not arrive");
  },
  async function withHangingTool(sessionId) {
    const controller = new AbortController();
    model.start();
    for await (const event of run("hanging", sessionId, controller.signal))
      if (adk.getFunctionCalls(event).length > 0) setImmediate(() => controller.abort());
    return controller.signal;
  },
];

const settled = async (): Promise<void> => {
  for (let index = 0; index < 5; index++) await new Promise((resolve) => setImmediate(resolve));
  globalThis.gc?.();
  await new Promise((resolve) => setTimeout(resolve, 20));
  globalThis.gc?.();
};
const resources = (): string => process.getActiveResourcesInfo().toSorted().join(" ");

await settled();
const before = resources();
let leases = 0;
let listeners = 0;
let heap = 0;
for (let index = 1; index <= RUNS; index++) {
  const key = { ...KEY, sessionId: `s${index}` };
  await sessionService.createSession(key);
  const signal = await ENDINGS[index % ENDINGS.length]!(key.sessionId);
  listeners += getEventListeners(signal, "abort").length;
  try {
    await (await sessionService.acquireLease({ ...key, owner: "bench", ttlMs: 1_000 })).release();
  } catch {
    leases++;
  }
  await sessionService.deleteSession(key);
  if (index === COMPARED) {
    await settled();
    heap = process.memoryUsage().heapUsed;
  }
}
await settled();
const left = resources();
const grown = process.memoryUsage().heapUsed - heap;
report({ grown, leases, listeners, resources: before === left ? "" : `${before} → ${left}` });
