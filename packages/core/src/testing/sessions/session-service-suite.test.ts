import { describe, expect, it } from "vitest";
import { inMemorySessionSubject } from "./in-memory-session-subject.ts";
import { sessionServiceCases, sessionServiceSuite } from "./session-service-suite.ts";

sessionServiceSuite(
  { describe, it },
  {
    name: "sessions in memory",
    store: inMemorySessionSubject,
    // Another process sees nothing of this one's memory.
    notApplicable: [
      "processes-open-at-once",
      "processes-create-race",
      "processes-append",
      "processes-state",
      "processes-lease-race",
      "processes-lease-turns",
      "processes-takeover",
      "processes-frozen-holder-fenced",
      "processes-subscribe",
    ],
  },
);

describe("the session kit", () => {
  it("has one case a key, and says what each is about", () => {
    const keys = sessionServiceCases.map(({ key }) => key);
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
    for (const { key, title } of sessionServiceCases) {
      expect(key).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
      expect(title.length).toBeGreaterThan(15);
    }
  });
});
