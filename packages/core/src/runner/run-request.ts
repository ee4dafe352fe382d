import type { Content } from "../content/content.ts";
import type { RunConfig } from "../context/run-config.ts";
import { checkStateKey } from "../context/state.ts";
import { AdkError } from "../errors.ts";
import { checkOptions, type OptionCheck } from "../internal/check-options.ts";
import { idProblem } from "../internal/id-problem.ts";
import { copyJson, type Json } from "../internal/json.ts";
import { readRunConfig } from "./read-run-config.ts";

/** One message, or the wish to take an invocation up again. It is checked and copied before anything is written. */
export interface RunAsyncRequest {
  userId: string;
  sessionId: string;
  /** What the user says, or answers to calls that wait. */
  newMessage?: Content | undefined;
  /** The invocation to open, retry or resume. @defaultValue a new one, or the one the answered call belongs to */
  invocationId?: string | undefined;
  /** State changes that are stored with the message; prefixes as everywhere. */
  stateDelta?: Record<string, unknown> | undefined;
  runConfig?: RunConfig | undefined;
  /** Put on every event of the run; `runConfig.customMetadata` under another name. */
  customMetadata?: Record<string, unknown> | undefined;
  /** Yields the stored message first. @defaultValue false */
  yieldUserMessage?: boolean | undefined;
  /** Stops the run: what is open is sealed, and the run ends with an event of `errorCode` `INVOCATION_ABORTED`. */
  abortSignal?: AbortSignal | undefined;
}

/** A request that was checked; nothing in it is shared with the caller. */
export interface CheckedRunRequest {
  readonly userId: string;
  readonly sessionId: string;
  readonly message: Content | undefined;
  /** The call that the message must answer, whatever a hook makes of it; absent: it may be any message. */
  readonly answeredCallId?: string;
  readonly invocationId: string | undefined;
  readonly stateDelta: Record<string, unknown>;
  readonly runConfig: RunConfig;
  readonly yieldUserMessage: boolean;
  readonly abortSignal: AbortSignal | undefined;
}

const EXAMPLE = "{ role: 'user', parts: [{ text: 'hi' }] }";

function id(value: unknown): string | undefined {
  return idProblem(value) && "an id: 1–512 bytes of well-formed text without NUL";
}

export const RUN_REQUEST_OPTIONS: Readonly<Record<keyof RunAsyncRequest, OptionCheck>> = {
  userId: id,
  sessionId: id,
  newMessage: (value) =>
    isRecord(value) ? undefined : "a Content such as { role: 'user', parts: [{ text: 'hi' }] }",
  invocationId: id,
  stateDelta: "object",
  runConfig: "object",
  customMetadata: "object",
  yieldUserMessage: "boolean",
  abortSignal: (value) => (value instanceof AbortSignal ? undefined : "an AbortSignal"),
};

/**
 * Checks what can be known without the session.
 *
 * @throws AdkError `INVALID_ARGUMENT`, `NOT_SERIALIZABLE`, `UNSUPPORTED`
 */
export function checkRunRequest(request: RunAsyncRequest): CheckedRunRequest {
  checkOptions("runAsync", request, RUN_REQUEST_OPTIONS);
  for (const name of ["userId", "sessionId"] as const)
    if (request[name] === undefined)
      throw new AdkError("INVALID_ARGUMENT", `runAsync needs \`${name}\`.`);
  const stateDelta = copyJson(request.stateDelta ?? {}, { path: "stateDelta" }) as Record<
    string,
    Json
  >;
  for (const key of Object.keys(stateDelta)) checkStateKey(key);
  if (request.newMessage === undefined && request.invocationId === undefined)
    throw new AdkError(
      "INVALID_ARGUMENT",
      "runAsync needs `newMessage`, or the `invocationId` of an invocation to resume.",
    );
  return {
    userId: request.userId,
    sessionId: request.sessionId,
    message: request.newMessage === undefined ? undefined : checkMessage(request.newMessage),
    invocationId: request.invocationId,
    stateDelta,
    runConfig: readRunConfig(request.runConfig, request.customMetadata),
    yieldUserMessage: request.yieldUserMessage ?? false,
    abortSignal: request.abortSignal,
  };
}

/**
 * A copy of the message, its role `user`.
 *
 * @param what where it comes from, as the error shall name it.
 * @throws AdkError `INVALID_ARGUMENT` for a message that a run does not take; `NOT_SERIALIZABLE`.
 */
export function checkMessage(message: Content, what: string = "`newMessage`"): Content {
  const { parts } = copyJson(message, { path: "newMessage", blobs: true }) as Content;
  const refused = (problem: string, next: string): AdkError =>
    new AdkError("INVALID_ARGUMENT", `${what} ${problem}. ${next}.`);
  if (parts !== undefined && parts !== null && !Array.isArray(parts))
    throw refused("has `parts` that are no list", `Give it a list: ${EXAMPLE}`);
  if (parts?.some((part) => !isRecord(part)))
    throw refused("has a part that is no object", `Give it objects: ${EXAMPLE}`);
  if (!parts?.some((part) => !isEmpty(part)))
    throw refused("is empty", `Give it at least one part that says something: ${EXAMPLE}`);
  if (parts.some(({ text }) => text !== undefined && typeof text !== "string"))
    throw refused("has a part whose `text` is no text", `Give it one: ${EXAMPLE}`);
  if (parts.some((part) => part.functionCall))
    throw refused("contains function calls", "Only a model makes calls. Leave them out");
  const responses = parts.filter((part) => part.functionResponse);
  if (responses.length === 0) return { role: "user", parts };
  if (parts.some((part) => typeof part.text === "string" && part.text !== ""))
    throw refused(
      "contains function responses and text",
      "Send the answer first and the text in a run of its own",
    );
  if (responses.some((part) => !part.functionResponse?.id))
    throw refused(
      "has a function response without `id`",
      "Give it the id of the call that it answers",
    );
  return { role: "user", parts };
}

function isRecord(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isEmpty(part: object): boolean {
  return Object.entries(part).every(
    ([name, value]) => value === undefined || value === null || (name === "text" && value === ""),
  );
}
