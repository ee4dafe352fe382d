import { describe, expect, it } from "vitest";
import { createEventActions } from "./event-actions.ts";
import { mergeEventActions } from "./merge-event-actions.ts";

describe("mergeEventActions", () => {
  it("unites records key by key and takes the last of anything else", () => {
    const merged = mergeEventActions([
      { stateDelta: { a: 1, b: 1 }, escalate: true, transferToAgent: "x" },
      undefined,
      {
        stateDelta: { b: 2 },
        artifactDelta: { f: 0 },
        escalate: false,
        skipSummarization: undefined,
      },
      { requestedToolConfirmations: { c: { confirmed: false } }, agentState: {} },
    ]);
    expect(merged).toEqual({
      stateDelta: { a: 1, b: 2 },
      artifactDelta: { f: 0 },
      requestedAuthConfigs: {},
      requestedToolConfirmations: { c: { confirmed: false } },
      escalate: false,
      transferToAgent: "x",
      agentState: {},
    });
  });

  it("keeps the highest version of an artifact: two may save one at the same time", () => {
    const merged = mergeEventActions([
      { artifactDelta: { f: 1, g: 0 } },
      { artifactDelta: { f: 0, g: 1 } },
    ]);
    expect(merged.artifactDelta).toEqual({ f: 1, g: 1 });
  });

  it("starts from a target without changing it, frozen or not", () => {
    const target = Object.freeze(createEventActions({ stateDelta: Object.freeze({ a: 1 }) }));
    const merged = mergeEventActions([{ stateDelta: { b: 2 } }], target);
    expect(merged.stateDelta).toEqual({ a: 1, b: 2 });
    expect(target.stateDelta).toEqual({ a: 1 });
  });

  it("treats __proto__ as a plain key", () => {
    const stateDelta = JSON.parse('{"__proto__":{"polluted":1}}') as Record<string, unknown>;
    const merged = mergeEventActions([{ stateDelta }]);
    expect(Object.keys(merged.stateDelta)).toEqual(["__proto__"]);
    expect(merged.stateDelta["polluted"]).toBeUndefined();
  });
});
