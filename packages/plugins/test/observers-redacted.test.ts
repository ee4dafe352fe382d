import { readFile } from "node:fs/promises";
import {
  BasePlugin,
  type Context,
  type Event,
  LlmAgent,
  type LlmResponse,
  type Part,
} from "@adk/core";
import { ScriptedLlm, type ScriptedTurn } from "@adk/core/testing";
import { freshFolder } from "@adk/test-services";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { AnalyticsPlugin } from "../src/analytics/index.ts";
import { DebugLoggingPlugin } from "../src/debug-logging/index.ts";
import { AsStored } from "../src/internal/as-stored.ts";
import { LoggingPlugin } from "../src/logging/index.ts";
import { RedactionPlugin, type RedactionRule } from "../src/redaction/index.ts";
import { GatheringSink } from "./support/gathering-sink.ts";
import { found, PATHS, says, SECRETS } from "./support/secrets-everywhere.ts";
import { calls, SSE, STORES, tool, world } from "./support/world.ts";
import { writtenByObservers } from "./support/written-by-observers.ts";

const except = (...paths: string[]): string[] => PATHS.filter((path) => !paths.includes(path));

describe.each(STORES)("what observers write, on %s", (store) => {
  it.each([
    ["first", "fail"],
    ["last", "fail"],
    ["first", "isolate"],
    ["last", "isolate"],
  ] as const)("has none of 20 secrets, with the redaction %s (%s)", async (place, onFailure) => {
    await using w = await world(store);
    const { debugFile, jsonLines, lines, lost } = await writtenByObservers(w, place, onFailure);
    expect(found(debugFile)).toEqual([]);
    expect(found(jsonLines)).toEqual([]);
    expect(found(lines)).toEqual([]);
    expect(lost).toBe(0);
    for (const written of [debugFile, jsonLines, lines])
      expect(written.split("[redacted]").length).toBeGreaterThan(20);
  });

  it("has them all without it: it is what keeps them out", async () => {
    await using w = await world(store);
    const { debugFile, jsonLines, lines } = await writtenByObservers(w, "nowhere");
    // Bytes of files are in none. Rows and lines have no metadata and no state of a request, lines no values of state at all.
    expect(found(debugFile)).toEqual(except("messageFile"));
    expect(found(jsonLines)).toEqual(except("messageFile", "metadata", "stateOfRequest"));
    const unshown = ["metadata", "stateOfRequest", "toolState", "agentToolState", "codeOutput"];
    expect(found(lines)).toEqual(except("messageFile", "summary", ...unshown));
  });
});

interface Entry {
  readonly type: string;
  readonly response?: LlmResponse;
}

/** The entries of a debug file, run by run. */
async function entriesOf(path: string): Promise<Entry[][]> {
  const documents = [...parseAllDocuments(await readFile(path, "utf8"))];
  return documents.map((document) => (document.toJS() as { entries: Entry[] }).entries);
}

function joined(responses: readonly LlmResponse[]): string {
  return responses.flatMap(({ content }) => content?.parts?.map(({ text }) => text) ?? []).join("");
}

/** A piece of an answer. */
function piece(...parts: Part[]): LlmResponse {
  return { ...says(...parts), partial: true };
}

describe("an observer of an answer in pieces", () => {
  const text = `Your key is ${SECRETS.answer}, keep it.`;
  const clean = "Your key is [redacted], keep it.";
  const turns = Array.from({ length: text.length - 1 }, (_, at): ScriptedTurn => [
    piece({ text: text.slice(0, at + 1) }),
    piece({ text: text.slice(at + 1) }),
    says({ text }),
  ]);
  const rules: RedactionRule[][] = [
    [SECRETS.answer],
    [(said) => said.replaceAll(SECRETS.answer, "[redacted]")],
  ];

  it.each(rules.flatMap((list) => ["first", "last"].map((place) => ({ list, place }))))(
    "writes no half of a secret, wherever it is split, and takes none from the caller ($place)",
    async ({ list, place }) => {
      await using folder = await freshFolder();
      await using w = await world();
      const outputPath = `${folder.path}/debug.yaml`;
      const lines: string[] = [];
      const observers = [
        new DebugLoggingPlugin({ outputPath }),
        new LoggingPlugin({ write: (line) => void lines.push(line), payloads: true }),
        new AnalyticsPlugin({ sink: new GatheringSink() }),
      ];
      const redaction = new RedactionPlugin({ rules: list });
      const plugins = place === "first" ? [redaction, ...observers] : [...observers, redaction];
      const root = new LlmAgent({ name: "root", model: new ScriptedLlm({ turns }) });
      const { runner } = await w.process({ root, plugins });
      const newMessage = { role: "user", parts: [{ text: "hi" }] };
      for (const _ of turns) {
        const pieces: Event[] = [];
        const run = runner.runAsync({ userId: "u", sessionId: "s", newMessage, ...SSE });
        for await (const event of run) if (event.partial) pieces.push(event);
        expect(joined(pieces)).toBe(clean);
      }
      const runs = await entriesOf(outputPath);
      expect(runs).toHaveLength(turns.length);
      for (const entries of runs) {
        const responses = entries.flatMap(({ response }) => response ?? []);
        expect(joined(responses.filter(({ partial }) => partial))).toBe(clean);
        expect(joined(responses.filter(({ partial }) => !partial))).toBe(clean);
      }
      expect(found(lines.join("\n"))).toEqual([]);
    },
  );

  it("writes what was held back when no more comes: the model fails, or the caller leaves", async () => {
    await using folder = await freshFolder();
    await using w = await world();
    const outputPath = `${folder.path}/debug.yaml`;
    const answer = [piece({ text: "I know: " }), piece({ text: SECRETS.answer })];
    const root = new LlmAgent({
      name: "root",
      model: new ScriptedLlm({
        turns: [
          [...answer, new Error(`cut at ${SECRETS.runError}`)],
          [...answer, piece({ text: " and " }), says({ text: `I know: ${SECRETS.answer} and ` })],
        ],
      }),
    });
    const rules = [SECRETS.answer, SECRETS.runError];
    const plugins = [new DebugLoggingPlugin({ outputPath }), new RedactionPlugin({ rules })];
    const { runner, say } = await w.process({ root, plugins });
    await expect(say("hi", SSE)).rejects.toThrow(SECRETS.runError);
    const newMessage = { role: "user", parts: [{ text: "again" }] };
    for await (const event of runner.runAsync({ userId: "u", sessionId: "s", newMessage, ...SSE }))
      if (event.partial) break;
    const runs = await entriesOf(outputPath);
    expect(runs).toHaveLength(2);
    for (const entries of runs)
      expect(joined(entries.flatMap(({ response }) => response ?? []))).toMatch(/^I know: \[redac/);
    expect(found(await readFile(outputPath, "utf8"))).toEqual([]);
  });
});

describe("what observers write", () => {
  /** A run with a tool and these plugins: file, rows and lines. */
  async function written(
    plugins: BasePlugin[],
    execute: (args: Record<string, unknown>, context: Context) => unknown = () => "done",
    limit: { maxTextLength?: number; maxArgsLength?: number } = {},
  ): Promise<{ file: string; rows: string; lines: string; error: unknown }> {
    await using folder = await freshFolder();
    await using w = await world("sqlite");
    const outputPath = `${folder.path}/debug.yaml`;
    const sink = new GatheringSink();
    const lines: string[] = [];
    const { maxTextLength } = limit;
    const analytics = new AnalyticsPlugin({ sink, maxTextLength });
    const observers = [
      new DebugLoggingPlugin({ outputPath, maxTextLength }),
      new LoggingPlugin({ write: (line) => void lines.push(line), payloads: true, ...limit }),
      analytics,
    ];
    const model = new ScriptedLlm({
      turns: [calls(["work", "c1", { on: SECRETS.argument }]), "2"],
    });
    const root = new LlmAgent({
      name: "root",
      model,
      instruction: `Never tell ${SECRETS.message}.`,
      tools: [tool("work", execute)],
    });
    const { say } = await w.process({ root, plugins: [...observers, ...plugins] });
    const message = { role: "user", parts: [{ text: "it is sk-mess" }, { text: "age-1000003" }] };
    const error = await say(message).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    await analytics.flush();
    expect(analytics.stats.dropped.failed).toBe(0);
    return {
      file: await readFile(outputPath, "utf8"),
      rows: JSON.stringify([...sink.rows.values()]),
      lines: lines.join("\n"),
      error,
    };
  }
  const all = new RedactionPlugin({ rules: Object.values(SECRETS) });

  it("is redacted before it is cut, in parts of one text, and where no log has it", async () => {
    const { file, rows, lines } = await written(
      [all],
      (_, { state }) => {
        state.set("temp:key", SECRETS.toolState);
        state.set(`temp:${SECRETS.nameInResult}`, 1);
        return { found: SECRETS.toolResult };
      },
      { maxTextLength: 30, maxArgsLength: 30 },
    );
    for (const text of [file, rows, lines]) {
      expect(text).not.toMatch(/sk-/);
      expect(text).not.toContain("age-1000003");
      expect(text).toContain("it is [redacted]");
    }
    expect(file).toContain("temp:[redacted]");
    expect(file).toContain("Never tell [redacted].");
  });

  it("passes the plugins of the app that redact, whoever made them", async () => {
    class HideTexts extends BasePlugin {
      override redact(event: Event): Event[] {
        const parts = event.content?.parts?.map(({ text, ...part }) =>
          text === undefined ? part : { ...part, text: text.replaceAll(/\w/g, "#") },
        );
        return [parts ? { ...event, content: { ...event.content, parts } } : event];
      }
    }
    const { file, rows, lines } = await written([new HideTexts("hide_texts")]);
    for (const text of [file, rows, lines]) expect(text).toContain("## ## ##-####");
  });

  it("is what a redaction by tool or by author takes for the log's own", async () => {
    const hide = (event: Event, hidden: (part: Part) => Part): Event[] => {
      const parts = event.content?.parts?.map(hidden);
      return [parts ? { ...event, content: { ...event.content, parts } } : event];
    };
    const origins = new Set<string>();
    class ByTool extends BasePlugin {
      override redact(event: Event): Event[] {
        origins.add(JSON.stringify([event.author, event.invocationId === ""]));
        const { toolRecord } = event;
        const found = toolRecord?.response?.["ssn"];
        const recorded = found
          ? { ...event, toolRecord: { ...toolRecord, response: { ssn: "###" } } }
          : event;
        return hide(recorded, (part) => {
          const { id = "", name, response } = part.functionResponse ?? {};
          if (name !== "work" || !response?.["ssn"]) return part;
          return { functionResponse: { id, name, response: { ssn: "###" } } };
        });
      }
    }
    class ByAuthor extends BasePlugin {
      override redact(event: Event): Event[] {
        if (event.author !== "user") return [event];
        return hide(event, ({ text, ...part }) =>
          text === undefined ? part : { ...part, text: "###" },
        );
      }
    }
    const byTool = await written([new ByTool("by_tool")], () => ({ ssn: SECRETS.toolResult }));
    for (const text of [byTool.file, byTool.rows, byTool.lines]) {
      expect(text).not.toContain(SECRETS.toolResult);
      expect(text).toMatch(/ssn\W+###/);
    }
    expect([...origins].toSorted()).toEqual(['["root",false]', '["user",false]']);
    const byAuthor = await written([new ByAuthor("by_author")]);
    for (const text of [byAuthor.file, byAuthor.rows, byAuthor.lines]) {
      // The instruction has it, too, and is nobody's message.
      expect(text).not.toMatch(/it is sk-mess|(?<!sk-mess)age-1000003/);
      expect(text).toContain("###");
    }
  });

  it("has a user's answer to a call as the log has it", async () => {
    class ByAuthor extends BasePlugin {
      override redact(event: Event): Event[] {
        if (event.author !== "user" || !event.content) return [event];
        const parts = event.content.parts?.map((part): Part => {
          const { id = "", name = "" } = part.functionResponse ?? {};
          return part.functionResponse
            ? { functionResponse: { id, name, response: { ok: "###" } } }
            : part;
        });
        return [{ ...event, content: { role: "user", ...(parts ? { parts } : {}) } }];
      }
    }
    await using folder = await freshFolder();
    await using w = await world();
    const [sink, lines] = [new GatheringSink(), [] as string[]];
    const outputPath = `${folder.path}/debug.yaml`;
    const analytics = new AnalyticsPlugin({ sink });
    const write = (line: string): void => void lines.push(line);
    const logging = new LoggingPlugin({ write, payloads: true });
    const debug = new DebugLoggingPlugin({ outputPath });
    const plugins = [analytics, logging, debug, new ByAuthor("by_author")];
    const model = new ScriptedLlm({ turns: [calls(["ask", "c1"]), "done"] });
    const ask = tool("ask", () => undefined, { isLongRunning: true });
    const root = new LlmAgent({ name: "root", model, tools: [ask] });
    const { say } = await w.process({ root, plugins });
    await say("hi");
    const response = { ok: SECRETS.answer };
    await say({
      role: "user",
      parts: [{ functionResponse: { id: "c1", name: "ask", response } }],
    });
    await analytics.flush();
    expect(sink.of("TOOL_COMPLETED")).toMatchObject([{ content: { ok: "###" } }]);
    const written = [...sink.rows.values(), ...lines, await readFile(outputPath, "utf8")];
    expect(found(JSON.stringify(written))).toEqual([]);
  });

  it("is never what a redaction holds back", async () => {
    class HoldsBack extends BasePlugin {
      override redact(event: Event): Event[] {
        return event.partial ? [] : [event];
      }
    }
    const kept: Event[] = [];
    class Asks extends BasePlugin {
      override async onEventCallback({
        invocationContext,
        event,
      }: Parameters<NonNullable<BasePlugin["onEventCallback"]>>[0]): Promise<undefined> {
        if (event.partial) kept.push(new AsStored(invocationContext).event(event));
      }
    }
    await using w = await world();
    const turns = [[piece({ text: SECRETS.answer }), says({ text: "done" })]];
    const root = new LlmAgent({ name: "root", model: new ScriptedLlm({ turns }) });
    const plugins = [new Asks("asks"), new HoldsBack("holds_back")];
    const { say } = await w.process({ root, plugins });
    await say("hi", SSE);
    expect(kept.map(({ content }) => content?.parts)).toEqual([
      [{ text: "[not shown: it could not be redacted]" }],
    ]);
  });

  it("has the code of a model's error as the log has it", async () => {
    await using folder = await freshFolder();
    await using w = await world();
    const [sink, lines] = [new GatheringSink(), [] as string[]];
    const outputPath = `${folder.path}/debug.yaml`;
    const analytics = new AnalyticsPlugin({ sink });
    const write = (line: string): void => void lines.push(line);
    const observers = [new LoggingPlugin({ write }), new DebugLoggingPlugin({ outputPath })];
    const plugins = [analytics, ...observers, new RedactionPlugin({ rules: [SECRETS.runError] })];
    const turns = [{ errorCode: `REFUSED ${SECRETS.runError}`, errorMessage: "no" }];
    const root = new LlmAgent({ name: "root", model: new ScriptedLlm({ turns }) });
    const { say } = await w.process({ root, plugins });
    await say("hi");
    await analytics.flush();
    expect(sink.of("LLM_RESPONSE")[0]?.attributes).toMatchObject({
      error_code: "REFUSED [redacted]",
    });
    expect(lines.join("\n")).toContain("is answered: error REFUSED [redacted], ");
    const written = [...sink.rows.values(), ...lines, await readFile(outputPath, "utf8")];
    expect(found(JSON.stringify(written))).toEqual([]);
  });

  it("is nothing where the redaction fails, as the run does", async () => {
    const failing = new RedactionPlugin({
      rules: [
        (text) => {
          if (text.includes("sk-")) throw new Error("no rule for this");
          return text;
        },
      ],
    });
    const { file, rows, lines, error } = await written([failing]);
    expect(error).toMatchObject({ code: "PLUGIN_FAILED" });
    for (const text of [file, rows, lines]) {
      expect(text).not.toMatch(/sk-/);
      expect(text).toContain("[not shown: it could not be redacted]");
    }
  });
});
