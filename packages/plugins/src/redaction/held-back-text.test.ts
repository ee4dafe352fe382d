import { describe, expect, it } from "vitest";
import { HeldBackText } from "./held-back-text.ts";
import { readRules, type RedactionRule } from "./redaction-options.ts";
import { Redactor } from "./redactor.ts";

/** What is given on of a text in these pieces. */
function streamed(rules: RedactionRule[], pieces: readonly string[]): string[] {
  const text = new HeldBackText(new Redactor(readRules({ rules })));
  return [...pieces.map((piece) => text.push(piece)), text.end()];
}

function whole(rules: RedactionRule[], text: string): string {
  return new Redactor(readRules({ rules })).text(text);
}

const filler = "All is well that ends well, they say, and so on and so forth. ".repeat(6);
const TEXTS: readonly [RedactionRule[], string][] = [
  [["secret"], "secret"],
  [["secret"], "a secret and secretsecret and secre and secret"],
  [["secret"], `${filler}a secret${filler}secret`],
  [[/sk-[a-z0-9]{8,}/], `my key is sk-abc123def456 ${filler} and sk-abc12`],
  [[/sk-[a-z0-9]{8,}/], `sk-${"a1".repeat(300)} ${filler}`],
  [[{ pattern: /\b\d{4}(?!\d)/, maxLength: 8 }], "1234 12345 x1234 1234"],
  [["ab", "bc"], "abc xabcx ab bc abbc"],
  [["aaa", /a+b/], "aaab aaa aab aaaaab"],
  [[{ pattern: /(?<=token: )\w+/, maxLength: 20 }], `token: abcdef ${filler}token: xyz`],
  [
    [
      { pattern: /^head/, maxLength: 8 },
      { pattern: /tail$/, maxLength: 8 },
    ],
    "head head tail tail",
  ],
  [["😀😀"], "😀😀😀 and 😀 and 😀😀"],
];

describe("HeldBackText", () => {
  it.each(TEXTS)("%j: gives the same wherever %j is split once", (rules, text) => {
    const expected = whole(rules, text);
    for (let at = 0; at <= text.length; at++)
      expect(streamed(rules, [text.slice(0, at), text.slice(at)]).join("")).toBe(expected);
  });

  it.each(TEXTS)("%j: gives the same in pieces of any size", (rules, text) => {
    const expected = whole(rules, text);
    for (let size = 1; size <= 40; size++) {
      const pieces = text.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];
      expect(streamed(rules, pieces).join("")).toBe(expected);
    }
  });

  it("never gives on a part of a secret", () => {
    for (const [rules, text] of TEXTS) {
      const given = streamed(rules, [...text]);
      for (let count = 0; count <= given.length; count++)
        expect(whole(rules, text).startsWith(given.slice(0, count).join(""))).toBe(true);
    }
  });

  it("holds back no more than the longest match, and everything where a function is asked", () => {
    const pieces = ["x".repeat(100), "y".repeat(100)];
    expect(streamed(["secret"], pieces).map(({ length }) => length)).toEqual([94, 100, 6]);
    const shout = (text: string): string => text.replaceAll("y", "[Y]");
    expect(streamed([shout], pieces).map(({ length }) => length)).toEqual([0, 0, 400]);
  });

  it("gives on no half of a character", () => {
    const given = streamed(["12345"], "a😀b😀c😀d😀e😀f😀g".split(/(?<=[a-g])/));
    for (const piece of given) expect(piece.isWellFormed()).toBe(true);
    expect(given.join("")).toBe("a😀b😀c😀d😀e😀f😀g");
  });
});
