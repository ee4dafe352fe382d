import type { RunConfig } from "../context/run-config.ts";
import { AdkError } from "../errors.ts";
import type { Event } from "../events/event.ts";
import { checkOptions, describe } from "../internal/check-options.ts";
import { checkRunRequest, type RunAsyncRequest, RUN_REQUEST_OPTIONS } from "./run-request.ts";
import type { Runner } from "./runner.ts";

/** ADK's. */
const DEFAULT_USER_ID = "debug_user_id";
const DEFAULT_SESSION_ID = "debug_session_id";
const MAX_ARGS = 50;
const MAX_RESULT = 100;

/** Who talks where, and what is printed. */
export interface RunDebugOptions {
  /** @defaultValue "debug_user_id" */
  userId?: string | undefined;
  /** The same id goes on with the same session. @defaultValue "debug_session_id" */
  sessionId?: string | undefined;
  runConfig?: RunConfig | undefined;
  /** Prints nothing. @defaultValue false */
  quiet?: boolean | undefined;
  /** Prints calls and results of tools too, cut short. @defaultValue false */
  verbose?: boolean | undefined;
  /** Where the lines go. @defaultValue `console.log` */
  print?: ((line: string) => void) | undefined;
}

/** @throws AdkError `INVALID_ARGUMENT`, and as `Runner.runAsync`. */
export async function runDebug(
  runner: Runner,
  messages: string | readonly string[],
  options: RunDebugOptions,
): Promise<Event[]> {
  const { userId: id, sessionId: sid, runConfig: config } = RUN_REQUEST_OPTIONS;
  checkOptions("runDebug", options, {
    userId: id,
    sessionId: sid,
    runConfig: config,
    quiet: "boolean",
    verbose: "boolean",
    print: "function",
  });
  const texts = typeof messages === "string" ? [messages] : messages;
  if (!Array.isArray(texts) || texts.length === 0 || texts.some((text) => typeof text !== "string"))
    throw new AdkError(
      "INVALID_ARGUMENT",
      `runDebug takes a text or a list of texts, got ${describe(messages)}.`,
    );
  const { userId = DEFAULT_USER_ID, sessionId = DEFAULT_SESSION_ID, runConfig } = options;
  const print = options.quiet ? undefined : (options.print ?? printLine);
  const requests = texts.map((text): RunAsyncRequest => ({
    userId,
    sessionId,
    newMessage: { role: "user", parts: [{ text }] },
    runConfig,
  }));
  // Before anything is made: all of them.
  for (const request of requests) checkRunRequest(request);
  await runner.sessionService.getOrCreateSession({ appName: runner.appName, userId, sessionId });
  const events: Event[] = [];
  for (const request of requests) {
    print?.(`User > ${request.newMessage?.parts?.[0]?.text}`);
    for await (const event of runner.runAsync(request)) {
      if (event.partial) continue;
      events.push(event);
      if (print) for (const line of linesOf(event, options.verbose ?? false)) print(line);
    }
  }
  return events;
}

function* linesOf(event: Event, verbose: boolean): Generator<string> {
  const parts = event.content?.parts ?? [];
  const text = parts.map((part) => (part.thought ? "" : (part.text ?? ""))).join("");
  if (text !== "") yield `${event.author} > ${text}`;
  if (event.errorCode !== undefined)
    yield `${event.author} > [${event.errorCode}] ${event.errorMessage ?? ""}`;
  if (!verbose) return;
  for (const { functionCall, functionResponse, inlineData, fileData } of parts) {
    if (functionCall)
      yield `${event.author} > [Calling tool: ${functionCall.name}(${cut(functionCall.args, MAX_ARGS)})]`;
    if (functionResponse)
      yield `${event.author} > [Tool result: ${cut(functionResponse.response, MAX_RESULT)}]`;
    if (inlineData) yield `${event.author} > [Inline data: ${inlineData.mimeType}]`;
    if (fileData) yield `${event.author} > [File: ${fileData.fileUri}]`;
  }
}

function cut(value: unknown, max: number): string {
  const text = JSON.stringify(value ?? {});
  return text.length > max ? `${text.slice(0, max)}…` : text;
}

function printLine(line: string): void {
  // oxlint-disable-next-line no-console
  console.log(line);
}
