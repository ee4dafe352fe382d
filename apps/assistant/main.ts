/** A chat in the terminal; README.md and `--help` say what it does. */
import { AdkError, App, createArtifactService, createSessionService, Runner } from "@adk/core";
import { constants } from "node:os";
import { createInterface } from "node:readline";
import { styleText } from "node:util";
import { createAssistant } from "./src/assistant.ts";
import { Chat } from "./src/chat.ts";
import { chooseModel } from "./src/choose-model.ts";
import { describeError } from "./src/describe-error.ts";
import { JsonView } from "./src/json-view.ts";
import { HELP, type Options, readOptions } from "./src/options.ts";
import { TextView } from "./src/text-view.ts";
import { ToolWatch } from "./src/tool-watch.ts";
import type { View } from "./src/view.ts";

const { stdin, stdout, stderr } = process;

/** Where conversations are kept, in the folder that the program is started in. */
const FILE = ".adk/assistant.db";
/** Where the files are kept that the agent writes, beside them. */
const FOLDER = ".adk/artifacts";

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!AdkError.isInstance(error)) throw error;
  const isUsage = ["INVALID_ARGUMENT", "MISCONFIGURED", "MODEL_NOT_FOUND"].includes(error.code);
  stderr.write(`${isUsage ? error.message : describeError(error)}\n`);
  process.exitCode = isUsage ? 2 : 1;
}

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options.help) {
    stdout.write(HELP);
    return 0;
  }
  const { model, about } = chooseModel(options.model);
  const agent = createAssistant({ model });
  await using sessionService = await createSessionService(`sqlite:${FILE}`, {
    from: import.meta.url,
  });
  const key = { appName: "assistant", userId: options.user, sessionId: options.session };
  const { lastSequence } = await sessionService.getOrCreateSession(key);
  await using artifactService = await createArtifactService(`file:${FOLDER}`, {
    from: import.meta.url,
  });

  // From here to chat.run() nothing is awaited: lines that come in between would be lost.
  const isTerminal = stdin.isTTY && stdout.isTTY && !options.json;
  const lines = createInterface({
    input: stdin,
    terminal: isTerminal,
    ...(isTerminal && { output: stdout, prompt: "> " }),
  });
  const view = createView(options, agent.name, isTerminal ? () => lines.prompt() : undefined);
  const app = new App({
    name: key.appName,
    rootAgent: agent,
    plugins: [new ToolWatch((notice) => view.tool(notice))],
  });
  const runner = new Runner({ app, sessionService, artifactService, abortGraceMs: 1_000 });
  const chat = new Chat({ runner, ...key, view, stopReading: () => lines.close() });

  view.notice(`Model: ${about}.`);
  view.notice(
    `Conversation: ${key.sessionId} of ${key.userId}, ${lastSequence === 0 ? "a new one" : `goes on after ${lastSequence} events`}, kept in ${FILE}. Files are kept in ${FOLDER}.`,
  );
  let exitCode = 0;
  const interrupt = (): void => {
    const leaves = chat.interrupt() === "leaves";
    // At a prompt it is the way out; elsewhere lines may be left unanswered.
    if (leaves && !isTerminal) exitCode = 128 + constants.signals.SIGINT;
  };
  lines.on("SIGINT", interrupt);
  process.on("SIGINT", interrupt);
  for (const signal of ["SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => {
      exitCode = 128 + constants.signals[signal];
      chat.leave();
    });
  // Whoever reads our output may leave before its end.
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    chat.leave();
  });
  const failures = await chat.run(lines);
  // What ignored its signal must not keep the user here.
  if (chat.isLeaving) setTimeout(() => process.exit(), 1_000).unref();
  return exitCode || Math.min(failures, 1);
}

function createView({ json }: Options, mainAgent: string, prompt: (() => void) | undefined): View {
  const write = (text: string): void => void stdout.write(text);
  if (json) return new JsonView(write, (text) => void stderr.write(text));
  return new TextView({
    write,
    mainAgent,
    prompt,
    dim: (text) => styleText("dim", text, { stream: stdout }),
  });
}
