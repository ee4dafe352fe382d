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
export type BeforeAgentCallback = OneOrMany<SingleAgentCallback>;
export type AfterAgentCallback = OneOrMany<SingleAgentCallback>;

export type SingleBeforeModelCallback = (params: {
  context: Context;
  request: LlmRequest;
}) => Answer<LlmResponse>;
export type BeforeModelCallback = OneOrMany<SingleBeforeModelCallback>;

export type SingleAfterModelCallback = (params: {
  context: Context;
  response: LlmResponse;
}) => Answer<LlmResponse>;
export type AfterModelCallback = OneOrMany<SingleAfterModelCallback>;

export type SingleOnModelErrorCallback = (params: {
  context: Context;
  request: LlmRequest;
  error: Error;
}) => Answer<LlmResponse>;
export type OnModelErrorCallback = OneOrMany<SingleOnModelErrorCallback>;

export type SingleBeforeToolCallback = (params: {
  tool: BaseTool;
  args: Record<string, unknown>;
  context: Context;
}) => Answer<Result>;
export type BeforeToolCallback = OneOrMany<SingleBeforeToolCallback>;

export type SingleAfterToolCallback = (params: {
  tool: BaseTool;
  args: Record<string, unknown>;
  context: Context;
  response: Result;
}) => Answer<Result>;
export type AfterToolCallback = OneOrMany<SingleAfterToolCallback>;

export type SingleOnToolErrorCallback = (params: {
  tool: BaseTool;
  args: Record<string, unknown>;
  context: Context;
  error: Error;
}) => Answer<Result>;
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
