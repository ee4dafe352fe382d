import { inspect } from "node:util";
import {
  AgentTool,
  type BasePlugin,
  type Event,
  getFunctionCalls,
  LlmAgent,
  LlmEventSummarizer,
  type LlmResponse,
  type Logger,
  type Part,
} from "@adk/core";
import { ScriptedLlm, type ScriptedRequest, type ScriptedTurn } from "@adk/core/testing";
import { expect } from "vitest";
import { calls, SSE, tool, type World } from "./world.ts";

/** One for each path into the log. */
export const PATHS = [
  "message",
  "messageFile",
  "stateOfRequest",
  "metadata",
  "thought",
  "answer",
  "codeOutput",
  "argument",
  "nestedArgument",
  "nameOfArgument",
  "toolState",
  "toolResult",
  "nameInResult",
  "toolError",
  "agentToolArgument",
  "agentToolAnswer",
  "agentToolState",
  "summary",
  "confirmation",
  "runError",
] as const;

type SecretOf = Record<(typeof PATHS)[number], string>;

export const SECRETS = Object.fromEntries(
  PATHS.map((path, index) => [path, `sk-${path}-${String(index * 7_919 + 1_000_003)}`]),
) as SecretOf;

export function says(...parts: Part[]): LlmResponse {
  return { content: { role: "model", parts } };
}

/** The paths whose secrets stand in the text. */
export function found(text: string): string[] {
  return PATHS.filter((path) => text.includes(SECRETS[path]));
}

export interface Story {
  /** What the tools got. */
  readonly real: readonly unknown[];
  /** What the caller saw. */
  readonly seen: readonly Event[];
  /** What the model and the summarizer were asked. */
  readonly asked: readonly ScriptedRequest[];
  readonly logged: readonly string[];
}

/** Runs in which a secret goes every way there is into the log. @param redact what the runner's logger is given to. */
export async function secretsEverywhere(
  w: World,
  plugins: BasePlugin[],
  redact?: (logger: Logger) => Logger,
): Promise<Story> {
  const real: unknown[] = [];
  const keep = tool("keep", (args, context) => {
    real.push(args);
    context.state.set("kept", SECRETS.toolState);
    context.state.set("user:kept", SECRETS.toolState);
    return { [SECRETS.nameInResult]: { deep: [SECRETS.toolResult] } };
  });
  const fail = tool("fail", () => Promise.reject(new Error(`no ${SECRETS.toolError}`)));
  const confirm = tool(
    "confirm",
    (_, context) => {
      real.push(context.toolConfirmation?.payload);
      return "done";
    },
    { requireConfirmation: true },
  );
  const expert = new LlmAgent({
    name: "expert",
    model: new ScriptedLlm({ turns: [says({ text: `known: ${SECRETS.agentToolAnswer}` })] }),
    beforeAgentCallback: (context) => {
      real.push(context.userContent?.parts?.[0]?.text);
      context.state.set("learnt", SECRETS.agentToolState);
      return undefined;
    },
  });
  const turns: ScriptedTurn[] = [
    calls(
      [
        "keep",
        "c1",
        {
          a: SECRETS.argument,
          b: [{ c: SECRETS.nestedArgument }],
          [SECRETS.nameOfArgument]: 1,
        },
      ],
      ["fail", "c2"],
      ["expert", "c3", { request: SECRETS.agentToolArgument }],
    ),
    says(
      { text: `hm ${SECRETS.thought}`, thought: true },
      { codeExecutionResult: { output: SECRETS.codeOutput } },
      { text: `so: ${SECRETS.answer}` },
    ),
    calls(["confirm", "c4"]),
    says({ text: "confirmed" }),
    new Error(`out of ${SECRETS.runError}`),
  ];
  const model = new ScriptedLlm({ turns });
  const root = new LlmAgent({
    name: "root",
    model,
    tools: [keep, fail, confirm, new AgentTool({ agent: expert })],
  });
  const summing = new ScriptedLlm({
    // What goes wrong is logged.
    turns: [new Error(`no ${SECRETS.message}`), ...Array(3).fill(says({ text: SECRETS.summary }))],
  });
  const eventsCompactionConfig = {
    compactionInterval: 1,
    overlapSize: 0,
    summarizer: new LlmEventSummarizer({ llm: summing }),
  };
  const logged: string[] = [];
  const note = (...message: unknown[]): void => void logged.push(inspect(message));
  const logger: Logger = { debug: note, info: note, warn: note, error: note };
  const { say } = await w.process({
    root,
    plugins,
    eventsCompactionConfig,
    logger: redact ? redact(logger) : logger,
  });
  const file = Buffer.from(`password: ${SECRETS.messageFile}`).toString("base64");
  const message = {
    role: "user",
    parts: [
      { text: `I am ${SECRETS.message}` },
      { inlineData: { mimeType: "text/plain", data: file } },
    ],
  };
  const seen: Event[] = await say(message, {
    ...SSE,
    stateDelta: { note: SECRETS.stateOfRequest },
    customMetadata: { from: SECRETS.metadata },
    yieldUserMessage: true,
  });
  const asking = await say("and now?");
  seen.push(...asking);
  const asked = asking.flatMap(getFunctionCalls).at(-1);
  const confirmation = { confirmed: true, payload: SECRETS.confirmation };
  const functionResponse = {
    id: asked?.id ?? "",
    name: asked?.name ?? "",
    response: confirmation,
  };
  seen.push(...(await say({ role: "user", parts: [{ functionResponse }] })));
  await expect(say("once more")).rejects.toThrow(SECRETS.runError);

  return { real, seen, asked: [...model.requests, ...summing.requests], logged };
}
