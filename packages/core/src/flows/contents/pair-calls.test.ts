import { describe, expect, it } from "vitest";
import type { Part } from "../../content/content.ts";
import { createEvent } from "../../events/event.ts";
import { pairCalls } from "./pair-calls.ts";
import type { Entry } from "./select.ts";

/** `c1 c2`: calls, `r1=x`: a response, `~c1`: a long-running call, anything else a text. */
function entry(words: string, own = true): Entry {
  const longRunningToolIds: string[] = [];
  const parts = words.split(" ").map((word): Part => {
    const match = /^(~?)([cr])(\d+)(?:=(.*))?$/.exec(word);
    if (!match) return { text: word };
    const [, waits, kind, number, value] = match;
    const id = `id${number}`;
    if (kind === "r") return { functionResponse: { id, name: "t", response: { value } } };
    if (waits) longRunningToolIds.push(id);
    return { functionCall: { id, name: "t", args: {} } };
  });
  const isAnswer = parts.some((part) => part.functionResponse);
  const content = { role: isAnswer ? "user" : "model", parts };
  return { event: createEvent({ content, longRunningToolIds }), content, own };
}

function paired(...entries: (string | Entry)[]): string[] {
  const list = entries.map((one) => (typeof one === "string" ? entry(one) : one));
  return pairCalls(list, 0).contents.map(({ parts = [] }) => parts.map(word).join(" "));
}

function word({ text, functionCall, functionResponse: answer }: Part): string {
  if (functionCall) return `c${functionCall.id?.slice(2)}`;
  if (!answer) return text ?? "";
  const { value, status, error } = answer.response ?? {};
  const said = value ?? status ?? (error === undefined ? "" : "interrupted");
  return `r${answer.id?.slice(2)}=${String(said)}`;
}

describe("pairCalls", () => {
  it("puts each response right behind its call, in the order of the calls", () => {
    expect(paired("c1 c2", "r2=b r1=a")).toEqual(["c1 c2", "r1=a r2=b"]);
    expect(paired("c1 c2", "r2=b", "r1=a", "x")).toEqual(["c1 c2", "r1=a r2=b", "x"]);
  });

  it("the latest response of a call counts", () => {
    expect(paired("c1", "r1=ticket", "wait", "r1=done", "x")).toEqual([
      "c1",
      "r1=done",
      "wait",
      "x",
    ]);
  });

  it("a late answer at the end leaves out what was said since its call", () => {
    expect(paired("a", "c1", "r1=ticket", "b", "c", "r1=done")).toEqual(["a", "c1", "r1=done"]);
  });

  it("answers at the end to several calls start after the latest of these", () => {
    expect(paired("c1", "a", "c2", "b", "r1=x r2=y")).toEqual(["c1", "r1=x", "a", "c2", "r2=y"]);
  });

  it("a call without a response waits, or its outcome is unknown", () => {
    expect(paired("~c1 c2", "x")).toEqual([
      "~c1 c2".replace("~", ""),
      "r1=pending r2=interrupted",
      "x",
    ]);
  });

  it("a response without its call is left out, wherever it stands", () => {
    expect(paired("r1=a", "x", "c2", "r2=b", "r3=c")).toEqual(["x", "c2", "r2=b"]);
    expect(paired("x", "r9=a")).toEqual(["x"]);
  });

  it("an id that is used twice belongs to the nearest call before", () => {
    expect(paired("c1", "r1=a", "x", "c1", "r1=b", "y")).toEqual([
      "c1",
      "r1=a",
      "x",
      "c1",
      "r1=b",
      "y",
    ]);
  });

  it("what came along with a response stays with it", () => {
    expect(paired("c1", "r1=a file", "x")).toEqual(["c1", "r1=a file", "x"]);
  });

  it("leaves quotations alone: calls in them are texts", () => {
    expect(paired(entry("quoted", false), "x")).toEqual(["quoted", "x"]);
  });

  it("says how far nothing can change any more but by a late answer", () => {
    const settled = (...words: string[]): [number, number] => {
      const { settledEntries, settledContents } = pairCalls(
        words.map((one) => entry(one)),
        0,
      );
      return [settledEntries, settledContents];
    };
    expect(settled("a", "b")).toEqual([2, 2]);
    expect(settled("a", "c1")).toEqual([1, 1]);
    expect(settled("a", "c1", "b", "c")).toEqual([1, 1]);
    expect(settled("a", "c1", "b", "r1=x", "c")).toEqual([5, 5]);
    expect(settled("c1", "r1=x", "b", "r1=y")).toEqual([0, 0]);
  });

  it("a call that an earlier invocation left open does not hold up what follows", () => {
    const words = ["a", "c1", "b"].map((one) => entry(one));
    const next = entry("next");
    next.event.invocationId = "another";
    const { settledEntries, settledContents } = pairCalls([...words, next], 0);
    expect([settledEntries, settledContents]).toEqual([4, 5]);
  });
});
