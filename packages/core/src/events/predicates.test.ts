import { describe, expect, it } from "vitest";
import type { Part } from "../content/content.ts";
import { createEvent, type CreateEventParams } from "./event.ts";
import {
  getFunctionCalls,
  getFunctionResponses,
  hasTrailingCodeExecutionResult,
  isFinalResponse,
  stringifyContent,
} from "./predicates.ts";

const text: Part = { text: "hi" };
const call: Part = { functionCall: { id: "c", name: "f", args: {} } };
const response: Part = { functionResponse: { id: "c", name: "f", response: {} } };
const codeResult: Part = { codeExecutionResult: { output: "1" } };
const said = (...parts: Part[]): CreateEventParams => ({ content: { role: "model", parts } });

describe("isFinalResponse", () => {
  it.each<[string, CreateEventParams, boolean]>([
    ["text", said(text), true],
    ["partial text", { ...said(text), partial: true }, false],
    ["partial: false", { ...said(text), partial: false }, true],
    ["a call", said(text, call), false],
    ["a response", said(response), false],
    [
      "a response that is the answer",
      { ...said(response), actions: { skipSummarization: true } },
      true,
    ],
    ["a call that waits", { ...said(call), longRunningToolIds: ["c"] }, true],
    ["a call, no id waits", { ...said(call), longRunningToolIds: [] }, false],
    ["a trailing code result", said(text, codeResult), false],
    ["a code result in the middle", said(codeResult, text), true],
    ["an error without content", { errorCode: "X" }, true],
    ["an error with a response", { ...said(response), errorCode: "X" }, true],
    ["an error with a call", { ...said(call), errorCode: "X" }, false],
    ["a partial error", { errorCode: "X", partial: true }, false],
    ["a change of state", { actions: { stateDelta: { a: 1 } } }, true],
    ["the end of an agent", { actions: { endOfAgent: true } }, true],
    ["an output", { output: 1 }, true],
    ["nothing", {}, true],
  ])("%s", (_name, params, expected) => {
    expect(isFinalResponse(createEvent(params))).toBe(expected);
  });
});

describe("the other predicates", () => {
  it("find calls and responses in the order of the parts", () => {
    const second: Part = { functionCall: { name: "g" } };
    const event = createEvent(said(call, text, second, response));
    expect(getFunctionCalls(event)).toEqual([call.functionCall, second.functionCall]);
    expect(getFunctionResponses(event)).toEqual([response.functionResponse]);
    expect(getFunctionCalls(createEvent())).toEqual([]);
    expect(getFunctionResponses(createEvent({ content: {} }))).toEqual([]);
  });

  it("know a trailing code result", () => {
    expect(hasTrailingCodeExecutionResult(createEvent(said(codeResult)))).toBe(true);
    expect(hasTrailingCodeExecutionResult(createEvent(said(codeResult, text)))).toBe(false);
    expect(hasTrailingCodeExecutionResult(createEvent())).toBe(false);
  });

  it("join what is said, without thoughts", () => {
    const event = createEvent(
      said({ text: "a", thought: true }, { text: "b" }, call, { text: "c" }),
    );
    expect(stringifyContent(event)).toBe("bc");
    expect(stringifyContent(createEvent())).toBe("");
  });
});
