import { describe, expect, it } from "vitest";
import { AgentTool, type Event, type LlmResponse, type Part } from "../../src/index.ts";
import { agent, calls, collect, contentWords, engine, told, tool } from "./support.ts";

const SSE = { runConfig: { streamingMode: "sse" } } as const;

function piece(...parts: Part[]): LlmResponse {
  return { content: { role: "model", parts }, partial: true };
}
function whole(...parts: Part[]): LlmResponse {
  return { content: { role: "model", parts } };
}
const call = (name: string, args: Record<string, unknown> = {}): Part => ({
  functionCall: { name, args },
});

describe("streaming", () => {
  it("the pieces have the whole's id; the next answer has another", async () => {
    const root = agent("root", [
      [piece({ text: "a" }), piece({ text: "b" }), whole({ text: "ab" })],
      [piece({ text: "c" }), whole({ text: "c" })],
    ]);
    await using e = await engine({ agent: root });
    const first = await collect(e.stream("hi", SSE));
    const second = await collect(e.stream("more", SSE));
    expect(told(first)).toEqual(["root: ~a", "root: ~b", "root: ab"]);
    expect(new Set(first.map(({ id }) => id)).size).toBe(1);
    expect(new Set(second.map(({ id }) => id)).size).toBe(1);
    expect(first[0]?.id).not.toBe(second[0]?.id);
    expect(first.map(({ sequence }) => sequence)).toEqual([undefined, undefined, 2]);
  });

  it("pieces are never stored, and the model never reads them", async () => {
    const root = agent("root", ["hello", "again"]);
    await using e = await engine({ agent: root });
    await collect(e.stream("hi", SSE));
    await collect(e.stream("more", SSE));
    expect(told(await e.log())).toEqual(["user: hi", "root: hello", "user: more", "root: again"]);
    expect(contentWords(root.llm.requests[1]?.contents ?? [])).toEqual([
      "user: hi",
      "model: hello",
      "user: more",
    ]);
    expect(root.llm.requests.map(({ stream }) => stream)).toEqual([true, true]);
  });

  it("a call keeps its id from the first piece to the whole; it is made once, from the whole", async () => {
    let made = 0;
    const ping = tool("ping", () => ++made);
    const root = agent(
      "root",
      [
        [
          piece({ text: "wait" }),
          piece(call("ping", { n: 1 })),
          piece(call("ping", { n: 2 })),
          whole({ text: "wait" }, call("ping", { n: 1 }), call("ping", { n: 2 })),
        ],
        "done",
      ],
      { tools: [ping] },
    );
    await using e = await engine({ agent: root });
    const events = await collect(e.stream("hi", SSE));
    const ids = (event: Event | undefined): (string | undefined)[] =>
      (event?.content?.parts ?? []).flatMap(({ functionCall }) =>
        functionCall ? [functionCall.id] : [],
      );
    const [, first, second, full, responses] = events;
    expect(ids(first)).toHaveLength(1);
    expect([...ids(first), ...ids(second)]).toEqual(ids(full));
    expect(new Set(ids(full)).size).toBe(2);
    expect(made).toBe(2);
    expect(responses?.content?.parts?.map(({ functionResponse }) => functionResponse?.id)).toEqual(
      ids(full),
    );
  });

  it("ids that the model gives are kept", async () => {
    const root = agent(
      "root",
      [
        [
          piece({ functionCall: { id: "own", name: "ping" } }),
          whole({ functionCall: { id: "own", name: "ping" } }),
        ],
        "done",
      ],
      { tools: [tool("ping", () => "pong")] },
    );
    await using e = await engine({ agent: root });
    const events = await collect(e.stream("hi", SSE));
    expect(
      events
        .slice(0, 3)
        .map(
          ({ content }) =>
            content?.parts?.[0]?.functionCall?.id ?? content?.parts?.[0]?.functionResponse?.id,
        ),
    ).toEqual(["own", "own", "own"]);
  });

  it("a piece that says nothing is not shown; an answer of pieces alone ends with an event that says so", async () => {
    const root = agent("root", [[piece(), piece({ text: "a" }), piece()], "fine"]);
    await using e = await engine({ agent: root });
    expect(told(await collect(e.stream("hi", SSE)))).toEqual([
      "root: ~a",
      "root: !MODEL_RETURNED_NO_CONTENT",
    ]);
    expect(told(await collect(e.stream("hi", SSE))).at(-1)).toBe("root: fine");
  });

  it("an answer that was cut by the provider is a whole with its error code", async () => {
    const root = agent("root", [
      [piece({ text: "a" }), { ...whole({ text: "a" }), errorCode: "MAX_TOKENS" }],
    ]);
    await using e = await engine({ agent: root });
    expect(told(await collect(e.stream("hi", SSE)))).toEqual(["root: ~a", "root: a !MAX_TOKENS"]);
  });

  it("the output key is written with the whole only", async () => {
    const root = agent("root", ["hello"], { outputKey: "answer" });
    await using e = await engine({ agent: root });
    const events = await collect(e.stream("hi", SSE));
    expect(events.map(({ actions }) => actions.stateDelta)).toEqual([{}, {}, { answer: "hello" }]);
  });

  it("run() leaves the pieces out", async () => {
    await using e = await engine({ agent: agent("root", ["hello"]) });
    expect(told(await e.say("hi", SSE))).toEqual(["root: hello"]);
  });

  it("an agent tool does not stream into its caller's run", async () => {
    const child = agent("child", ["42"]);
    const root = agent("root", [calls(["child", { request: "?" }]), "done"], {
      tools: [new AgentTool({ agent: child })],
    });
    await using e = await engine({ agent: root });
    const events = await collect(e.stream("hi", SSE));
    expect(events.filter(({ partial }) => !partial).map(({ author }) => author)).toEqual([
      "root",
      "root",
      "root",
    ]);
    expect(events.every(({ author }) => author === "root")).toBe(true);
    expect(child.llm.requests[0]?.stream).toBe(false);
  });

  it("what afterModel writes while pieces pass is stored with the whole", async () => {
    let pieces = 0;
    const root = agent("root", ["hello"], {
      afterModelCallback: ({ context }) => {
        context.state.set("pieces", ++pieces);
        return undefined;
      },
    });
    await using e = await engine({ agent: root });
    const events = await collect(e.stream("hi", SSE));
    expect(events.at(-1)?.actions.stateDelta).toEqual({ pieces: 3 });
    expect((await e.session()).state).toEqual({ pieces: 3 });
  });
});
