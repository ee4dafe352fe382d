import { describe, expect, it } from "vitest";
import { readRules, type RedactionPluginOptions, type RedactionRule } from "./redaction-options.ts";
import { Redactor } from "./redactor.ts";

function redactor(...rules: RedactionRule[]): Redactor {
  return new Redactor(readRules({ rules }));
}

describe("the options of redaction", () => {
  it.each([
    [{}, /needs `rules`/],
    [{ rules: [] }, /needs `rules`/],
    [{ rules: [1] }, /rules\[0\]/],
    [{ rules: ["x", ""] }, /rules\[1\].*empty/],
    [{ rules: [/x*/] }, /rules\[0\].*empty/],
    [{ rules: ["dact"] }, /matches the `replacement`/],
    [{ rules: [{ pattern: /a/, maxLength: 0 }] }, /maxLength/],
    [{ rules: [{ maxLength: 3 }] }, /rules\[0\].*pattern/],
    [{ rules: [{ pattern: "a" }] }, /pattern/],
    [{ rules: ["a"], onFailure: "isolate" }, /onFailure.*"fail".*none/],
    [{ rules: ["a"], replacment: "" }, /Did you mean `replacement`/],
  ])("refuse %j", (options, message) => {
    expect(() => readRules(options as RedactionPluginOptions)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: expect.stringMatching(message),
      }),
    );
  });

  it("never say what a rule is", () => {
    const secret = "hunter2";
    for (const rules of [secret, [secret], [{ pattern: secret }], [new RegExp(`${secret}|`)]])
      expect(() => readRules({ rules: rules as never, replacement: secret })).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining(secret) }),
      );
  });
});

describe("Redactor", () => {
  it("takes texts literally, and joins what overlaps", () => {
    expect(redactor("a.c").text("a.c abc")).toBe("[redacted] abc");
    expect(redactor("$1[x]").text("$1[x]")).toBe("[redacted]");
    expect(redactor("abc", "cde").text("abcde")).toBe("[redacted]");
    expect(redactor("abc").text("abcabc")).toBe("[redacted][redacted]");
  });

  it("gets past a match of nothing, in the middle of a character too", () => {
    const pattern = /(?<=key: )[a-z]*/u;
    expect(redactor(pattern).text("key: 😀 key: abc")).toBe("key: 😀 key: [redacted]");
  });

  it("refuses a function that gives no text back", () => {
    const noText = [async (text: string) => text, () => undefined] as unknown as RedactionRule[];
    for (const rule of noText)
      expect(() => redactor(rule).value({ a: "b" })).toThrow(
        expect.objectContaining({
          code: "INVALID_ARGUMENT",
          message: expect.stringContaining("synchronously"),
        }),
      );
  });

  it("does not move the patterns of others", () => {
    const pattern = /secret/gy;
    pattern.lastIndex = 3;
    expect(redactor(pattern).text("a secret, secret")).toBe("a [redacted], [redacted]");
    expect(pattern.lastIndex).toBe(3);
  });

  it("looks into values at every depth, and into names", () => {
    const value = { list: ["secret", 1, null, { "my secret": [["secret"]] }], n: 2 };
    const left = redactor("secret").value(value);
    expect(left).toEqual({
      list: ["[redacted]", 1, null, { "my [redacted]": [["[redacted]"]] }],
      n: 2,
    });
    expect(JSON.stringify(value)).toContain("secret");
  });

  it("gives back what has nothing to hide, and keeps what no name is special for", () => {
    const plain = { a: [1, { b: "c" }] };
    expect(redactor("secret").value(plain)).toBe(plain);
    const odd = JSON.parse('{"__proto__": "secret", "constructor": 1}') as object;
    const left = redactor("secret").value(odd);
    expect(JSON.stringify(left)).toBe('{"__proto__":"[redacted]","constructor":1}');
    expect(Object.getPrototypeOf(left)).toBe(Object.prototype);
  });

  it("finds what begins in one text and ends in another", () => {
    const texts = (...list: string[]): string[] => redactor("secret").texts(list);
    expect(texts("a sec", "ret b")).toEqual(["a [redacted]", " b"]);
    expect(texts("a s", "e", "", "cre", "t b secret")).toEqual([
      "a [redacted]",
      "",
      "",
      "",
      " b [redacted]",
    ]);
    expect(texts("a", "b")).toEqual(["a", "b"]);
  });

  it("asks functions after the patterns, in their order", () => {
    const asked: string[] = [];
    const shout = (text: string): string => {
      asked.push(text);
      return text.replaceAll("b", "B");
    };
    expect(redactor("secret", shout).text("a secret b")).toBe("a [redacted] B");
    expect(asked).toEqual(["a [redacted] b"]);
    expect(redactor(shout).texts(["a", "b"])).toEqual(["aB", ""]);
  });
});
