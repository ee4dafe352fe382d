import { type BaseLlm, LlmAgent } from "@adk/core";
import { calculate } from "./tools/calculate.ts";
import { createCurrentTime } from "./tools/current-time.ts";
import { listFiles, readFile, writeFile } from "./tools/files.ts";
import { forget, recall, remember } from "./tools/notes.ts";

export interface AssistantOptions {
  readonly model: string | BaseLlm;
  /** Milliseconds since the Unix epoch. @defaultValue `Date.now` */
  readonly now?: (() => number) | undefined;
}

/** The agent of this app, with the librarian below it. */
export function createAssistant({ model, now = Date.now }: AssistantOptions): LlmAgent {
  const librarian = new LlmAgent({
    name: "librarian",
    description:
      "Puts what is known about the user into a file, and finds out which files mention something.",
    instruction:
      "You look after the user's notes and files. Read before you answer, say only what your tools told you, and be brief.",
    tools: [recall, listFiles, readFile, writeFile],
  });
  return new LlmAgent({
    name: "assistant",
    description: "Answers, computes, tells the time, remembers, and reads and writes files.",
    model,
    instruction:
      "You are a helpful assistant in a terminal: answer briefly and in plain text. Compute with `calculate`, never yourself. When the user tells something about themselves, `remember` it; when they ask about themselves, `recall` first.",
    tools: [
      calculate,
      createCurrentTime(now),
      remember,
      recall,
      forget,
      writeFile,
      readFile,
      listFiles,
    ],
    subAgents: [librarian],
  });
}
