import { describe, expect, it } from "vitest";
import { wordsOf } from "./words.ts";

describe("wordsOf", () => {
  it.each([
    ["Hello, hello WORLD!", ["hello", "world"]],
    ["room 42b, user_id", ["room", "42b", "user_id"]],
    ["Größe naïve café", ["größe", "naïve", "café"]],
    ["Привет, мир", ["привет", "мир"]],
    ["我喜欢北京烤鸭", ["我", "喜欢", "北京", "烤鸭"]],
    ["東京へ行きたい", ["東京", "へ"]],
    ["ฉันชอบกาแฟ", ["ฉัน", "ชอบ", "กาแฟ"]],
    ["ｆｕｌｌ ｗｉｄｔｈ", ["full", "width"]],
    ["?! …", []],
    ["", []],
  ])("finds the words of %s", (text, words) =>
    expect([...wordsOf(text)]).toEqual(expect.arrayContaining(words)),
  );

  it("finds nothing else", () => expect(wordsOf("Tea? Tea, tea!").size).toBe(1));
});
