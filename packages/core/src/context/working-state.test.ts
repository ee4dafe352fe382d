import { describe, expect, it } from "vitest";
import { WorkingState } from "./working-state.ts";

function working(state: Record<string, unknown>): {
  state: Record<string, unknown>;
  working: WorkingState;
} {
  return { state, working: new WorkingState({ state }) };
}

describe("WorkingState", () => {
  it("hands out one working copy for each key, and never the session's own", () => {
    const { state, working: it } = working({ list: [1] });
    const copy = it.get("list");
    expect(copy).toEqual([1]);
    expect(copy).not.toBe(state["list"]);
    expect(it.get("list")).toBe(copy);
  });

  it("finds what was changed in place, once", () => {
    const { state, working: it } = working({ list: [1], other: { a: 1 } });
    (it.get("list") as number[]).push(2);
    it.get("other");
    expect(it.takeChanges()).toEqual({ list: [1, 2] });
    expect(it.takeChanges()).toBeUndefined();
    expect(state).toEqual({ list: [1], other: { a: 1 } });
    (it.get("list") as number[]).pop();
    expect(it.takeChanges()).toEqual({ list: [1] });
  });

  it("a change that was taken back is none", () => {
    const { working: it } = working({ list: [1] });
    (it.get("list") as number[]).push(2);
    (it.get("list") as number[]).pop();
    expect(it.takeChanges()).toBeUndefined();
  });

  it("what was set is a copy, and may be changed in place too", () => {
    const { working: it } = working({});
    const mine = [1];
    it.set("list", mine);
    mine.push(9);
    expect(it.get("list")).toEqual([1]);
    (it.get("list") as number[]).push(2);
    expect(it.takeChanges()).toEqual({ list: [1, 2] });
  });

  it("refuses what JSON cannot carry, with the path, also when it got there in place", () => {
    const { working: it } = working({ config: {} });
    expect(() => it.set("n", { at: [Number.NaN] })).toThrow(/state n.*NaN/);
    (it.get("config") as Record<string, unknown>)["call"] = () => {};
    expect(() => it.takeChanges()).toThrow(/state config.*call/);
  });

  it("follows the session where nobody here has changed anything", () => {
    const { state, working: it } = working({ list: [1], n: 1 });
    it.get("list");
    expect(it.get("n")).toBe(1);
    state["list"] = [7];
    state["n"] = 2;
    state["later"] = true;
    expect(it.get("list")).toEqual([7]);
    expect(it.get("n")).toBe(2);
    expect(it.keys().toSorted()).toEqual(["later", "list", "n"]);
    expect(it.takeChanges()).toBeUndefined();
  });

  it("keeps what was changed here over what came from elsewhere, until it is stored", () => {
    const { state, working: it } = working({ list: [1] });
    (it.get("list") as number[]).push(2);
    state["list"] = [7];
    expect(it.get("list")).toEqual([1, 2]);
    const delta = it.takeChanges() ?? {};
    state["list"] = delta["list"];
    it.settled(delta);
    expect(it.get("list")).toEqual([1, 2]);
    state["list"] = [8];
    expect(it.get("list")).toEqual([8]);
  });

  it("shows what was stored when a hook changed it on its way", () => {
    const { state, working: it } = working({});
    it.set("n", 1);
    state["n"] = 100;
    it.settled({ n: 1 });
    expect(it.get("n")).toBe(100);
    it.set("m", 1); // the hook left it out
    it.settled({ m: 1 });
    expect(it.has("m")).toBe(false);
  });

  it("an older write that is stored does not undo a newer one", () => {
    const { state, working: it } = working({});
    it.set("n", 1);
    it.set("n", 2);
    state["n"] = 1;
    it.settled({ n: 1 });
    expect(it.get("n")).toBe(2);
    state["n"] = 2;
    it.settled({ n: 2 });
    expect(it.get("n")).toBe(2);
  });

  it("removed keys are gone at once, and come back when somebody else sets them later", () => {
    const { state, working: it } = working({ n: 1 });
    it.set("n", undefined);
    expect(it.has("n")).toBe(false);
    expect(it.keys()).toEqual([]);
    delete state["n"];
    it.settled({}, ["n"]);
    expect(it.has("n")).toBe(false);
    state["n"] = 2;
    expect(it.get("n")).toBe(2);
    expect(it.keys()).toEqual(["n"]);
  });

  it("a key that somebody else removed is not listed any more", () => {
    const { state, working: it } = working({ list: [1] });
    it.get("list");
    delete state["list"];
    expect(it.keys()).toEqual([]);
    expect(it.get("list")).toBeUndefined();
  });

  it("leaves a container to the calls that hold it, while they are under way", () => {
    const { working: it } = working({ list: [1] });
    const [one, two] = [{}, {}];
    (it.get("list", one) as number[]).push(2);
    expect(it.takeChanges({ holder: two })).toBeUndefined();
    expect(it.takeChanges()).toBeUndefined();
    expect(it.takeChanges({ holder: one })).toEqual({ list: [1, 2] });
    (it.get("list") as number[]).push(3);
    expect(it.takeChanges({ holder: two })).toEqual({ list: [1, 2, 3] });
  });

  it("takes back what one has written, as far as nobody else has written it since", () => {
    const { working: it } = working({ a: 1, b: 1, c: 1, list: [1] });
    const [one, two] = [{}, {}];
    it.set("a", 2, one);
    it.set("b", undefined, one);
    it.set("c", 2, one);
    it.set("c", 3, two);
    (it.get("list", one) as number[]).push(2);
    it.takeBack(one);
    expect(["a", "b", "c"].map((key) => it.get(key))).toEqual([1, 1, 3]);
    expect(it.get("list")).toEqual([1]);
    expect(it.takeChanges()).toBeUndefined();
  });

  it("takes a change in place back to what was recorded last", () => {
    const { working: it } = working({});
    const [one, two] = [{}, {}];
    it.set("list", [1], one);
    it.takeChanges({ holder: one });
    (it.get("list", two) as number[]).push(2);
    it.takeBack(two);
    expect(it.get("list")).toEqual([1]);
  });

  it("does not take a container back that another call holds: that one records it whole", () => {
    const { working: it } = working({ list: [1] });
    const [one, two] = [{}, {}];
    it.set("list", [2], one);
    (it.get("list", two) as number[]).push(3);
    it.takeBack(one);
    expect(it.takeChanges({ holder: two })).toEqual({ list: [2, 3] });
  });

  it("a change that may not be recorded is undone, and the others stay to be recorded", () => {
    const { working: it } = working({ good: [1], bad: [1] });
    (it.get("good") as number[]).push(2);
    (it.get("bad") as number[]).push(2);
    const check = (key: string): void => {
      if (key === "bad") throw new Error("refused");
    };
    expect(() => it.takeChanges({ check })).toThrow("refused");
    expect(it.get("bad")).toEqual([1]);
    expect(it.takeChanges({ check })).toEqual({ good: [1, 2] });
  });
});
