import { describe, expect, it } from "vitest";
import { generateClientFunctionCallId } from "./function-call-id.ts";

describe("generateClientFunctionCallId", () => {
  it("prefixes an id of its source", () => {
    expect(generateClientFunctionCallId(() => "7")).toBe("adk-7");
    expect(generateClientFunctionCallId()).toMatch(/^adk-[0-9a-f-]{36}$/);
    expect(generateClientFunctionCallId()).not.toBe(generateClientFunctionCallId());
  });
});
