import { DatabaseSync } from "node:sqlite";
import {
  BasePlugin,
  type CallbackContext,
  type Content,
  type Event,
  LlmAgent,
  type LlmRequest,
  type Part,
} from "@adk/core";
import { ScriptedLlm } from "@adk/core/testing";
import { describe, expect, it } from "vitest";
import { ToolCallIntegrityPlugin } from "../src/tool-call-integrity/index.ts";
import { repairPairs } from "../src/tool-call-integrity/repair-pairs.ts";
import { calls, KEY, SSE, STORES, tool, world } from "./support/world.ts";

const user = (text: string): Content => ({ role: "user", parts: [{ text }] });
const part = (kind: "call" | "response", id: string): Part =>
  kind === "call"
    ? { functionCall: { id, name: "ping", args: {} } }
    : { functionResponse: { id, name: "ping", response: { of: id } } };
const call = (...ids: string[]): Content => ({
  role: "model",
  parts: ids.map((id) => part("call", id)),
});
const response = (...ids: string[]): Content => ({
  role: "user",
  parts: ids.map((id) => part("response", id)),
});
const UNKNOWN = { error: "The call was interrupted; its outcome is unknown." };

describe("repairPairs", () => {
  it("leaves a request that is in order as it is, to the list", () => {
    const contents = [user("q"), call("a", "b"), response("b", "a"), user("r")];
    expect(repairPairs(contents).contents).toBe(contents);
  });

  it.each<[string, Content[], Content[], object]>([
    [
      "answers a call without a response",
      [user("q"), call("a", "b"), response("a"), user("r")],
      [
        user("q"),
        call("a", "b"),
        {
          role: "user",
          parts: [
            part("response", "a"),
            { functionResponse: { id: "b", name: "ping", response: UNKNOWN } },
          ],
        },
        user("r"),
      ],
      { answered: 1, moved: 0, dropped: 0 },
    ],
    [
      "moves a response behind its call",
      [user("q"), call("a"), user("r"), response("a")],
      [user("q"), call("a"), response("a"), user("r")],
      { answered: 0, moved: 1, dropped: 0 },
    ],
    [
      "leaves out a response without a call, and keeps what stands beside it",
      [user("q"), { role: "user", parts: [part("response", "x"), { text: "and" }] }],
      [user("q"), user("and")],
      { answered: 0, moved: 0, dropped: 1 },
    ],
    [
      "takes the last of two responses",
      [
        call("a"),
        response("a"),
        {
          role: "user",
          parts: [{ functionResponse: { id: "a", name: "ping", response: { later: 1 } } }],
        },
      ],
      [call("a"), response("a")],
      { answered: 0, moved: 0, dropped: 1 },
    ],
    [
      "keeps the files beside a response",
      [
        call("a"),
        { role: "user", parts: [part("response", "a"), { text: "file" }] },
        response("a"),
      ],
      [call("a"), { role: "user", parts: [part("response", "a"), { text: "file" }] }],
      { answered: 0, moved: 0, dropped: 1 },
    ],
  ])("%s", (_what, contents, expected, repairs) => {
    const repaired = repairPairs(contents);
    expect(repaired.contents).toEqual(expected);
    expect(repaired.repairs).toEqual(repairs);
    expect(repairPairs(repaired.contents).contents).toBe(repaired.contents);
  });
});

/** Drops every response from requests, as a careless filter does. */
class Careless extends BasePlugin {
  override async beforeModelCallback({
    llmRequest,
  }: {
    callbackContext: CallbackContext;
    llmRequest: LlmRequest;
  }): Promise<undefined> {
    llmRequest.contents = llmRequest.contents.filter(
      ({ parts }) => !parts?.some(({ functionResponse }) => functionResponse),
    );
  }
}

describe.each(STORES)("ToolCallIntegrityPlugin on %s", (store) => {
  it("repairs what a plugin before it has broken, streamed and resumed, and says so", async () => {
    const model = new ScriptedLlm({ turns: [calls(["ping", "c1"]), "done"] });
    const root = new LlmAgent({ name: "root", model, tools: [tool("ping", () => "pong")] });
    await using w = await world(store);
    const parts = { root, plugins: [new Careless("careless"), new ToolCallIntegrityPlugin()] };
    await (await w.process(parts)).sayAndLeave("hi", 1, { invocationId: "e-1", ...SSE });
    await (await w.process(parts)).say(undefined, { invocationId: "e-1" });
    expect(model.requests.at(-1)?.contents.at(-1)?.parts?.[0]?.functionResponse).toMatchObject({
      id: "c1",
      response: UNKNOWN,
    });
    expect(w.logged.some((line) => line.includes("has repaired a request"))).toBe(true);
  });
});

describe("ToolCallIntegrityPlugin with a key", () => {
  /** A call that waits for an approval, stored with one plugin; then the answer comes to another process, with another one. */
  async function approved({
    storedWith,
    checkedWith,
    change = () => undefined,
    fork = false,
  }: {
    storedWith: BasePlugin[];
    checkedWith: BasePlugin[];
    change?: (database: DatabaseSync) => void;
    fork?: boolean;
  }): Promise<{ paid: unknown[]; logged: string[] }> {
    const model = new ScriptedLlm({ turns: [calls(["pay", "c1", { amount: 5 }]), "done"] });
    const paid: unknown[] = [];
    const pay = tool("pay", ({ amount }) => void paid.push(amount), { requireConfirmation: true });
    const root = new LlmAgent({ name: "root", model, tools: [pay] });
    await using w = await world("sqlite");
    const asked = await (await w.process({ root, plugins: storedWith })).say("pay 5");
    const request = asked
      .flatMap(({ content }) => content?.parts ?? [])
      .find(({ functionCall }) => functionCall?.name === "adk_request_confirmation")?.functionCall;
    const database = new DatabaseSync(w.path);
    change(database);
    database.close();
    const { runner, say } = await w.process({ root, plugins: checkedWith });
    const id = request?.id as string;
    const answer = { id, name: "adk_request_confirmation", response: { confirmed: true } };
    const message = { role: "user", parts: [{ functionResponse: answer }] };
    if (fork) {
      const atSequence = (await w.log()).length;
      const { userId, sessionId } = KEY;
      await runner.forkSession({ userId, sessionId, atSequence, newSessionId: "fork" });
      await say(message, { sessionId: "fork" });
    } else await say(message);
    return { paid, logged: w.logged };
  }

  const change =
    (from: string, to: string) =>
    (database: DatabaseSync): void => {
      const { changes } = database
        .prepare("update adk_event set data = replace(data, ?, ?) where instr(data, ?) > 0")
        .run(from, to, from);
      expect(Number(changes)).toBeGreaterThan(0);
    };
  const keyed = (secretKey: string | string[], enforcement?: "block" | "shadow"): BasePlugin[] => [
    new ToolCallIntegrityPlugin({ secretKey, ...(enforcement ? { enforcement } : {}) }),
  ];

  it("lets an untouched call pass, in a fork too, and with a new key beside the old one", async () => {
    expect((await approved({ storedWith: keyed("k"), checkedWith: keyed("k") })).paid).toEqual([5]);
    expect(
      (await approved({ storedWith: keyed("k"), checkedWith: keyed("k"), fork: true })).paid,
    ).toEqual([5]);
    expect(
      (await approved({ storedWith: keyed("k"), checkedWith: keyed(["new", "k"]) })).paid,
    ).toEqual([5]);
  });

  it.each<[string, Parameters<typeof approved>[0]]>([
    [
      "changed arguments",
      {
        storedWith: keyed("k"),
        checkedWith: keyed("k"),
        change: change('"amount":5', '"amount":500'),
      },
    ],
    [
      "changed arguments, even when it is lenient",
      {
        storedWith: keyed("k"),
        checkedWith: keyed("k", "shadow"),
        change: change('"amount":5', '"amount":500'),
      },
    ],
    [
      "another tool",
      {
        storedWith: keyed("k"),
        checkedWith: keyed("k"),
        change: change(
          '"functionCall":{"id":"c1","name":"pay"',
          '"functionCall":{"id":"c1","name":"buy"',
        ),
      },
    ],
    [
      "another call's id",
      {
        storedWith: keyed("k"),
        checkedWith: keyed("k"),
        change: change('"id":"c1","name"', '"id":"c2","name"'),
      },
    ],
    [
      "a stamp that is no stamp",
      {
        storedWith: keyed("k"),
        checkedWith: keyed("k"),
        change: change('"_tool_call_hmac":{"c1":"', '"_tool_call_hmac":{"c1":"zz'),
      },
    ],
    ["stamps of another key", { storedWith: keyed("other"), checkedWith: keyed("k") }],
    ["no stamps", { storedWith: [], checkedWith: keyed("k") }],
  ])("ends the run for %s", async (_what, setup) => {
    await expect(approved(setup)).rejects.toMatchObject({
      code: "PLUGIN_FAILED",
      cause: { code: "FAILED_PRECONDITION" },
    });
  });

  it("passes over calls whose arguments are redacted in the log: they are not made from it", async () => {
    class HideArguments extends BasePlugin {
      override redact(event: Event): Event[] {
        const parts = event.content?.parts?.map((one) =>
          one.functionCall
            ? { functionCall: { ...one.functionCall, args: { hidden: true } } }
            : one,
        );
        return [parts ? { ...event, content: { ...event.content, parts } } : event];
      }
    }
    const model = new ScriptedLlm({ turns: [calls(["ping", "c1", { secret: 1 }]), "one", "two"] });
    const root = new LlmAgent({ name: "root", model, tools: [tool("ping", () => "pong")] });
    await using w = await world("sqlite");
    const process = () =>
      w.process({ root, plugins: [...keyed("k"), new HideArguments("hide_arguments")] });
    await (await process()).say("hi");
    await (await process()).say("more");
    model.assertConsumed();
    expect(JSON.stringify(await w.log())).not.toContain("secret");
  });

  it("only warns of missing stamps when it is told to", async () => {
    const { paid, logged } = await approved({ storedWith: [], checkedWith: keyed("k", "shadow") });
    expect(paid).toEqual([5]);
    expect(logged).toContain("Plugin tool_call_integrity: call c1 has no stamp.");
  });

  it("refuses keys that are none, and an enforcement of nothing", () => {
    for (const secretKey of ["", [], ["k", ""], 7])
      expect(() => new ToolCallIntegrityPlugin({ secretKey: secretKey as string })).toThrow(
        /`secretKey`/,
      );
    expect(() => new ToolCallIntegrityPlugin({ enforcement: "block" })).toThrow(
      /needs a `secretKey`/,
    );
  });
});
