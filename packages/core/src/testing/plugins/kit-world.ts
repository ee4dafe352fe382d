import { strict as assert } from "node:assert";
import { LlmAgent } from "../../agents/llm-agent.ts";
import type { Content } from "../../content/content.ts";
import type { Event } from "../../events/event.ts";
import type { LlmRequest } from "../../models/llm-request.ts";
import type { BasePlugin } from "../../plugins/base-plugin.ts";
import type { RunAsyncRequest } from "../../runner/run-request.ts";
import { Runner } from "../../runner/runner.ts";
import { BaseSessionService } from "../../sessions/base-session-service.ts";
import { InMemorySessionStore } from "../../sessions/in-memory-session-store.ts";
import { AgentTool } from "../../tools/agent-tool.ts";
import { FunctionTool } from "../../tools/function-tool.ts";
import { ScriptedLlm, type ScriptedAnswer } from "../scripted-llm.ts";

/** How long a case waits for something that must come to its end, in milliseconds. */
const PATIENCE_MS = 5_000;

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * An app whose model decides from what it reads, so that it goes on from any log: a call of a tool, then of an agent, then
 * words. Each process is a runner of its own on one store.
 */
export class KitWorld implements AsyncDisposable {
  /** What the root's model has read, call by call. */
  readonly requests: string[] = [];
  /** How often each tool was called. */
  readonly toolCalls: string[] = [];
  /** What the root's model does instead, when it is set. */
  answer: ((request: LlmRequest, signal?: AbortSignal) => ScriptedAnswer) | undefined;
  /** What the tool does instead, when it is set. */
  work: (() => unknown) | undefined;
  readonly #sessions: BaseSessionService = new BaseSessionService(new InMemorySessionStore());
  readonly #runners: Runner[] = [];

  /** One more process, with these plugins. */
  process(...plugins: BasePlugin[]): Runner {
    const runner = new Runner({
      appName: "kit",
      agent: this.#root(),
      plugins,
      sessionService: this.#sessions,
      autoCreateSession: true,
      resumabilityConfig: { isResumable: true },
      abortGraceMs: 500,
      logger: silent,
    });
    this.#runners.push(runner);
    return runner;
  }

  async log(sessionId: string = "s"): Promise<readonly Event[]> {
    const session = await this.#sessions.getSession({ appName: "kit", userId: "u", sessionId });
    return session?.events ?? [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#runners.map((runner) => runner.close()));
    await this.#sessions[Symbol.asyncDispose]();
  }

  #root(): LlmAgent {
    const helper = new LlmAgent({
      name: "helper",
      description: "Helps.",
      model: new ScriptedLlm({ model: "helper-model", turns: ["helped"], repeat: true }),
    });
    const work = new FunctionTool({
      name: "work",
      description: "Works.",
      parameters: { type: "object" },
      execute: (args: Record<string, unknown>) => {
        this.toolCalls.push(JSON.stringify(args));
        return this.work ? this.work() : { worked: args["on"] };
      },
    });
    const turn = (request: LlmRequest, signal?: AbortSignal): ScriptedAnswer => {
      this.requests.push(JSON.stringify(request.contents));
      return this.answer ? this.answer(request, signal) : nextAnswer(request.contents);
    };
    return new LlmAgent({
      name: "root",
      model: new ScriptedLlm({ model: "root-model", turns: [turn], repeat: true }),
      instruction: "Work, ask for help, and say what came of it.",
      tools: [work, new AgentTool({ agent: helper })],
    });
  }
}

/** A call of the tool, of the helper, and the final words: whichever has not been there since the last message. */
function nextAnswer(contents: readonly Content[]): ScriptedAnswer {
  const start = contents.findLastIndex(
    ({ role, parts }) => role === "user" && !parts?.some((part) => part.functionResponse),
  );
  const answered = contents
    .slice(Math.max(start, 0))
    .flatMap(({ parts = [] }) => parts.flatMap(({ functionResponse }) => functionResponse ?? []))
    .map(({ name }) => name);
  const id = `${contents.length}`;
  if (!answered.includes("work")) return callOf(`work-${id}`, "work", { on: "this" });
  if (!answered.includes("helper")) return callOf(`helper-${id}`, "helper", { request: "help" });
  return FINAL;
}

/** The last words of every run. */
export const FINAL = "It is done, with a little help 👋.";

function callOf(id: string, name: string, args: Record<string, unknown>): ScriptedAnswer {
  return { content: { role: "model", parts: [{ functionCall: { id, name, args } }] } };
}

/** A request of the kit's user. */
export function request(more: Partial<RunAsyncRequest> = {}): RunAsyncRequest {
  const newMessage = { role: "user", parts: [{ text: "Please begin." }] };
  return { userId: "u", sessionId: "s", newMessage, ...more };
}

/** What an event says and does, without what differs from run to run. */
export function saidBy(events: readonly Event[]): unknown[] {
  return events
    .filter(({ toolRecord }) => toolRecord === undefined)
    .map(
      ({ author, content, errorCode, errorMessage, actions, stateRemoved, partial }) =>
        JSON.parse(
          JSON.stringify({
            author,
            content,
            errorCode,
            errorMessage,
            actions,
            stateRemoved,
            partial,
          }),
        ) as unknown,
    );
}

/** The promise's outcome. Fails when it does not come. */
export async function promptly<T>(work: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new assert.AssertionError({ message: `${what} takes longer than ${PATIENCE_MS} ms` }),
        ),
      PATIENCE_MS,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
