import { describe, expect, it } from "vitest";
import { idProblem } from "./id-problem.ts";

describe("idProblem", () => {
  it.each([
    "a",
    " ",
    "../../etc/passwd",
    "user",
    "__proto__",
    "*",
    "é",
    "👩‍👩‍👧",
    "x".repeat(512),
    "é".repeat(256),
  ])("accepts %j", (id) => expect(idProblem(id)).toBeUndefined());

  it.each([
    [undefined, "not a string"],
    [7, "not a string"],
    ["", "empty"],
    ["a\0b", "NUL"],
    ["a\ud800", "surrogate"],
    ["x".repeat(513), "512"],
    ["é".repeat(257), "512"],
  ])("refuses %j", (id, why) => expect(idProblem(id)).toContain(why));
});
