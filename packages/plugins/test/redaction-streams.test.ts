import { type Event, LlmAgent, type LlmResponse, type Part } from "@adk/core";
import { ScriptedLlm, type ScriptedTurn } from "@adk/core/testing";
import { describe, expect, it } from "vitest";
import { RedactionPlugin, type RedactionRule } from "../src/redaction/index.ts";
import { found, says, SECRETS } from "./support/secrets-everywhere.ts";
import { SSE, tool, world } from "./support/world.ts";

describe("RedactionPlugin, a stream", () => {
  const text = `Your key is ${SECRETS.answer}, keep it. Mine is ${SECRETS.message}.`;
  const rules: readonly RedactionRule[][] = [
    [SECRETS.answer, SECRETS.message],
    [{ pattern: /sk-\w+-\d+/, maxLength: 40 }],
    [(said) => said.replaceAll(/sk-\w+-\d+/g, "[redacted]")],
  ];

  it.each(rules.map((list) => ({ list })))("split at every point: $list", async ({ list }) => {
    await using w = await world();
    const pieces = (at: number): LlmResponse[] =>
      [text.slice(0, at), text.slice(at)].map((piece) => ({
        ...says({ text: piece }),
        partial: true,
      }));
    const turns = Array.from({ length: text.length - 1 }, (_, at): ScriptedTurn => [
      ...pieces(at + 1),
      says({ text }),
    ]);
    const root = new LlmAgent({ name: "root", model: new ScriptedLlm({ turns }) });
    const { runner } = await w.process({ root, plugins: [new RedactionPlugin({ rules: list })] });
    const newMessage = { role: "user", parts: [{ text: "hi" }] };
    for (const _ of turns) {
      let joined = "";
      let final: string | undefined;
      for await (const { content, partial } of runner.runAsync({
        userId: "u",
        sessionId: "s",
        newMessage,
        ...SSE,
      })) {
        const said = content?.parts?.[0]?.text;
        if (partial) joined += said ?? "";
        else final ??= said;
        expect(found(joined)).toEqual([]);
      }
      expect(final).toBe("Your key is [redacted], keep it. Mine is [redacted].");
      expect(joined).toBe(final);
    }
  });

  it("keeps thoughts apart from what is said, and shows calls when they are whole", async () => {
    await using w = await world();
    const secret = SECRETS.thought;
    const half = (from: number, to?: number): string => secret.slice(from, to);
    const piece = (...parts: Part[]): LlmResponse => ({ ...says(...parts), partial: true });
    const call: Part = { functionCall: { id: "c1", name: "keep", args: { a: secret } } };
    const whole = [
      { text: `I think ${secret}`, thought: true },
      { text: `and say ${secret}` },
      call,
    ];
    const turns: ScriptedTurn[] = [
      [
        piece({ text: `I think ${half(0, 7)}`, thought: true }),
        piece({ text: half(7), thought: true }),
        piece({ text: `and say ${half(0, 5)}` }),
        piece({ text: half(5) }),
        piece({ functionCall: { id: "c1", name: "keep", willContinue: true } }),
        piece({
          functionCall: {
            partialArgs: [{ jsonPath: "$.a", stringValue: half(0, 9) }],
            willContinue: true,
          },
        }),
        piece(call),
        says(...whole),
      ],
      "done",
    ];
    const real: unknown[] = [];
    const keep = tool("keep", (args) => {
      real.push(args);
      return {};
    });
    const root = new LlmAgent({ name: "root", model: new ScriptedLlm({ turns }), tools: [keep] });
    const { runner } = await w.process({
      root,
      plugins: [new RedactionPlugin({ rules: [secret] })],
    });
    const newMessage = { role: "user", parts: [{ text: "hi" }] };
    const partials: Part[] = [];
    const finals: Event[] = [];
    for await (const event of runner.runAsync({ userId: "u", sessionId: "s", newMessage, ...SSE }))
      if (event.partial) partials.push(...(event.content?.parts ?? []));
      else finals.push(event);
    const joined = (thought: boolean): string =>
      partials
        .filter((part) => Boolean(part.thought) === thought)
        .map((part) => part.text ?? "")
        .join("");
    const args = { a: "[redacted]" };
    expect(finals[0]?.content?.parts).toEqual([
      { text: "I think [redacted]", thought: true },
      { text: "and say [redacted]" },
      { functionCall: { id: "c1", name: "keep", args } },
    ]);
    expect(joined(true)).toBe("I think [redacted]");
    expect(joined(false)).toBe("and say [redacted]done");
    expect(partials.flatMap(({ functionCall }) => functionCall ?? [])).toEqual([
      { id: "c1", name: "keep", args },
    ]);
    expect(real).toEqual([{ a: secret }]);
  });
});
