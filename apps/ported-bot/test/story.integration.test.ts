import { describe, expect, it } from "vitest";
import { tellStory } from "../src/story.ts";

describe("the ported bot", () => {
  it("prints with @adk/core what it prints with @google/adk", () => {
    const lines: string[] = [];
    tellStory({ print: (line) => void lines.push(line) });
    expect(lines[0]).toContain("cashier: Your fine is 2 euros.");
    expect(lines[1]).toContain("prints the same with @adk/core");
    expect(lines[2]).toMatch(/^(So it does|Not run) with @google\/adk itself/);
  });
});
