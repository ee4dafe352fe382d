import { describe, expect, it } from "vitest";
import { AgentTool, App, type Runner } from "../../src/index.ts";
import {
  agent,
  calls,
  collect,
  engine,
  type Engine,
  fired,
  KEY,
  settle,
  told,
  tool,
} from "./support.ts";

/** A root whose tool is an agent, whose tool waits for the run's end the first time. */
async function running(): Promise<{
  e: Engine;
  stopped: Promise<unknown>;
  leave(): Promise<void>;
}> {
  let isFirst = true;
  const slow = tool("slow", async (_args, { abortSignal }) => {
    if (!isFirst) return { done: true };
    isFirst = false;
    await fired(abortSignal);
    throw new Error("stopped");
  });
  const helper = agent("helper", [calls(["slow"]), "helped"], { tools: [slow] });
  const rootAgent = agent("root", [calls(["helper", { request: "please" }]), "ended"], {
    tools: [new AgentTool({ agent: helper })],
  });
  const app = new App({ name: KEY.appName, rootAgent, resumabilityConfig: { isResumable: true } });
  const e = await engine({ app });
  const stream = e.stream("hi", { invocationId: "inv" });
  await stream.next();
  const stopped = collect(stream).catch((error: unknown) => error);
  await settle();
  return { e, stopped, leave: async () => void (await stream.return()) };
}

async function resumed(e: Engine, runner: Runner = e.another()): Promise<string[]> {
  const { userId, sessionId } = KEY;
  return told(await collect(runner.runAsync({ userId, sessionId, invocationId: "inv" })));
}

/** The tool runs again, the model goes on, the agent has ended. */
const GOES_ON = ['root: helper → {"result":"helped"}', "root: ended", "root: "];

const codes = async (e: Engine): Promise<unknown[]> =>
  (await e.log()).flatMap(({ errorCode, toolRecord }) => [errorCode, toolRecord?.event?.errorCode]);

describe("the run of an agent tool stops for its caller's reason", () => {
  it("and goes on later when the runner was closed", async () => {
    const { e, stopped } = await running();
    await e.runner.close();
    await stopped;
    expect(await codes(e)).not.toContain("INVOCATION_ABORTED");
    expect(await resumed(e)).toEqual(GOES_ON);
  });

  it("and goes on later when its caller left", async () => {
    const { e, stopped, leave } = await running();
    await Promise.all([leave(), stopped]);
    expect(await codes(e)).not.toContain("INVOCATION_ABORTED");
    expect(await resumed(e)).toEqual(GOES_ON);
  });

  it("and goes on later when the lease was lost, though the store would still take what it writes", async () => {
    const { e, stopped } = await running();
    e.faults.refuse("lease", 1_000);
    await e.clock.advance(15_000);
    expect(await stopped).toMatchObject({ code: "SESSION_FENCED" });
    e.faults.heal();
    expect(await codes(e)).not.toContain("INVOCATION_ABORTED");
    expect(await resumed(e)).toEqual(GOES_ON);
  });

  it("and is sealed when the invocation is cancelled", async () => {
    const { e, stopped } = await running();
    await e.sessions.requestCancel({ ...KEY, invocationId: "inv" });
    await stopped;
    expect(await codes(e)).toContain("INVOCATION_ABORTED");
    expect(await resumed(e)).toEqual([]);
  });
});
