import { describe, expect, it } from "vitest";
import { compare, type CompareOptions } from "../src/compare.ts";
import type { JsonObject } from "../src/json.ts";

const exact: CompareOptions = { partial: false, unordered: false, anyHooksOrder: false };
const partial: CompareOptions = { ...exact, partial: true };
const unordered: CompareOptions = { ...exact, unordered: true };

/** The path of the first difference. */
function path(
  expectation: JsonObject,
  outcome: JsonObject,
  options: CompareOptions = exact,
): string | undefined {
  return compare(expectation, outcome, options)?.path;
}

function text(role: string, ...texts: string[]): JsonObject {
  return { role, parts: texts.map((words) => ({ text: words })) };
}

describe("an exact comparison", () => {
  it("finds what is changed, missing and added", () => {
    const golden = { steps: [{ op: "run", events: [{ id: "$e1", author: "a" }] }] };
    expect(path(golden, golden)).toBeUndefined();
    expect(path(golden, { steps: [{ op: "run", events: [{ id: "$e1", author: "b" }] }] })).toBe(
      "steps[0].events[0].author",
    );
    expect(path(golden, { steps: [{ op: "run", events: [{ id: "$e1" }] }] })).toBe(
      "steps[0].events[0].author",
    );
    expect(path(golden, { steps: [{ op: "run" }] })).toBe("steps[0].events");
    expect(path(golden, { ...golden, hooks: [{ hook: "tool" }] })).toBe("hooks");
    expect(
      path(golden, { steps: [{ op: "run", events: [{ id: "$e1", author: "a", branch: "x" }] }] }),
    ).toBe("steps[0].events[0].branch");
    expect(path({ hooks: [{ hook: "a" }, { hook: "b" }] }, { hooks: [{ hook: "a" }] })).toBe(
      "hooks[1]",
    );
  });

  it("takes empty for absent, on both sides", () => {
    expect(path({ session: { events: [], state: {} } }, {})).toBeUndefined();
    expect(path({}, { session: {}, hooks: [] })).toBeUndefined();
    expect(path({}, { steps: [{ op: "run" }] })).toBe("steps");
  });

  it("tells kinds of values apart", () => {
    for (const [one, other] of [
      [1, "1"],
      [false, 0],
      [["a"], "a"],
      [{ a: 1 }, [1]],
      [0, false],
      ["", 0],
    ])
      expect(path({ session: { state: { k: one! } } }, { session: { state: { k: other! } } })).toBe(
        "session.state.k",
      );
  });

  it("keeps lists in order and keys not", () => {
    const golden = { hooks: [{ hook: "a", by: "p" }, { hook: "b" }] };
    expect(path(golden, { hooks: [{ by: "p", hook: "a" }, { hook: "b" }] })).toBeUndefined();
    expect(path(golden, { hooks: [{ hook: "b" }, { hook: "a", by: "p" }] })).toBe("hooks[0].hook");
  });

  it("lets function responses within one content come in any order, and nothing else", () => {
    const response = (name: string, value: number): JsonObject => ({
      functionResponse: { name, response: { value } },
    });
    const content = (...parts: JsonObject[]): JsonObject => ({
      session: { events: [{ content: { role: "user", parts } }] },
    });
    const golden = content(response("a", 1), { text: "x" }, response("b", 2));
    expect(
      path(golden, content(response("b", 2), response("a", 1), { text: "x" })),
    ).toBeUndefined();
    expect(path(golden, content(response("a", 2), { text: "x" }, response("b", 2)))).toMatch(
      /parts\[0\]\.functionResponse\.response\.value$/,
    );
    expect(path(golden, content(response("a", 1), { text: "y" }, response("b", 2)))).toBeDefined();
    expect(path(golden, content(response("a", 1), { text: "x" }))).toBeDefined();
    const twice = content(response("a", 1), response("a", 1));
    expect(path(twice, content(response("a", 1), response("b", 1)))).toBeDefined();
    const texts = content({ text: "x" }, { text: "y" });
    expect(path(texts, content({ text: "y" }, { text: "x" }))).toBeDefined();
  });

  it("lets hooks come in any order where the scenario says so", () => {
    const golden = { hooks: [{ hook: "a" }, { hook: "b" }, { hook: "a" }] };
    const any = { ...exact, anyHooksOrder: true };
    expect(
      path(golden, { hooks: [{ hook: "b" }, { hook: "a" }, { hook: "a" }] }, any),
    ).toBeUndefined();
    expect(path(golden, { hooks: [{ hook: "b" }, { hook: "b" }, { hook: "a" }] }, any)).toBe(
      "hooks[2].hook",
    );
    expect(path(golden, { hooks: [{ hook: "a" }, { hook: "b" }] }, any)).toBe("hooks[2]");
    expect(path({ hooks: [{ hook: "a" }] }, golden, any)).toBe("hooks");
  });
});

describe("matchers", () => {
  it("$mentions: a text, or an error's message, with each of the strings", () => {
    const golden = { steps: [{ op: "run", error: { $mentions: ["oops", "p1"] } }] };
    const error = (message: string): JsonObject => ({
      steps: [{ op: "run", error: { message, code: "PLUGIN_FAILED" } }],
    });
    expect(path(golden, error("p1 said oops"))).toBeUndefined();
    expect(path(golden, error("oops"))).toBe("steps[0].error");
    expect(path(golden, { steps: [{ op: "run" }] })).toBe("steps[0].error");
    expect(path({ steps: [{ error: { $mentions: [] } }] }, { steps: [{}] })).toBe("steps[0].error");
    expect(path({ steps: [{ op: "run" }] }, error("oops"))).toBe("steps[0].error");
    expect(path({ session: { k: { $mentions: ["1"] } } }, { session: { k: 1 } })).toBe("session.k");
  });

  it("$text: a content of that role with texts only, in this order", () => {
    const golden = { modelRequests: [{ contents: [{ role: "user", $text: ["a", "b", "a"] }] }] };
    const request = (content: JsonObject): JsonObject => ({
      modelRequests: [{ contents: [content] }],
    });
    expect(path(golden, request(text("user", "[a] said:", " b", "a")))).toBeUndefined();
    expect(path(golden, request(text("user", "b", "a", "a")))).toBeDefined();
    expect(path(golden, request(text("model", "a", "b", "a")))).toBeDefined();
    const call = { role: "user", parts: [{ text: "aba" }, { functionCall: { name: "f" } }] };
    expect(path(golden, request(call))).toBeDefined();
  });

  it("$any: whatever is there", () => {
    const golden = { session: { code: "$any" } };
    expect(path(golden, { session: { code: "x" } })).toBeUndefined();
    expect(path(golden, { session: { code: 0 } })).toBeUndefined();
    expect(path(golden, { session: {} })).toBe("session.code");
  });

  it("$texts: what the stored events say, and nothing else", () => {
    const stored = (...texts: string[]): JsonObject => ({
      session: { events: texts.map((words) => ({ author: "a", content: text("model", words) })) },
    });
    const golden = { session: { $texts: ["hi", "a1"] } };
    expect(path(golden, stored("hi", "a1"), partial)).toBeUndefined();
    expect(path(golden, stored("a1", "hi"), partial)).toBe("session.$texts[0]");
    expect(path(golden, stored("hi", "a1", "a1"), partial)).toBe("session.$texts[2]");
    expect(path(golden, stored("a1", "hi"), { ...unordered, partial: true })).toBeUndefined();
    expect(path({ session: { $texts: [] } }, stored("hi"), partial)).toBe("session.$texts[0]");
  });

  it("$hooksInclude: hooks that must have been called, each as often as it is listed", () => {
    const golden = { $hooksInclude: [{ hook: "a" }, { hook: "a", by: "p" }] };
    const hooks = [{ hook: "b" }, { hook: "a", by: "p" }, { hook: "a", by: "q" }];
    expect(path(golden, { hooks }, partial)).toBeUndefined();
    expect(path(golden, { hooks: hooks.slice(0, 2) }, partial)).toBe("$hooksInclude");
  });
});

describe("an expectation", () => {
  it("compares only what it has", () => {
    const expectation = { why: "…", steps: [{}, { error: { code: "INVALID_ARGUMENT" } }] };
    const error = { code: "INVALID_ARGUMENT", message: "…" };
    const outcome = { steps: [{ op: "createSession" }, { op: "run", error }], hooks: [{}] };
    expect(path(expectation, outcome, partial)).toBeUndefined();
    const other = { steps: [{}, { op: "run", error: { ...error, code: "UNSUPPORTED" } }] };
    expect(path(expectation, other, partial)).toBe("steps[1].error.code");
    expect(path(expectation, { steps: [{}, { op: "run" }] }, partial)).toBe("steps[1].error.code");
    expect(path(expectation, { steps: [{}] }, partial)).toBe("steps[1]");
  });

  it("takes an empty list for none", () => {
    const expectation = { session: { events: [] }, hooks: [] };
    expect(path(expectation, {}, partial)).toBeUndefined();
    expect(path(expectation, { session: { events: [{ id: "$e1" }] } }, partial)).toBe(
      "session.events",
    );
    expect(path(expectation, { hooks: [{ hook: "tool" }] }, partial)).toBe("hooks");
  });
});

describe("an unordered scenario", () => {
  const event = (id: string, author: string, words: string): JsonObject => ({
    id,
    author,
    content: text("model", words),
  });
  const golden = {
    session: { events: [event("$e1", "a", "1"), event("$e2", "b", "2"), event("$e3", "a", "3")] },
  };

  it("lets authors interleave, ids included, but keeps each one's own order", () => {
    const interleaved = [event("$e3", "b", "2"), event("$e1", "a", "1"), event("$e2", "a", "3")];
    const outcome = { session: { events: interleaved } };
    expect(path(golden, outcome, unordered)).toBeUndefined();
    expect(path(golden, outcome)).toBe("session.events[0].id");
    const twice = [event("$e3", "b", "2"), event("$e1", "a", "1"), event("$e1", "a", "3")];
    expect(path(golden, { session: { events: twice } }, unordered)).toBe("session.events(a)[1].id");
    const swapped = [event("$e1", "a", "3"), event("$e2", "b", "2"), event("$e3", "a", "1")];
    expect(path(golden, { session: { events: swapped } }, unordered)).toBeDefined();
    expect(path(golden, { session: { events: swapped.slice(1) } }, unordered)).toBeDefined();
  });

  it("compares hooks without an agent as a set, the others by agent", () => {
    const tool = (name: string): JsonObject => ({ hook: "tool", tool: name });
    const hook = (name: string, agent: string): JsonObject => ({ hook: name, agent });
    const hooks = [tool("x"), tool("y"), hook("before", "a"), hook("after", "a"), hook("z", "b")];
    const mixed = [hook("z", "b"), tool("y"), hook("before", "a"), tool("x"), hook("after", "a")];
    expect(path({ hooks }, { hooks: mixed }, unordered)).toBeUndefined();
    expect(path({ hooks }, { hooks: mixed.slice(1) }, unordered)).toBe("hooks(b)[0]");
    expect(path({ hooks }, { hooks: mixed.toReversed() }, unordered)).toBe("hooks(a)[0].hook");
    expect(path({ hooks }, { hooks: [...mixed, tool("x")] }, unordered)).toBe("hooks(no agent)");
  });

  it("lets the words of other agents come in any order in a request", () => {
    const told = (words: string): JsonObject => ({ role: "user", $text: [words] });
    const request = (...contents: JsonObject[]): JsonObject => ({
      modelRequests: [{ agent: "c", contents }],
    });
    const expectation = request(text("user", "hi"), told("A"), told("B"), text("model", "mine"));
    const [hi, A, B, mine] = ["hi", "[a] said: A", "[b] said: B", "mine"].map((words, index) =>
      text(index === 3 ? "model" : "user", words),
    ) as [JsonObject, JsonObject, JsonObject, JsonObject];
    expect(path(expectation, request(hi, B, A, mine), unordered)).toBeUndefined();
    expect(path(expectation, request(hi, B, A, mine))).toBeDefined();
    expect(path(expectation, request(mine, B, A, hi), unordered)).toBeDefined();
    expect(path(expectation, request(hi, A, A, mine), unordered)).toBeDefined();
    expect(path(expectation, request(hi, A, mine), unordered)).toBeDefined();
  });
});
