import { describe, expect, it } from "vitest";
import {
  AgentTool,
  App,
  BasePlugin,
  BaseEventsSummarizer,
  createEvent,
  type Event,
  FunctionTool,
  getFunctionCalls,
  type LlmResponse,
  type Runner,
} from "../../src/index.ts";
import type { ScriptedTurn } from "../../src/testing/index.ts";
import {
  agent,
  answer,
  calls,
  collect,
  contentWords,
  engine,
  type Engine,
  type EngineOptions,
  KEY,
  settle,
  told,
  tool,
  user,
} from "./support.ts";

const SECRET = "s3cret";
const RESUMABLE = { resumabilityConfig: { isResumable: true } };

/** Puts `***` in the place of the secret, wherever it stands, and of one that comes in pieces. */
class Mask extends BasePlugin {
  readonly #held: Map<string, string> = new Map();

  override redact(event: Event): Event[] {
    const text = event.content?.parts?.[0]?.text;
    const held = this.#held.get(event.id) ?? "";
    if (!event.partial) {
      this.#held.delete(event.id);
      return [...(held === "" ? [] : [piece(masked(event), masked(held))]), masked(event)];
    }
    if (text === undefined) return [masked(event)];
    const all = held + text;
    let keep = Math.min(all.length, SECRET.length - 1);
    while (keep > 0 && !SECRET.startsWith(all.slice(-keep))) keep--;
    this.#held.set(event.id, all.slice(all.length - keep));
    const out = all.slice(0, all.length - keep);
    return out === "" ? [] : [piece(masked(event), masked(out))];
  }
}

function piece(event: Event, text: string): Event {
  return { ...event, partial: true, content: { role: "model", parts: [{ text }] } };
}

function masked<T>(value: T): T {
  if (typeof value === "string") return value.replaceAll(SECRET, "***") as T;
  if (Array.isArray(value)) return value.map((item: unknown) => masked(item)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [masked(name), masked(member as unknown)]),
  ) as T;
}

const mask = (): Mask => new Mask("mask");

/** Everything that the store has of the session, as it has it. */
async function raw({ store }: Engine): Promise<string> {
  const all = { events: {}, state: true, initialState: true, kept: true };
  return JSON.stringify(await store.read({ ...KEY, ...all }));
}

const masking = (options: EngineOptions): Promise<Engine> =>
  engine({ plugins: [mask()], ...options });

const saying = (text: string): LlmResponse => ({ content: { role: "model", parts: [{ text }] } });

describe("redact", () => {
  it("stands before all that is stored and shown; only the tool has the real arguments", async () => {
    const seen: unknown[] = [];
    const root = agent(
      "root",
      [
        calls(["use", { key: SECRET, [SECRET]: 1 }, "c1"], ["use", { key: "plain" }, "c2"]),
        `the secret is ${SECRET}`,
      ],
      {
        outputKey: "said",
        tools: [
          tool("use", (args, { state }) => {
            seen.push(args);
            state.set(`user:${SECRET}`, [SECRET]);
            state.set("temp:key", SECRET);
            return { got: SECRET };
          }),
        ],
        afterModelCallback: ({ context }) => {
          seen.push(context.state.get("temp:key"));
          return undefined;
        },
      },
    );
    await using world = await masking({ agent: root, ...RESUMABLE });
    const events = await world.say(`keep ${SECRET}`, {
      yieldUserMessage: true,
      stateDelta: { "app:key": SECRET },
      customMetadata: { key: SECRET },
    });
    expect(seen).toEqual([
      undefined,
      { key: SECRET, [SECRET]: 1 },
      { key: "plain" },
      SECRET, // the invocation's own state is neither stored nor shown
    ]);
    expect(JSON.stringify([events, await raw(world)])).not.toContain(SECRET);
    expect(events.map(({ redactedCalls }) => redactedCalls)).toEqual([
      undefined,
      ["c1"],
      undefined,
      undefined,
      undefined,
    ]);
    // What is read again is what was stored.
    expect(contentWords(root.llm.requests[1]?.contents ?? [])).toEqual([
      "user: keep ***",
      'model: use({"key":"***","***":1}) use({"key":"plain"})',
      'user: use → {"got":"***"} use → {"got":"***"}',
    ]);
    expect((await world.session()).state).toMatchObject({
      said: "the secret is ***",
      "app:key": "***",
      "user:***": ["***"],
    });
    expect((await world.log()).filter(({ toolRecord }) => toolRecord)).toHaveLength(2);
  });

  it("stands before errors, and before what other plugins put in", async () => {
    class Leak extends BasePlugin {
      override async onEventCallback(): Promise<Partial<Event>> {
        return { customMetadata: { onEvent: SECRET } };
      }
      override async beforeYieldCallback({ event }: { event: Event }): Promise<Partial<Event>> {
        return { customMetadata: { ...event.customMetadata, beforeYield: SECRET } };
      }
    }
    const root = agent("root", [[{ ...saying("a"), partial: true }, new Error(`no ${SECRET}`)]]);
    for (const plugins of [
      [mask(), new Leak("leak")],
      [new Leak("leak"), mask()],
    ]) {
      root.llm.requests.length = 0;
      await using world = await masking({ agent: root.clone(), plugins });
      const shown: Event[] = [];
      await expect(async () => {
        for await (const event of world.stream("hi", { runConfig: { streamingMode: "sse" } }))
          shown.push(event);
      }).rejects.toThrow(`no ${SECRET}`);
      expect(JSON.stringify([shown, await raw(world)])).not.toContain(SECRET);
      expect(shown.map(({ customMetadata }) => customMetadata)).toEqual([
        { onEvent: "***", beforeYield: "***" },
        { onEvent: "***", beforeYield: "***" },
      ]);
      expect(shown.at(-1)?.errorMessage).toContain("no ***");
    }
  });

  const whole = `a ${SECRET}, s3, and ${SECRET}`;
  it.each(Array.from({ length: whole.length + 1 }, (_, at) => at))(
    "finds what comes in pieces that are split at %i; the pieces joined are the final text",
    async (at) => {
      const parts = [whole.slice(0, at), whole.slice(at)].filter((text) => text !== "");
      const turn: ScriptedTurn = [
        ...parts.map((text) => ({ ...saying(text), partial: true })),
        saying(whole),
      ];
      await using world = await masking({ agent: agent("root", [turn]) });
      const events = await collect(world.stream("hi", { runConfig: { streamingMode: "sse" } }));
      const textOf = (event: Event | undefined): string => event?.content?.parts?.[0]?.text ?? "";
      const final = events.at(-1);
      expect(textOf(final)).toBe("a ***, s3, and ***");
      expect(final?.partial).toBeUndefined();
      const pieces = events.slice(0, -1);
      expect(pieces.every(({ partial, id }) => partial && id === final?.id)).toBe(true);
      expect(pieces.map(textOf).join("")).toBe(textOf(final));
    },
  );

  it("leaves held-back text that a plugin hides hidden", async () => {
    class Hide extends BasePlugin {
      override async beforeYieldCallback({ event }: { event: Event }): Promise<null | undefined> {
        return event.partial ? null : undefined;
      }
    }
    const turn = [{ ...saying("a s3"), partial: true }, saying("a s3")];
    await using world = await masking({
      agent: agent("root", [turn]),
      plugins: [mask(), new Hide("hide")],
    });
    const events = await collect(world.stream("hi", { runConfig: { streamingMode: "sse" } }));
    expect(told(events)).toEqual(["root: a s3"]);
  });

  it("compares a message that is sent again with what was stored", async () => {
    await using world = await masking({ agent: agent("root", ["a", "b"]) });
    const [first] = await world.say(`keep ${SECRET}`, { invocationId: "e-1" });
    expect(told([first as Event])).toEqual(["root: a"]);
    await world.say(`keep ${SECRET}`, { invocationId: "e-1" });
    const log = await world.log();
    expect(log.filter(({ author }) => author === "user")).toHaveLength(1);
    await expect(world.say("another", { invocationId: "e-1" })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });

  it("stands before summaries and rewinds", async () => {
    class Sums extends BaseEventsSummarizer {
      override async maybeSummarizeEvents(): Promise<Event> {
        const compactedContent = { role: "model", parts: [{ text: `sum ${SECRET}` }] };
        const compaction = { startTimestamp: 0, endTimestamp: 0, compactedContent };
        return createEvent({ actions: { compaction } });
      }
    }
    for (const inBackground of [false, true]) {
      const app = new App({
        name: "app",
        rootAgent: agent("root", ["a", "b"]),
        plugins: [mask()],
        eventsCompactionConfig: {
          compactionInterval: 1,
          overlapSize: 0,
          summarizer: new Sums(),
          inBackground,
        },
      });
      await using world = await engine({ app });
      const [said] = await world.say(SECRET);
      await world.say("more");
      const { appName: _, ...key } = KEY;
      const rewindBeforeInvocationId = said?.invocationId ?? "";
      await world.runner.rewindAsync({ ...key, rewindBeforeInvocationId });
      await world.runner.close();
      expect(await raw(world)).toContain("sum ***");
      expect(await raw(world)).not.toContain(SECRET);
    }
  });

  it("refuses to store what a plugin could not redact", async () => {
    class Failing extends BasePlugin {
      override redact(event: Event): Event[] {
        if (event.author === "root" && event.errorCode === undefined) throw new Error("oops");
        return [event];
      }
    }
    await using world = await masking({ agent: agent("root", ["a"]), plugins: [new Failing("f")] });
    await expect(world.say("hi")).rejects.toMatchObject({
      code: "PLUGIN_FAILED",
      details: { plugin: "f", hook: "redact" },
    });
    expect(told(await world.log())).toEqual(["user: hi", "root: !PLUGIN_FAILED"]);
  });

  it.each<[string, (event: Event) => unknown]>([
    ["nothing", () => undefined],
    ["a promise", async (event) => [event]],
    ["no event", () => []],
    ["two events", (event) => [event, event]],
    ["a piece alone", (event) => [{ ...event, partial: true }]],
    ["a piece behind the event", (event) => [event, { ...event, partial: true }]],
    ["something else", () => ["text"]],
    ["an event without its call", (event) => [{ ...event, content: { role: "model", parts: [] } }]],
    [
      "a call of another name",
      (event) => [
        {
          ...event,
          content: { parts: [{ functionCall: { ...getFunctionCalls(event)[0], name: "rm" } }] },
        },
      ],
    ],
  ])("fails the run when it gives %s", async (_, redact) => {
    class Odd extends BasePlugin {
      override redact(event: Event): Event[] {
        return event.author === "root" && event.content ? (redact(event) as Event[]) : [event];
      }
    }
    const root = agent("root", [calls(["use", {}, "c1"])], { tools: [tool("use", () => "x")] });
    await using world = await masking({ agent: root, plugins: [new Odd("odd")] });
    await expect(world.say("hi")).rejects.toMatchObject({
      code: "PLUGIN_FAILED",
      details: { plugin: "odd", hook: "redact" },
      cause: { code: "INVALID_ARGUMENT" },
    });
    expect(told(await world.log())).toEqual(["user: hi", "root: !PLUGIN_FAILED"]);
  });

  it("cannot make another event of it", async () => {
    class Forge extends BasePlugin {
      override redact(event: Event): Event[] {
        return [{ ...event, id: "x", author: "x", invocationId: "x", timestamp: 1 }];
      }
    }
    await using world = await masking({ agent: agent("root", ["a"]), plugins: [new Forge("f")] });
    await world.say("hi");
    expect(told(await world.log())).toEqual(["user: hi", "root: a"]);
  });
});

describe("a call whose arguments were altered", () => {
  const turns = (): ScriptedTurn[] => [
    calls(["use", { key: SECRET }, "c1"], ["use", { key: "plain" }, "c2"]),
    "done",
  ];

  it("is not made from the log: the model reads that its outcome is unknown", async () => {
    const made: unknown[] = [];
    const used = tool("use", (args) => {
      made.push(args);
      return made.length === 1 ? new Promise<never>(() => {}) : "made";
    });
    const root = agent("root", turns(), { tools: [used] });
    await using world = await masking({ agent: root, abortGraceMs: 0, ...RESUMABLE });
    const stream = world.stream("hi");
    await stream.next();
    const rest = stream.next();
    await settle();
    const closing = world.runner.close(); // in the middle of the tools
    await settle();
    await world.clock.advance(10_000);
    await Promise.all([closing, rest]);
    expect(made).toHaveLength(2);
    made.length = 0;
    const other: Runner = world.another();
    const { invocationId } = (await world.log())[0] as Event;
    const events = await other.run({ userId: "u", sessionId: "s", invocationId });
    expect(made).toEqual([]); // c1 cannot be, and c2 has its response
    expect(told(events)[0]).toMatch(
      /^root: use → {"error":"The arguments of this call of use were redacted.*unknown\."}$/,
    );
    expect(told(events)[1]).toBe("root: done");
    expect(await raw(world)).not.toContain(SECRET);
  });

  it("is not made when a person has approved it in a later run", async () => {
    const made: unknown[] = [];
    const guarded = new FunctionTool({
      name: "use",
      description: "uses",
      parameters: { type: "object" },
      requireConfirmation: true,
      execute: (args) => {
        made.push(args);
        return "made";
      },
    });
    const root = agent("root", turns(), { tools: [guarded] });
    await using world = await masking({ agent: root, ...RESUMABLE });
    const events = await world.say("hi");
    const asked = events.flatMap(getFunctionCalls).filter(({ name }) => name !== "use");
    expect(JSON.stringify(asked)).not.toContain(SECRET);
    const approvals = asked.map(({ id, name }): [string, string, object] => [
      id ?? "",
      name ?? "",
      { confirmed: true },
    ]);
    const rest = await world.say(answer(...approvals));
    expect(made).toEqual([{ key: "plain" }]);
    expect(told(rest)[0]).toMatch(/unknown\."} use → {"result":"made"}$/);
  });

  it.each([true, false])(
    "runs with its real arguments inside an agent tool (with plugins: %s)",
    async (includePlugins) => {
      for (const more of [{}, RESUMABLE]) {
        const made: unknown[] = [];
        const helper = agent("helper", [calls(["use", { key: SECRET }, "h1"]), `it is ${SECRET}`], {
          description: "helps",
          tools: [tool("use", (args) => void made.push(args))],
        });
        const root = agent("root", [calls(["helper", { request: SECRET }, "c1"]), "done"], {
          tools: [new AgentTool({ agent: helper, includePlugins })],
        });
        await using world = await masking({ agent: root, ...more });
        const events = await world.say(user("hi"));
        expect(made).toEqual([{ key: SECRET }]);
        expect(told(events)).toContain("root: done");
        expect(JSON.stringify([events, await raw(world)])).not.toContain(SECRET);
        const recorded = (await world.log()).flatMap(({ toolRecord }) => toolRecord?.event ?? []);
        expect(recorded.flatMap(({ redactedCalls }) => redactedCalls ?? [])).toEqual(
          more === RESUMABLE ? ["h1"] : [],
        );
      }
    },
  );
});
