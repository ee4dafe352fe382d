import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  BaseSessionService,
  type Context,
  InMemorySessionStore,
  ParallelAgent,
  Runner,
  SequentialAgent,
} from "../../src/index.ts";
import { agent, calls, engine, fired, KEY, latch, settle, told, tool, user } from "./support.ts";

const modes = [
  { mode: "plain", config: {} },
  { mode: "resumable", config: { resumabilityConfig: { isResumable: true } } },
] as const;

describe.each(modes)("a call that leaves what cannot be stored ($mode)", ({ config }) => {
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const unfit: Record<string, (context: Context) => unknown> = {
    "a BigInt": () => ({ value: 1n }),
    NaN: () => ({ value: Number.NaN }),
    "a Map": () => ({ value: new Map() }),
    "a getter that throws": () => ({
      get value(): number {
        throw new Error("boom");
      },
    }),
    "a toJSON that throws": () => ({
      value: {
        toJSON: () => {
          throw new TypeError("boom");
        },
      },
    }),
    "a revoked proxy": () => ({ value: revoked.proxy }),
    "a confirmation's payload": (context) => context.requestConfirmation({ payload: 1n }),
    "an action": (context) => {
      context.actions.stateDelta["x"] = 1n;
    },
  };

  it.each(Object.entries(unfit))("%s: the run fails, and its sibling is kept", async (_, leave) => {
    const charge = tool("charge", (_args, { state }) => {
      state.set("charged", true);
      return { receipt: 7 };
    });
    const odd = tool("odd", (_args, context) => {
      context.state.set("odd", true);
      return leave(context);
    });
    const root = agent("root", [calls(["charge"], ["odd"]), "never"], { tools: [charge, odd] });
    await using e = await engine({ agent: root, ...config });
    await expect(e.say("hi")).rejects.toMatchObject({
      code: "NOT_SERIALIZABLE",
      message: expect.stringContaining("ool odd") as string,
      details: { tool: "odd" },
    });
    const words = told(await e.log()).filter((line) => line !== "root: ");
    expect(words.slice(-2)).toEqual(['root: charge → {"receipt":7}', "root: !NOT_SERIALIZABLE"]);
    expect((await e.session()).state).toEqual({ charged: true });
  });

  it("an artifact version that is none: its sibling is kept", async () => {
    const look = tool("look", () => "ok");
    const odd = tool("odd", (_args, { actions }) => {
      actions.artifactDelta["f"] = Number.NaN;
    });
    const root = agent("root", [calls(["look"], ["odd"]), "never"], { tools: [look, odd] });
    await using e = await engine({ agent: root, ...config });
    await expect(e.say("hi")).rejects.toMatchObject({ details: { tool: "odd" } });
    expect(told(await e.log())).toContain('root: look → {"result":"ok"}');
  });

  it("in place in state: a sibling under way is stopped and waited for", async () => {
    let charge: { signal: AbortSignal; ended?: boolean } | undefined;
    const slow = tool("slow", async (_args, { abortSignal, state }) => {
      charge = { signal: abortSignal };
      await fired(abortSignal);
      state.set("slow", true);
      charge.ended = true;
    });
    const bad = tool("bad", (_args, { state }) => void state.get<unknown[]>("list")?.push(1n));
    const root = agent("root", [calls(["slow"], ["bad"]), "never"], { tools: [slow, bad] });
    await using e = await engine({ agent: root, state: { list: [] }, ...config });
    await expect(e.say("hi")).rejects.toMatchObject({
      code: "NOT_SERIALIZABLE",
      details: { tool: "bad", path: "state list[0]" },
    });
    expect(charge).toMatchObject({ signal: { aborted: true }, ended: true });
    expect((await e.session()).state).toEqual({ list: [] });
    expect(told(await e.log()).at(-1)).toBe("root: !NOT_SERIALIZABLE");
  });

  it("in place in state: a sibling that has finished is kept", async () => {
    const go = latch<void>();
    const bad = tool("bad", async (_args, { state }) => {
      state.get<unknown[]>("list")?.push(1n);
      await go.promise;
    });
    const charge = tool("charge", (_args, { state }) => {
      state.set("charged", true);
      go.open();
      return { receipt: 7 };
    });
    const root = agent("root", [calls(["bad"], ["charge"]), "never"], { tools: [bad, charge] });
    await using e = await engine({ agent: root, state: { list: [] }, ...config });
    await expect(e.say("hi")).rejects.toMatchObject({ details: { tool: "bad" } });
    expect(told(await e.log())).toContain('root: charge → {"receipt":7}');
    expect((await e.session()).state).toEqual({ list: [], charged: true });
  });

  it("in place what the state schema refuses: the run fails", async () => {
    const push = tool("push", (_args, { state }) => void state.get<unknown[]>("cart")?.push(42));
    const root = agent("root", [calls(["push"]), "never"], {
      tools: [push],
      stateSchema: z.object({ cart: z.array(z.string()) }),
    });
    await using e = await engine({ agent: root, state: { cart: ["a"] }, ...config });
    await expect(e.say("hi")).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("State cart does not fit") as string,
    });
    expect((await e.session()).state).toEqual({ cart: ["a"] });
  });

  it("what it returned is a copy: a sibling cannot change it any more", async () => {
    const shared = { rows: [1] };
    const go = latch<void>();
    const first = tool("first", () => shared);
    const second = tool("second", async () => {
      await go.promise;
      shared.rows.push(2);
    });
    const root = agent("root", [calls(["first"], ["second"]), "done"], { tools: [first, second] });
    await using e = await engine({ agent: root, ...config });
    const run = e.say("hi");
    await settle();
    go.open();
    const events = await run;
    expect(told(events)[1]).toContain('first → {"rows":[1]}');
  });
});

describe("an event that throws when it is read", () => {
  it("is no failure of the store: the run leaves its error event", async () => {
    const root = agent("root", ["hello"], {
      afterModelCallback: () => ({
        content: { role: "model", parts: [{ text: "hello" }] },
        customMetadata: {
          get value(): number {
            throw new Error("boom");
          },
        },
      }),
    });
    await using e = await engine({ agent: root });
    await expect(e.say("hi")).rejects.toMatchObject({
      code: "NOT_SERIALIZABLE",
      details: { path: "customMetadata" },
      cause: { message: "boom" },
    });
    expect(told(await e.log())).toEqual(["user: hi", "root: !NOT_SERIALIZABLE"]);
  });
});

describe.each(modes)("a response that is too large ($mode)", ({ config }) => {
  it("fails the run, and its sibling is kept", async () => {
    const sessions = new BaseSessionService(new InMemorySessionStore(), { maxEventBytes: 4_000 });
    await sessions.createSession({ ...KEY });
    const root = agent("root", [calls(["charge"], ["big"]), "never"], {
      tools: [
        tool("charge", () => ({ receipt: 7 })),
        tool("big", () => ({ text: "x".repeat(5_000) })),
      ],
    });
    const options = { agent: root, sessionService: sessions, ...config };
    await using runner = new Runner({ appName: KEY.appName, ...options });
    const { userId, sessionId } = KEY;
    await expect(runner.run({ userId, sessionId, newMessage: user("hi") })).rejects.toMatchObject({
      code: "EVENT_TOO_LARGE",
    });
    const words = told((await sessions.getSession(KEY))?.events ?? []);
    expect(words.slice(-2)).toEqual(['root: charge → {"receipt":7}', "root: !EVENT_TOO_LARGE"]);
  });
});

describe("state that a cancelled call has written", () => {
  /** `slow` is cancelled when its sibling agent escalates; then `c` looks. */
  async function cancelled(
    write: (state: Context["state"]) => void,
    escalate: (state: Context["state"]) => void = () => undefined,
  ): Promise<{ seen: unknown; stored: unknown }> {
    const isUnderWay = latch<void>();
    let seen: unknown;
    const slow = tool("slow", async (_args, { state, abortSignal }) => {
      write(state);
      isUnderWay.open();
      await fired(abortSignal);
      throw new Error("cut off");
    });
    const stop = tool("stop", async (_args, { state, actions }) => {
      await isUnderWay.promise;
      escalate(state);
      actions.escalate = true;
    });
    const look = tool("look", (_args, { state }) => {
      seen = structuredClone(state.toRecord());
    });
    const a = agent("a", [calls(["stop"]), "never"], { tools: [stop] });
    const b = agent("b", [calls(["slow"]), "never"], { tools: [slow] });
    const c = agent("c", [calls(["look"]), "done"], { tools: [look] });
    const both = new ParallelAgent({ name: "both", subAgents: [a, b] });
    await using e = await engine({
      agent: new SequentialAgent({ name: "root", subAgents: [both, c] }),
      state: { items: ["before"], n: 1 },
    });
    await e.say("hi");
    return { seen, stored: (await e.session()).state };
  }

  it("is neither seen nor stored: keys and containers", async () => {
    const { seen, stored } = await cancelled((state) => {
      state.set("paid", true);
      state.delete("n");
      state.get<string[]>("items")?.push("cancelled");
    });
    expect(seen).toEqual({ items: ["before"], n: 1 });
    expect(stored).toEqual(seen);
  });

  it("stays where another call has written the key since", async () => {
    const { seen, stored } = await cancelled(
      (state) => state.set("n", 2),
      (state) => state.set("n", 3),
    );
    expect(seen).toEqual({ items: ["before"], n: 3 });
    expect(stored).toEqual(seen);
  });

  it("is stored whole in a container that another call has changed too: seen and stored are the same", async () => {
    const { seen, stored } = await cancelled(
      (state) => state.get<string[]>("items")?.push("cancelled"),
      (state) => state.get<string[]>("items")?.push("kept"),
    );
    expect(seen).toEqual({ items: ["before", "cancelled", "kept"], n: 1 });
    expect(stored).toEqual(seen);
  });
});

describe("a write after the tool has returned", () => {
  it("is refused: state, artifacts, confirmations", async () => {
    let context: Context | undefined;
    const leave = tool("leave", (_args, toolContext) => {
      context = toolContext;
      return "ok";
    });
    const refusals: unknown[] = [];
    const attempt = async (): Promise<void> => {
      for (const write of [
        () => context?.state.set("late", 1),
        () => context?.state.delete("n"),
        () => context?.saveArtifact("f.txt", { text: "x" }),
        () => context?.requestConfirmation(),
      ])
        try {
          await write();
        } catch (error) {
          refusals.push(error);
        }
    };
    const look = tool("look", (_args, { state }) => state.toRecord());
    const late = async () => {
      await attempt();
      return calls(["look"]);
    };
    const root = agent("root", [calls(["leave"]), late, "done"], { tools: [leave, look] });
    await using e = await engine({ agent: root, state: { n: 1 } });
    const events = await e.say("hi");
    const tooLate = {
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("the call has returned") as string,
    };
    expect(refusals).toMatchObject([tooLate, tooLate, tooLate, tooLate]);
    expect(told(events)[3]).toBe('root: look → {"n":1}');
    expect(await e.artifacts.listArtifactKeys(KEY)).toEqual([]);
  });
});
