import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  BasePlugin,
  type Context,
  createEvent,
  type Event,
  ParallelAgent,
  type ReadonlyContext,
  SequentialAgent,
} from "../../src/index.ts";
import { agent, calls, engine, KEY, latch, settle, told, tool } from "./support.ts";

describe("state", () => {
  it("has four scopes; temp: is seen by the rest of the turn and never stored", async () => {
    const write = tool("write", (_args, { state }) => {
      state.update({ n: 1, "user:n": 2, "app:n": 3, "temp:n": 4 });
      return "ok";
    });
    const seen: unknown[] = [];
    const root = agent("root", [calls(["write"]), "done", "done"], {
      tools: [write],
      instruction: ({ state }) => {
        seen.push(["n", "user:n", "app:n", "temp:n"].map((key) => state.get(key)));
        return "";
      },
    });
    await using e = await engine({ agent: root });
    await e.say("hi");
    await e.say("again");
    const none = [undefined, undefined, undefined, undefined];
    expect(seen).toEqual([none, [1, 2, 3, 4], [1, 2, 3, undefined]]);
    expect((await e.session()).state).toEqual({ n: 1, "user:n": 2, "app:n": 3 });
    expect(await e.sessions.getUserState({ appName: "app", userId: "u" })).toEqual({ n: 2 });
    expect(await e.sessions.getAppState({ appName: "app" })).toEqual({ n: 3 });
    expect(JSON.stringify(await e.log())).not.toContain("temp:");
    const other = await e.sessions.createSession({ ...KEY, sessionId: "s2" });
    expect(other.state).toEqual({ "user:n": 2, "app:n": 3 });
  });

  it("changed in place by two parallel tools: both changes survive", async () => {
    const go = latch<void>();
    const push = tool("push", async ({ value }, { state }) => {
      const list = state.get<unknown[]>("list") ?? [];
      await go.promise;
      list.push(value);
      return "ok";
    });
    const root = agent(
      "root",
      [calls(["push", { value: "a" }], ["push", { value: "b" }]), "done"],
      {
        tools: [push],
      },
    );
    await using e = await engine({ agent: root, state: { list: [] } });
    const run = e.say("hi");
    await settle();
    go.open();
    const events = await run;
    expect(events[1]?.actions.stateDelta).toEqual({ list: ["a", "b"] });
    expect((await e.session()).state).toEqual({ list: ["a", "b"] });
  });

  it("changed in place at depth is recorded whole, with the event that follows, once", async () => {
    const change = tool("change", (_args, { state }) => {
      const config = state.get<{ deep: { n: number; list: number[] } }>("config");
      if (config) {
        config.deep.n++;
        config.deep.list.push(config.deep.n);
      }
      return "ok";
    });
    const look = tool("look", (_args, { state }) => state.get("config"));
    const root = agent("root", [calls(["change"]), calls(["look"]), calls(["change"]), "done"], {
      tools: [change, look],
    });
    await using e = await engine({ agent: root, state: { config: { deep: { n: 0, list: [] } } } });
    const events = await e.say("hi");
    expect(events.map(({ actions }) => actions.stateDelta)).toEqual([
      {},
      { config: { deep: { n: 1, list: [1] } } },
      {},
      {},
      {},
      { config: { deep: { n: 2, list: [1, 2] } } },
      {},
    ]);
    expect(told(events)[3]).toBe('root: look → {"deep":{"n":1,"list":[1]}}');
  });

  it("that was only read is not recorded", async () => {
    const read = tool("read", (_args, { state }) =>
      [...(state.get<number[]>("list") ?? [])].reverse(),
    );
    const root = agent("root", [calls(["read"]), "done"], { tools: [read] });
    await using e = await engine({ agent: root, state: { list: [1, 2] } });
    const events = await e.say("hi");
    expect(events.every(({ actions }) => Object.keys(actions.stateDelta).length === 0)).toBe(true);
  });

  it("cannot be written through an instruction provider, not even in place", async () => {
    const refusals: unknown[] = [];
    const provider = ({ state }: ReadonlyContext): string => {
      (state.get<number[]>("list") ?? []).push(9);
      (state.toRecord()["list"] as number[]).push(8);
      for (const write of [
        () => (state as Context["state"]).set("n", 1),
        () => (state as Context["state"]).delete("list"),
      ])
        try {
          write();
        } catch (error) {
          refusals.push(error);
        }
      return `list: ${JSON.stringify(state.get("list"))}`;
    };
    const root = agent("root", ["hello"], { instruction: provider });
    await using e = await engine({ agent: root, state: { list: [1] } });
    const events = await e.say("hi");
    expect(refusals).toMatchObject([
      { code: "FAILED_PRECONDITION" },
      { code: "FAILED_PRECONDITION" },
    ]);
    expect(root.llm.requests[0]?.systemInstruction).toContain("list: [1]");
    expect(events[0]?.actions.stateDelta).toEqual({});
    expect((await e.session()).state).toEqual({ list: [1] });
  });

  it("shows an instruction provider what was changed a moment ago", async () => {
    const push = tool("push", (_args, { state }) => {
      state.get<number[]>("list")?.push(2);
      return "ok";
    });
    const root = agent("root", [calls(["push"]), "done"], {
      tools: [push],
      instruction: "list: {list}",
    });
    await using e = await engine({ agent: root, state: { list: [1] } });
    await e.say("hi");
    expect(
      root.llm.requests.map(({ systemInstruction }) => systemInstruction.match(/list: .*/)?.[0]),
    ).toEqual(["list: [1]", "list: [1,2]"]);
  });

  it("is removed by undefined and delete; null is a value", async () => {
    const write = tool("write", (_args, { state }) => {
      state.set("a", undefined);
      state.delete("b");
      state.set("c", null);
      state.set("d", 1);
      state.delete("d");
      state.delete("user:e");
      return [
        state.has("a"),
        state.has("c"),
        state.get("c", "default"),
        Object.keys(state.toRecord()),
      ];
    });
    const root = agent("root", [calls(["write"]), "done"], { tools: [write] });
    await using e = await engine({ agent: root, state: { a: 1, b: 2, c: 3, "user:e": 4 } });
    const events = await e.say("hi");
    expect(told(events)[1]).toBe('root: write → {"result":[false,true,null,["c"]]}');
    expect(events[1]?.stateRemoved?.toSorted()).toEqual(["a", "b", "d", "user:e"]);
    expect((await e.session()).state).toEqual({ c: null });
  });

  it("written by both of two parallel calls: the later call wins, and everybody sees that one", async () => {
    const gates = [latch<void>(), latch<void>()];
    const write = tool("write", async ({ index }, { state }) => {
      await gates[index as number]?.promise;
      state.set("n", index);
      return "ok";
    });
    const look = tool("look", (_args, { state }) => state.get("n"));
    const root = agent(
      "root",
      [calls(["write", { index: 0 }], ["write", { index: 1 }]), calls(["look"]), "done"],
      {
        tools: [write, look],
      },
    );
    await using e = await engine({ agent: root });
    const run = e.say("hi");
    await settle();
    gates[1]?.open();
    await settle();
    gates[0]?.open(); // the first call is the last to write
    const events = await run;
    const { n } = (await e.session()).state;
    expect(n).toBe(1);
    expect(told(events)[3]).toBe(`root: look → {"result":${String(n)}}`);
  });

  it("set by one parallel call and removed by another: the later call wins", async () => {
    const set = tool("set", (_args, { state }) => state.set("n", 1));
    const remove = tool("remove", (_args, { state }) => state.delete("n"));
    const root = agent(
      "root",
      [calls(["set"], ["remove"]), "removed", calls(["remove"], ["set"]), "set"],
      {
        tools: [set, remove],
      },
    );
    await using e = await engine({ agent: root });
    const [, removed] = await e.say("hi");
    expect(removed).toMatchObject({ actions: { stateDelta: {} }, stateRemoved: ["n"] });
    expect((await e.session()).state).toEqual({});
    const [, kept] = await e.say("again");
    expect(kept?.actions.stateDelta).toEqual({ n: 1 });
    expect(kept?.stateRemoved).toBeUndefined();
    expect((await e.session()).state).toEqual({ n: 1 });
  });

  it("of one agent is seen by those that run later in the same turn, also in branches", async () => {
    const first = agent("first", ["Rome"], { outputKey: "city" });
    const second = agent("second", ["ok"], { instruction: "Weather of {city}." });
    const third = agent("third", ["ok"], { instruction: "Food of {city}." });
    const top = new SequentialAgent({
      name: "top",
      subAgents: [first, new ParallelAgent({ name: "both", subAgents: [second, third] })],
    });
    await using e = await engine({ agent: top });
    await e.say("hi");
    expect(second.llm.requests[0]?.systemInstruction).toContain("Weather of Rome.");
    expect(third.llm.requests[0]?.systemInstruction).toContain("Food of Rome.");
  });

  it("of callbacks is stored where they belong: an event of its own, or the model's event", async () => {
    const root = agent("root", ["hello"], {
      beforeAgentCallback: ({ state }) => state.set("ba", 1),
      beforeModelCallback: ({ context }) => context.state.set("bm", 1),
      afterModelCallback: ({ context }) => context.state.set("am", 1),
      afterAgentCallback: ({ state }) => state.set("aa", 1),
    });
    await using e = await engine({ agent: root });
    const events = await e.say("hi");
    expect(events.map(({ actions }) => actions.stateDelta)).toEqual([
      { ba: 1 },
      { bm: 1, am: 1 },
      { aa: 1 },
    ]);
    expect(told(events)).toEqual(["root: ", "root: hello", "root: "]);
  });

  it("that a plugin's onEvent puts in the place of the event's own is what is stored and seen", async () => {
    class Doubles extends BasePlugin {
      override async onEventCallback({
        event,
      }: {
        event: Event;
      }): Promise<Partial<Event> | undefined> {
        const { n } = event.actions.stateDelta;
        if (typeof n !== "number") return undefined;
        return { actions: { ...event.actions, stateDelta: { n: n * 2, extra: true } } };
      }
    }
    const write = tool("write", (_args, { state }) => {
      state.set("n", 21);
      state.set("gone", true);
      return "ok";
    });
    const look = tool("look", (_args, { state }) => state.toRecord());
    const root = agent("root", [calls(["write"]), calls(["look"]), "done"], {
      tools: [write, look],
    });
    await using e = await engine({ agent: root, plugins: [new Doubles("doubles")] });
    const events = await e.say("hi");
    expect((await e.session()).state).toEqual({ n: 42, extra: true });
    expect(told(events)[3]).toBe('root: look → {"n":42,"extra":true}');
  });

  it("that somebody else writes while the run is under way is seen by the rest of it", async () => {
    const side = tool("side", async () => {
      const session = await e.session();
      const event = createEvent({
        author: "cron",
        actions: { stateDelta: { tick: [1] } },
        stateRemoved: ["old"],
      });
      await e.sessions.appendEvent({ session, event });
      return "ok";
    });
    const look = tool("look", (_args, { state }) => state.toRecord());
    const root = agent("root", [calls(["look"]), calls(["side"]), calls(["look"]), "done"], {
      tools: [side, look],
    });
    const e = await engine({ agent: root, state: { old: [1], tick: [0] } });
    await using _ = e;
    const events = await e.say("hi");
    expect(told(events)[1]).toBe('root: look → {"old":[1],"tick":[0]}');
    expect(told(events)[5]).toBe('root: look → {"tick":[1]}');
    expect((await e.session()).state).toEqual({ tick: [1] });
  });

  it("given with the request is stored with the message and seen by the agent", async () => {
    const root = agent("root", ["hello"], { instruction: "{user:name} {temp:mood}" });
    await using e = await engine({ agent: root });
    await e.say("hi", { stateDelta: { "user:name": "Ada", "temp:mood": "gay" } });
    expect(root.llm.requests[0]?.systemInstruction).toContain("Ada gay");
    expect((await e.session()).state).toEqual({ "user:name": "Ada" });
  });

  it("is checked against the state schema of the agent or the nearest above: told to the model, not written", async () => {
    const write = tool("write", ({ key, value }, { state }) => {
      state.set(key as string, value);
      return "ok";
    });
    const turns = [
      calls(
        ["write", { key: "n", value: 1 }],
        ["write", { key: "n", value: "one" }],
        ["write", { key: "m", value: 1 }],
        ["write", { key: "user:m", value: 1 }],
      ),
      "done",
    ];
    const child = agent("child", turns, { tools: [write] });
    const top = new SequentialAgent({
      name: "top",
      subAgents: [child],
      stateSchema: z.object({ n: z.number() }),
    });
    await using e = await engine({ agent: top });
    const events = await e.say("hi");
    const [, ...words] = (told(events)[1] ?? "").split("write → ");
    expect(words[0]).toContain('"result":"ok"');
    expect(words[1]).toMatch(/State n does not fit/);
    expect(words[2]).toMatch(/State m is not declared/);
    expect(words[3]).toContain('"result":"ok"');
    expect((await e.session()).state).toEqual({ n: 1, "user:m": 1 });
  });

  it("keys that every object inherits are plain keys", async () => {
    const write = tool("write", (_args, { state }) => {
      const before = [state.get("constructor"), state.get("__proto__")].map(
        (value) => value === undefined,
      );
      state.set("__proto__", { polluted: true });
      state.set("constructor", 1);
      return [...before, state.has("toString"), "polluted" in {}, state.get("__proto__")];
    });
    const root = agent("root", [calls(["write"]), "done"], { tools: [write] });
    await using e = await engine({ agent: root });
    const events = await e.say("hi");
    expect(events[1]?.content?.parts?.[0]?.functionResponse?.response).toEqual({
      result: [true, true, false, false, { polluted: true }],
    });
  });
});
