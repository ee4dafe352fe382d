import { describe, expect, it } from "vitest";
import {
  type BaseAgent,
  BasePlugin,
  type Content,
  LongRunningFunctionTool,
  LoopAgent,
  ParallelAgent,
  SequentialAgent,
} from "../../src/index.ts";
import {
  agent,
  answer,
  calls,
  contentWords,
  engine,
  historyProblems,
  told,
  tool,
  transferTo,
  user,
} from "./support.ts";

const ask = new LongRunningFunctionTool({
  name: "ask",
  description: "Asks a person.",
  execute: () => undefined,
});
const ticket = new LongRunningFunctionTool({
  name: "ticket",
  description: "Opens a ticket.",
  execute: () => ({ ticket: 7 }),
});

describe("the same invocation id again", () => {
  it("with an equal message is a retry: stored once, answered anew on the same log", async () => {
    const root = agent("root", [new Error("down"), "hello"]);
    await using e = await engine({ agent: root });
    await expect(e.say("hi", { invocationId: "inv", stateDelta: { n: 1 } })).rejects.toThrow(
      "down",
    );
    const events = await e.say("hi", { invocationId: "inv", stateDelta: { n: 2 } });
    expect(events.map(({ invocationId }) => invocationId)).toEqual(["inv"]);
    expect(told(await e.log())).toEqual(["user: hi", "root: !MODEL_FAILED", "root: hello"]);
    expect(contentWords(root.llm.requests[1]?.contents ?? [])).toEqual(["user: hi"]);
    expect((await e.session()).state).toEqual({ n: 1 });
  });

  it("with another message is refused before anything is written", async () => {
    await using e = await engine({ agent: agent("root", ["hello", "next"]) });
    await e.say("hi", { invocationId: "inv" });
    const before = await e.log();
    await expect(e.say("something else", { invocationId: "inv" })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
    expect(await e.log()).toEqual(before);
    expect(told(await e.say("next"))).toEqual(["root: next"]);
  });

  it.each(["ended", "aborted", "waiting"] as const)(
    "with another message is refused in a resumable app, also when the invocation has %s",
    async (end) => {
      const abort = new AbortController();
      const wait = tool("wait", () => abort.abort());
      const first = { ended: "hello", aborted: calls(["wait"]), waiting: calls(["ask"]) }[end];
      const root = agent("root", [first, "next"], { tools: [ask, wait] });
      await using e = await engine({ agent: root, resumabilityConfig: { isResumable: true } });
      const { signal } = abort;
      await e.say("hi", { invocationId: "inv", abortSignal: signal }).catch(() => undefined);
      const before = await e.log();
      await expect(e.say("something else", { invocationId: "inv" })).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
      });
      expect(await e.say("hi", { invocationId: "inv" })).toEqual([]);
      expect(await e.log()).toEqual(before);
    },
  );

  it("that the log does not know opens that invocation; without a message it is not found", async () => {
    await using e = await engine({ agent: agent("root", ["hello"]) });
    await expect(
      e.runner.run({ userId: "u", sessionId: "s", invocationId: "inv" }),
    ).rejects.toMatchObject({ code: "INVOCATION_NOT_FOUND" });
    const [event] = await e.say("hi", { invocationId: "inv" });
    expect(event?.invocationId).toBe("inv");
    await expect(
      e.runner.run({ userId: "u", sessionId: "s", invocationId: "inv" }),
    ).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
  });

  it("starts at the agent that had the turn then, not the one that has it now", async () => {
    const sub = agent("sub", ["I am sub", "sub again"]);
    const root = agent("root", [transferTo("sub"), "root again"], { subAgents: [sub] });
    await using e = await engine({ agent: root });
    await e.say("hi", { invocationId: "inv" });
    expect(told(await e.say("hi", { invocationId: "inv" }))).toEqual(["root: root again"]);
  });

  it("after a crash between a call and its response: the model reads that the outcome is unknown", async () => {
    const root = agent("root", [calls(["ping", {}, "c1"]), "I will look again"], {
      tools: [tool("ping", () => "pong")],
    });
    await using e = await engine({ agent: root });
    const stream = e.stream("hi", { invocationId: "inv" });
    await stream.next();
    await e.runner.close(); // the call is stored, its response is not
    const next = e.another();
    const events = await next.run({
      userId: "u",
      sessionId: "s",
      newMessage: user("hi"),
      invocationId: "inv",
    });
    expect(told(events)).toEqual(["root: I will look again"]);
    const contents = root.llm.requests[1]?.contents ?? [];
    expect(historyProblems(contents)).toEqual([]);
    expect(contentWords(contents)[2]).toContain("outcome is unknown");
  });
});

describe("an answer to a call that waits", () => {
  it("goes on with the agent that asked", async () => {
    const root = agent("root", [calls(["ask", { q: 1 }, "c1"]), "thank you"], { tools: [ask] });
    await using e = await engine({ agent: root });
    const [asked] = await e.say("hi");
    expect(asked?.longRunningToolIds).toEqual(["c1"]);
    expect(root.llm.requests).toHaveLength(1);
    expect(Object.keys((await e.session()).pendingCalls)).toEqual(["c1"]);
    const events = await e.say(answer(["c1", "ask", { a: 42 }]));
    expect(told(events)).toEqual(["root: thank you"]);
    expect(events[0]?.invocationId).toBe(asked?.invocationId);
    expect(contentWords(root.llm.requests[1]?.contents ?? [])).toEqual([
      "user: hi",
      'model: ask({"q":1})',
      'user: ask → {"a":42}',
    ]);
    expect((await e.session()).pendingCalls).toEqual({});
  });

  it("after a ticket: the model was asked in the meantime, the answer takes the ticket's place", async () => {
    const root = agent("root", [calls(["ticket", {}, "c1"]), "please wait", "it is done"], {
      tools: [ticket],
    });
    await using e = await engine({ agent: root });
    expect(told(await e.say("hi"))).toEqual([
      "root: ticket()",
      'root: ticket → {"ticket":7}',
      "root: please wait",
    ]);
    expect(Object.keys((await e.session()).pendingCalls)).toEqual(["c1"]);
    expect(told(await e.say(answer(["c1", "ticket", { ok: true }])))).toEqual(["root: it is done"]);
    expect(contentWords(root.llm.requests[2]?.contents ?? [])).toEqual([
      "user: hi",
      "model: ticket()",
      'user: ticket → {"ok":true}',
    ]);
  });

  it("after other turns: what was said in between is left out of that request, and is back in the next", async () => {
    const root = agent("root", [calls(["ask", {}, "c1"]), "sure", "thank you", "yes"], {
      tools: [ask],
    });
    await using e = await engine({ agent: root });
    await e.say("hi");
    await e.say("something else");
    expect(contentWords(root.llm.requests[1]?.contents ?? [])[2]).toContain('"status":"pending"');
    await e.say(answer(["c1", "ask", { a: 1 }]));
    expect(contentWords(root.llm.requests[2]?.contents ?? [])).toEqual([
      "user: hi",
      "model: ask()",
      'user: ask → {"a":1}',
    ]);
    await e.say("still there?");
    expect(contentWords(root.llm.requests[3]?.contents ?? [])).toEqual([
      "user: hi",
      "model: ask()",
      'user: ask → {"a":1}',
      "user: something else",
      "model: sure",
      "model: thank you",
      "user: still there?",
    ]);
  });

  it("sent twice: the newest wins; under its own invocation id an equal one is a retry", async () => {
    const root = agent("root", [calls(["ask", {}, "c1"]), "one", "two", "three"], { tools: [ask] });
    await using e = await engine({ agent: root });
    const [asked] = await e.say("hi");
    await e.say(answer(["c1", "ask", { a: 1 }]));
    await e.say(answer(["c1", "ask", { a: 2 }]));
    expect(contentWords(root.llm.requests[2]?.contents ?? [])).toContain('user: ask → {"a":2}');
    const count = (await e.log()).length;
    await e.say(answer(["c1", "ask", { a: 2 }]), { invocationId: asked?.invocationId ?? "" });
    expect(told((await e.log()).slice(count))).toEqual(["root: three"]);
  });

  it("two of one event, at once or one by one", async () => {
    const root = agent(
      "root",
      [
        calls(["ask", {}, "c1"], ["ask", {}, "c2"]),
        "both",
        calls(["ask", {}, "c3"], ["ask", {}, "c4"]),
        "half",
        "whole",
      ],
      { tools: [ask] },
    );
    await using e = await engine({ agent: root });
    await e.say("hi");
    expect(told(await e.say(answer(["c2", "ask", { b: 2 }], ["c1", "ask", { a: 1 }])))).toEqual([
      "root: both",
    ]);
    expect(contentWords(root.llm.requests[1]?.contents ?? [])[2]).toBe(
      'user: ask → {"a":1} ask → {"b":2}',
    );
    await e.say("more");
    expect(told(await e.say(answer(["c3", "ask", { c: 3 }])))).toEqual(["root: half"]);
    expect(contentWords(root.llm.requests[3]?.contents ?? []).at(-1)).toMatch(
      /^user: ask → {"c":3} ask → {"status":"pending"/,
    );
    expect(Object.keys((await e.session()).pendingCalls)).toEqual(["c4"]);
    expect(told(await e.say(answer(["c4", "ask", { d: 4 }])))).toEqual(["root: whole"]);
    expect(contentWords(root.llm.requests[4]?.contents ?? []).at(-1)).toBe(
      'user: ask → {"c":3} ask → {"d":4}',
    );
  });

  it("of two invocations in one message is refused; of no known call too", async () => {
    const root = agent("root", [calls(["ask", {}, "c1"]), calls(["ask", {}, "c2"])], {
      tools: [ask],
    });
    await using e = await engine({ agent: root });
    await e.say("hi");
    await e.say("again");
    const before = await e.log();
    await expect(e.say(answer(["c1", "ask", {}], ["c2", "ask", {}]))).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
    await expect(e.say(answer(["c9", "ask", {}]))).rejects.toMatchObject({
      code: "CALL_NOT_FOUND",
      details: { callIds: ["c9"] },
    });
    expect(await e.log()).toEqual(before);
    expect(Object.keys((await e.session()).pendingCalls)).toEqual(["c1", "c2"]);
  });

  it("to an ordinary call that was never answered is taken too", async () => {
    const root = agent("root", [calls(["ping", {}, "c1"]), "thank you"], {
      tools: [tool("ping", () => "x")],
    });
    await using e = await engine({ agent: root });
    for await (const _ of e.stream("hi")) break;
    expect(told(await e.say(answer(["c1", "ping", { by: "hand" }])))).toEqual(["root: thank you"]);
    expect(contentWords(root.llm.requests[1]?.contents ?? [])[2]).toBe(
      'user: ping → {"by":"hand"}',
    );
  });

  it("in a sequence: only the agent that asked goes on", async () => {
    const first = agent("first", [calls(["ask", {}, "c1"]), "thank you"], { tools: [ask] });
    const second = agent("second", []);
    await using e = await engine({
      agent: new SequentialAgent({ name: "top", subAgents: [first, second] }),
    });
    expect(told(await e.say("hi"))).toEqual(["first: ask()"]);
    expect(told(await e.say(answer(["c1", "ask", { a: 1 }])))).toEqual(["first: thank you"]);
    expect(second.llm.requests).toHaveLength(0);
  });

  it("in a loop: the loop waits, and only the agent that asked goes on", async () => {
    const asks = agent("asks", [calls(["ask", {}, "c1"]), "thank you"], { tools: [ask] });
    const other = agent("other", []);
    await using e = await engine({
      agent: new LoopAgent({ name: "top", subAgents: [asks, other] }),
    });
    await e.say("hi");
    expect(told(await e.say(answer(["c1", "ask", { a: 1 }])))).toEqual(["asks: thank you"]);
  });

  it("at a sub-agent that may not hand back: it gets its answer, the next message goes to the root", async () => {
    const sub = agent("sub", [calls(["ask", {}, "c1"]), "thank you"], {
      tools: [ask],
      disallowTransferToParent: true,
      disallowTransferToPeers: true,
    });
    const root = agent("root", [transferTo("sub"), "root here"], { subAgents: [sub] });
    await using e = await engine({ agent: root });
    await e.say("hi");
    expect(told(await e.say(answer(["c1", "ask", { a: 1 }])))).toEqual(["sub: thank you"]);
    expect(told(await e.say("and now?"))).toEqual(["root: root here"]);
  });

  describe("in branches", () => {
    const branches = (): {
      a: ReturnType<typeof agent>;
      b: ReturnType<typeof agent>;
      top: BaseAgent;
    } => {
      const a = agent("a", [calls(["ask", {}, "c1"]), "a is glad", "a again"], { tools: [ask] });
      const b = agent("b", [calls(["ask", {}, "c2"]), "b is glad", "b again"], { tools: [ask] });
      return { a, b, top: new ParallelAgent({ name: "top", subAgents: [a, b] }) };
    };

    it("one by one: each on its branch", async () => {
      const { a, b, top } = branches();
      await using e = await engine({ agent: top });
      await e.say("hi");
      const [event] = await e.say(answer(["c2", "ask", { b: 2 }]));
      expect(event).toMatchObject({ author: "b", branch: "top.b" });
      expect(contentWords(b.llm.requests[1]?.contents ?? [])).toEqual([
        "user: hi",
        "model: ask()",
        'user: ask → {"b":2}',
      ]);
      expect(Object.keys((await e.session()).pendingCalls)).toEqual(["c1"]);
      await e.say(answer(["c1", "ask", { a: 1 }]));
      expect(contentWords(a.llm.requests[1]?.contents ?? [])).toEqual([
        "user: hi",
        "model: ask()",
        'user: ask → {"a":1}',
      ]);
    });

    it("both in one message: both agents go on, each with its own answer", async () => {
      const { a, b, top } = branches();
      await using e = await engine({ agent: top });
      await e.say("hi");
      const events = await e.say(answer(["c2", "ask", { b: 2 }], ["c1", "ask", { a: 1 }]));
      expect(events.map(({ author, branch }) => [author, branch])).toEqual([
        ["b", "top.b"],
        ["a", "top.a"],
      ]);
      for (const [one, content] of [
        [a, 'user: ask → {"a":1}'],
        [b, 'user: ask → {"b":2}'],
      ] as const)
        expect(contentWords(one.llm.requests[1]?.contents ?? [])).toEqual([
          "user: hi",
          "model: ask()",
          content,
        ]);
      expect((await e.session()).pendingCalls).toEqual({});
    });
  });

  it("that a plugin made of a text reaches the agent that waits", async () => {
    class Yes extends BasePlugin {
      override async onUserMessageCallback({
        userMessage,
      }: {
        userMessage: Content;
      }): Promise<Content | undefined> {
        return userMessage.parts?.[0]?.text === "yes"
          ? answer(["c1", "ask", { yes: true }])
          : undefined;
      }
    }
    const sub = agent("sub", [calls(["ask", {}, "c1"]), "thank you"], { tools: [ask] });
    const root = agent("root", [transferTo("sub")], { subAgents: [sub] });
    await using e = await engine({ agent: root, plugins: [new Yes("yes")] });
    const [asked] = await e.say("hi");
    const events = await e.say("yes");
    expect(told(events)).toEqual(["sub: thank you"]);
    expect(events[0]?.invocationId).toBe(asked?.invocationId);
    expect((await e.sessions.listInterrupted({ appName: "app" })).sessions).toEqual([]);
  });

  it("in an empty session, or to a call that was never made, is not found and leaves the session usable", async () => {
    await using e = await engine({ agent: agent("root", ["hello"]) });
    await expect(e.say(answer(["c1", "ask", {}]))).rejects.toMatchObject({
      code: "CALL_NOT_FOUND",
    });
    expect(told(await e.say("hi"))).toEqual(["root: hello"]);
  });
});
