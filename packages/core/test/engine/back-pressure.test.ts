import { describe, expect, it } from "vitest";
import type { Event, LlmResponse } from "../../src/index.ts";
import { agent, calls, collect, engine, settle, told, tool } from "./support.ts";

function chunk(text: string): LlmResponse {
  return { content: { role: "model", parts: [{ text }] }, partial: true };
}

describe("back-pressure", () => {
  it("stands still until the full event is taken", async () => {
    let pings = 0;
    const ping = tool("ping", () => `pong ${++pings}`);
    const root = agent("root", [calls(["ping"]), "done"], { tools: [ping] });
    await using e = await engine({ agent: root });
    const stream = e.stream("hi");
    await settle();
    expect(root.llm.requests).toHaveLength(0); // nothing before the first next()
    await stream.next();
    await settle();
    expect(pings).toBe(0);
    await stream.next();
    await settle();
    expect(pings).toBe(1);
    expect(root.llm.requests).toHaveLength(1);
    expect(await e.log()).toHaveLength(3);
    await stream.next();
    expect(root.llm.requests).toHaveLength(2);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  it("lets 256 partial events wait for the caller, then waits too", async () => {
    let sent = 0;
    const chunks = Array.from({ length: 300 }, (_, index) => chunk(`${index} `));
    const answer: LlmResponse[] = [
      ...chunks,
      { content: { role: "model", parts: [{ text: "all" }] } },
    ];
    const root = agent("root", [answer], {
      afterModelCallback: () => {
        sent++;
        return undefined;
      },
    });
    await using e = await engine({ agent: root });
    const stream = e.stream("hi", { runConfig: { streamingMode: "sse" } });
    const first = await stream.next();
    for (let turn = 0; turn < 100; turn++) await settle();
    // One is with the caller, 256 wait, and one has been made and stands before the full queue.
    expect(sent).toBe(258);
    const taken = [first.value as Event];
    while (sent === 258 && taken.length < 300) {
      taken.push((await stream.next()).value as Event);
      await settle();
    }
    expect(taken).toHaveLength(259); // the caller came back for the one after the one that waited
    const texts = [...taken, ...(await collect(stream))].map(
      (event) => event.content?.parts?.[0]?.text,
    );
    expect(texts).toEqual([...Array.from({ length: 300 }, (_, index) => `${index} `), "all"]);
    expect(told(await e.log())).toEqual(["user: hi", "root: all"]);
  });

  it("gives a slow consumer everything in order", async () => {
    const say = (text: string): LlmResponse[] => [
      chunk(text.slice(0, 1)),
      chunk(text.slice(1)),
      { content: { role: "model", parts: [{ text }] } },
    ];
    const root = agent("root", [[...say("ab"), ...say("cd")]]);
    await using e = await engine({ agent: root });
    const seen: string[] = [];
    for await (const event of e.stream("hi", { runConfig: { streamingMode: "sse" } })) {
      await settle();
      seen.push(...told([event]));
    }
    expect(seen).toEqual(["root: ~a", "root: ~b", "root: ab", "root: ~c", "root: ~d", "root: cd"]);
  });

  it("answers several next() that were called at once, in order", async () => {
    const root = agent("root", [calls(["ping"]), "done"], { tools: [tool("ping", () => "pong")] });
    await using e = await engine({ agent: root });
    const stream = e.stream("hi");
    const results = await Promise.all([1, 2, 3, 4].map(() => stream.next()));
    expect(results.map(({ done }) => done)).toEqual([false, false, false, true]);
    expect(told(results.slice(0, 3).map(({ value }) => value as Event))).toEqual([
      "root: ping()",
      'root: ping → {"result":"pong"}',
      "root: done",
    ]);
  });

  it("tells an error once; afterwards the stream is over", async () => {
    await using e = await engine({ agent: agent("root", [new Error("down")]) });
    const stream = e.stream("hi");
    expect(told([(await stream.next()).value as Event])).toEqual(["root: !MODEL_FAILED"]);
    await expect(stream.next()).rejects.toMatchObject({ code: "MODEL_FAILED" });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  it("yields nothing before the message is stored, and the message itself when asked for", async () => {
    await using e = await engine({ agent: agent("root", ["hello"]) });
    const events = await e.say("hi", { yieldUserMessage: true });
    expect(told(events)).toEqual(["user: hi", "root: hello"]);
    expect(events.map(({ sequence }) => sequence)).toEqual([1, 2]);
    expect(events.every((event) => Object.isFrozen(event))).toBe(true);
  });
});
