import { strict as assert } from "node:assert";
import {
  type BaseAgent,
  BasePlugin,
  type Event,
  isFinalResponse,
  type RunAsyncRequest,
  type RunnerConfig,
} from "../../src/index.ts";
import { failure } from "./refused.ts";
import { HI, KEY, type World } from "./world.ts";

/** Writes down which of the hooks at the end of a run were called, and what for. */
class Witness extends BasePlugin {
  readonly seen: string[] = [];

  override async onEventCallback({ event }: { event: Event }): Promise<undefined> {
    if (event.errorCode !== undefined) this.seen.push(`onEvent ${event.errorCode}`);
  }
  override async onAgentErrorCallback({ agent }: { agent: BaseAgent }): Promise<void> {
    this.seen.push(`onAgentError ${agent.name}`);
  }
  override async onRunErrorCallback(): Promise<void> {
    this.seen.push("onRunError");
  }
  override async afterRunCallback(): Promise<void> {
    this.seen.push("afterRun");
  }
}

export interface FailingRun {
  /** What the caller's loop threw; `undefined` when it ended normally. */
  readonly error: unknown;
  /** What was stored by this run, the user's message included. */
  readonly stored: readonly Event[];
  /** What was yielded. */
  readonly yielded: readonly Event[];
  /** Hooks at the end, in order. */
  readonly seen: readonly string[];
}

/** Runs `hi` on the world's session and tells what came of it. */
export async function runOf(
  world: World,
  agent: BaseAgent,
  config: Partial<RunnerConfig> = {},
  request: Partial<RunAsyncRequest> = {},
): Promise<FailingRun> {
  const witness = new Witness("witness");
  const before = (await world.events()).length;
  await using runner = world.runnerOf(agent, {
    ...config,
    plugins: [witness, ...(config.plugins ?? [])],
  });
  const yielded: Event[] = [];
  const { userId, sessionId } = KEY;
  const error = await failure(async () => {
    for await (const event of runner.runAsync({ userId, sessionId, newMessage: HI, ...request }))
      yielded.push(event);
  });
  return { error, yielded, stored: (await world.events()).slice(before), seen: witness.seen };
}

/**
 * A run error: after the user's message, with its event, the hooks in their order, and the session is usable afterwards.
 *
 * @param author the agent that failed.
 */
export async function expectRunError(
  world: World,
  { stored, yielded, seen, error }: FailingRun,
  code: string,
  author: string = "root",
): Promise<void> {
  assert.equal(stored[0]?.author, "user");
  const last = stored.at(-1);
  assert.deepEqual([last?.author, last?.errorCode, last?.content], [author, code, undefined]);
  assert.equal(last?.errorMessage, error instanceof Error ? error.message : String(error));
  assert.ok(isFinalResponse(last));
  assert.deepEqual(yielded.at(-1), last);
  assert.deepEqual(seen.slice(-2), [`onEvent ${code}`, "onRunError"]);
  await expectUsable(world);
}

/** Nobody holds the session, no run is open on it, and an ordinary turn works. */
export async function expectUsable(world: World): Promise<void> {
  const { appName } = KEY;
  assert.deepEqual((await world.sessions.listInterrupted({ appName })).sessions, []);
  await world.ping();
}
