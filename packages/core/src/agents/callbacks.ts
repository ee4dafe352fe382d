import type { Content } from "../content/content.ts";
import type { Context } from "../context/context.ts";
import type { LlmRequest } from "../models/llm-request.ts";
import type { LlmResponse } from "../models/llm-response.ts";
import type { BaseTool } from "../tools/base-tool.ts";
import { AdkError } from "../errors.ts";

type Answer<T> = T | undefined | void | Promise<T | undefined | void>;
type OneOrMany<T> = T | T[];
type Result = Record<string, unknown>;

/** Called with a context; content takes the agent's place (before) or is one more event (after). */
export type SingleAgentCallback = (context: Context) => Answer<Content>;
/** Before the agent starts. The first answer of a list takes the agent's place. */
export type BeforeAgentCallback = OneOrMany<SingleAgentCallback>;
/** After the agent has ended normally. The first answer of a list is one more event of it. */
export type AfterAgentCallback = OneOrMany<SingleAgentCallback>;

/** Before the model is called; `request` may be changed (its contents are replaced, not edited). A response takes the model's place. */
export type SingleBeforeModelCallback = (params: {
  context: Context;
  request: LlmRequest;
}) => Answer<LlmResponse>;
/** One callback, or a list: the first answer counts. */
export type BeforeModelCallback = OneOrMany<SingleBeforeModelCallback>;

/**
 * Every response of the model, partial ones too. Another response takes its place; what that leaves open of `partial`,
 * `turnComplete` and `usageMetadata` stays.
 */
export type SingleAfterModelCallback = (params: {
  context: Context;
  response: LlmResponse;
}) => Answer<LlmResponse>;
/** One callback, or a list: the first answer counts. */
export type AfterModelCallback = OneOrMany<SingleAfterModelCallback>;

/** The model call failed. A response takes the place of the error, and passes the callbacks after the model. */
export type SingleOnModelErrorCallback = (params: {
  context: Context;
  request: LlmRequest;
  error: Error;
}) => Answer<LlmResponse>;
/** One callback, or a list: the first answer counts. */
export type OnModelErrorCallback = OneOrMany<SingleOnModelErrorCallback>;

/** Before the tool is called; `args` may be changed. An answer takes the place of the tool's result. */
export type SingleBeforeToolCallback = (params: {
  tool: BaseTool;
  args: Record<string, unknown>;
  context: Context;
}) => Answer<Result>;
/** One callback, or a list: the first answer counts. */
export type BeforeToolCallback = OneOrMany<SingleBeforeToolCallback>;

/**
 * The result of the tool, of a hook in its place, or of an error. An answer takes its place.
 *
 * `response` is what the tool returned, as it is: where that is no object, the model reads it as `{ result: … }`, and the
 * callback gets the text, the number, the list or `undefined` itself.
 */
export type SingleAfterToolCallback = (params: {
  tool: BaseTool;
  args: Record<string, unknown>;
  context: Context;
  // Callbacks written for ADK read its members without asking; `unknown` would refuse them.
  // oxlint-disable-next-line typescript/no-explicit-any
  response: any;
}) => Answer<Result>;
/** One callback, or a list: the first answer counts. */
export type AfterToolCallback = OneOrMany<SingleAfterToolCallback>;

/**
 * The tool failed, timed out, is unknown, or was cancelled (`error` is then an `AdkError` `ABORTED`, and answers do not
 * count). An answer is the result that the model reads.
 */
export type SingleOnToolErrorCallback = (params: {
  tool: BaseTool;
  args: Record<string, unknown>;
  context: Context;
  error: Error;
}) => Answer<Result>;
/** One callback, or a list: the first answer counts. */
export type OnToolErrorCallback = OneOrMany<SingleOnToolErrorCallback>;

/** One callback or a list as a list. @throws AdkError `INVALID_ARGUMENT` for anything that is no function. */
export function callbackList<T>(
  owner: string,
  option: string,
  callbacks: OneOrMany<T> | undefined,
): T[] {
  if (callbacks === undefined) return [];
  const list = Array.isArray(callbacks) ? callbacks : [callbacks];
  for (const callback of list)
    if (typeof callback !== "function")
      throw new AdkError(
        "INVALID_ARGUMENT",
        `${owner}: \`${option}\` must be a function or a list of functions, got ${callback === null ? "null" : typeof callback}.`,
      );
  return [...list];
}
