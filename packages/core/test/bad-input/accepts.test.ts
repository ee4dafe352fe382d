import { describe, expect, it } from "vitest";
import {
  type AdkErrorCode,
  type BaseAgent,
  type Content,
  type Event,
  LlmAgent,
  type LlmResponse,
  LongRunningFunctionTool,
  type RunAsyncRequest,
  type Runner,
  SequentialAgent,
} from "../../src/index.ts";
import { ScriptedLlm } from "../../src/testing/index.ts";
import { refused } from "./refused.ts";
import { HI, KEY, silent, World } from "./world.ts";

const { userId, sessionId } = KEY;

function call(id: string): LlmResponse {
  return { content: { parts: [{ functionCall: { id, name: "ask", args: {} } }] } };
}

function answer(...ids: (string | undefined)[]): Content {
  return {
    parts: ids.map((id) => ({
      functionResponse: { ...(id === undefined ? {} : { id }), name: "ask", response: { ok: 1 } },
    })),
  };
}

/** An agent that asks twice, each time in an invocation of its own, and then says `pong`. */
function asking(name: string): LlmAgent {
  return new LlmAgent({
    name,
    model: new ScriptedLlm({ turns: [call("c1"), call("c2"), "pong", "pong", "pong"] }),
    tools: [
      new LongRunningFunctionTool({ name: "ask", description: "Asks.", execute: () => null }),
    ],
  });
}

const ROOTS: Readonly<Record<string, () => BaseAgent>> = {
  "an LLM agent": () => asking("root"),
  "a sequence": () => new SequentialAgent({ name: "root", subAgents: [asking("inner")] }),
};

interface Prepared {
  readonly world: World;
  readonly runner: Runner;
  /** Invocations `e-1` and `e-2` wait for `c1` and `c2`. */
  readonly before: readonly Event[];
  readonly warnings: string[];
}

async function prepare(root: () => BaseAgent): Promise<Prepared> {
  const world = await World.create();
  const warnings: string[] = [];
  const logger = { ...silent, warn: (message: string) => void warnings.push(message) };
  const runner = world.runnerOf(root(), { logger });
  for (const invocationId of ["e-1", "e-2"])
    await runner.run({ userId, sessionId, invocationId, newMessage: message(invocationId) });
  return { world, runner, before: await world.events(), warnings };
}

function message(text: string): Content {
  return { role: "user", parts: [{ text }] };
}

type Request = Partial<RunAsyncRequest>;

const REFUSED: readonly [what: string, request: Request, code: AdkErrorCode, says: string][] = [
  ["nothing at all", {}, "INVALID_ARGUMENT", "`invocationId` of an invocation"],
  [
    "an unknown invocation without a message",
    { invocationId: "e-9" },
    "INVOCATION_NOT_FOUND",
    "Check the id",
  ],
  [
    "a known invocation without a message",
    { invocationId: "e-1" },
    "FAILED_PRECONDITION",
    "Send its message again",
  ],
  [
    "another message of an invocation that has one",
    { invocationId: "e-1", newMessage: HI },
    "INVALID_ARGUMENT",
    "leave `invocationId` out",
  ],
  ["parts that are none", { newMessage: { parts: [] } }, "INVALID_ARGUMENT", "is empty"],
  ["no parts", { newMessage: { role: "user" } }, "INVALID_ARGUMENT", "is empty"],
  ["an empty text", { newMessage: message("") }, "INVALID_ARGUMENT", "is empty"],
  [
    "a call",
    { newMessage: { parts: [{ functionCall: { name: "ask" } }] } },
    "INVALID_ARGUMENT",
    "contains function calls",
  ],
  [
    "a call beside an answer",
    { newMessage: { parts: [...(answer("c1").parts ?? []), { functionCall: { name: "ask" } }] } },
    "INVALID_ARGUMENT",
    "contains function calls",
  ],
  [
    "a text beside an answer",
    { newMessage: { parts: [...(answer("c1").parts ?? []), { text: "and" }] } },
    "INVALID_ARGUMENT",
    "in a run of its own",
  ],
  ["an answer to an unknown call", { newMessage: answer("c9") }, "CALL_NOT_FOUND", "c9"],
  [
    "an answer beside one to an unknown call",
    { newMessage: answer("c1", "c9") },
    "CALL_NOT_FOUND",
    "c9",
  ],
  ["an answer without id", { newMessage: answer(undefined) }, "INVALID_ARGUMENT", "without `id`"],
  ["an answer with an empty id", { newMessage: answer("") }, "INVALID_ARGUMENT", "without `id`"],
  [
    "an answer without id beside one with",
    { newMessage: answer("c1", undefined) },
    "INVALID_ARGUMENT",
    "without `id`",
  ],
  [
    "answers of two invocations",
    { newMessage: answer("c1", "c2") },
    "INVALID_ARGUMENT",
    "Answer each invocation in a run of its own",
  ],
];

describe.each(Object.entries(ROOTS))("with %s as root, a run", (_root, root) => {
  it.each(REFUSED)("refuses %s, and nothing is written", async (_what, request, code, says) => {
    const { world, runner, before } = await prepare(root);
    await refused(() => runner.run({ userId, sessionId, ...request }), code, says);
    expect(await world.events()).toEqual(before);
    await world.ping();
  });

  it("takes a message under an unknown id, which it opens", async () => {
    const { world, runner, before } = await prepare(root);
    await runner.run({ userId, sessionId, invocationId: "e-9", newMessage: HI });
    const after = (await world.events()).slice(before.length);
    expect(after.map(({ author, invocationId }) => [author, invocationId])).toEqual([
      ["user", "e-9"],
      [expect.stringMatching(/root|inner/), "e-9"],
    ]);
  });

  it("takes an equal message under the same id as a retry: it is stored once", async () => {
    const { world, runner, before } = await prepare(root);
    await runner.run({ userId, sessionId, invocationId: "e-1", newMessage: message("e-1") });
    const after = (await world.events()).slice(before.length);
    expect(after.map(({ author }) => author)).not.toContain("user");
    expect(after.at(-1)?.content?.parts?.[0]?.text).toBe("pong");
  });

  it("makes every message the user's, and leaves the caller's object alone", async () => {
    const { world, runner, before } = await prepare(root);
    const given: Content = Object.freeze({ role: "model", parts: [{ text: "hi" }] });
    await runner.run({ userId, sessionId, newMessage: given });
    expect((await world.events())[before.length]?.content?.role).toBe("user");
    expect(given.role).toBe("model");
  });

  it("puts an answer into the invocation of its call, whatever id is given, and warns", async () => {
    const { world, runner, before, warnings } = await prepare(root);
    await runner.run({ userId, sessionId, invocationId: "e-2", newMessage: answer("c1") });
    const after = (await world.events()).slice(before.length);
    expect(after.map(({ invocationId }) => invocationId)).toEqual(["e-1", "e-1"]);
    expect(warnings).toEqual([
      "The answer belongs to invocation e-1; the given one, e-2, does not count.",
    ]);
  });

  it("does not store an equal answer under the same id again", async () => {
    const { world, runner } = await prepare(root);
    const request = { userId, sessionId, invocationId: "e-1", newMessage: answer("c1") };
    await runner.run(request);
    const before = await world.events();
    await runner.run(request);
    const after = (await world.events()).slice(before.length);
    expect(after.map(({ author }) => author)).not.toContain("user");
  });
});
