import {
  App,
  BaseLlm,
  type Event,
  FunctionTool,
  InMemorySessionService,
  LlmAgent,
  type LlmResponse,
  Runner,
  stringifyContent,
} from "@adk/core";
import { ScriptedLlm } from "@adk/core/testing";
import { describe, expect, it } from "vitest";
import { Chat } from "./chat.ts";
import { ToolWatch } from "./tool-watch.ts";
import type { ToolNotice, View } from "./view.ts";

const KEY = { appName: "assistant", userId: "u", sessionId: "s" };

/** A view that keeps what it is shown, and tells when something is. */
class Recorder implements View {
  readonly lines: string[] = [];
  readonly #waiting: { text: string; resolve: () => void }[] = [];

  notice(text: string): void {
    this.#add(text);
  }
  ready(): void {
    this.#add("ready");
  }
  turnStarts(text: string): void {
    this.#add(`> ${text}`);
  }
  event(event: Event): void {
    const words = `${event.author}${event.partial ? "…" : ":"} ${stringifyContent(event)}`;
    this.#add(event.errorCode ?? words);
  }
  tool({ name, ended }: ToolNotice): void {
    this.#add(
      ended ? `${name} ${ended.response === undefined ? "stopped" : "ended"}` : `${name} began`,
    );
  }
  turnEnds(error?: unknown): void {
    this.#add(error === undefined ? "done" : `failed: ${String(error)}`);
  }
  ends(): void {
    this.#add("ended");
  }

  /** Resolves when a line that contains the text has been shown. */
  async shown(text: string): Promise<void> {
    if (this.lines.some((line) => line.includes(text))) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push({ text, resolve });
    });
  }

  #add(line: string): void {
    this.lines.push(line);
    for (const { text, resolve } of this.#waiting) if (line.includes(text)) resolve();
  }
}

/** Lines as they are typed. */
class Lines implements AsyncIterable<string> {
  #end: () => void = () => {};
  readonly #lines: string[];
  /** With `open`, more could come until `end`. */
  readonly #ended: Promise<void>;

  constructor(lines: string[], open = false) {
    this.#lines = lines;
    this.#ended = open ? new Promise((resolve) => (this.#end = resolve)) : Promise.resolve();
  }
  end(): void {
    this.#end();
  }
  async *[Symbol.asyncIterator](): AsyncGenerator<string, void, undefined> {
    for (const line of this.#lines) yield line;
    await this.#ended;
  }
}

const quiet = (): void => {};
const QUIET = { debug: quiet, info: quiet, warn: quiet, error: quiet };

interface Made {
  readonly chat: Chat;
  readonly view: Recorder;
  readonly sessionService: InMemorySessionService;
}

async function make(agent: LlmAgent, lines?: Lines): Promise<Made> {
  const sessionService = new InMemorySessionService();
  await sessionService.createSession(KEY);
  const view = new Recorder();
  const plugins = [new ToolWatch((notice) => view.tool(notice))];
  const app = new App({ name: KEY.appName, rootAgent: agent, plugins });
  const runner = new Runner({ app, sessionService, abortGraceMs: 0, logger: QUIET });
  const stopReading = (): void => lines?.end();
  return { chat: new Chat({ runner, ...KEY, view, stopReading }), view, sessionService };
}

/** A model that never ends. */
class SilentLlm extends BaseLlm {
  override async *generateContentAsync(): AsyncGenerator<LlmResponse, void, undefined> {
    yield { content: { role: "model", parts: [{ text: "Well" }] }, partial: true };
    await new Promise(() => {});
  }
}

function silent(): LlmAgent {
  return new LlmAgent({ name: "agent", model: new SilentLlm({ model: "silent" }) });
}

function scripted(...texts: string[]): LlmAgent {
  return new LlmAgent({ name: "agent", model: new ScriptedLlm({ turns: texts }) });
}

function calling(...names: string[]): LlmResponse {
  const parts = names.map((name) => ({ functionCall: { name, args: {} } }));
  return { content: { role: "model", parts } };
}

async function isFree(sessionService: InMemorySessionService): Promise<boolean> {
  const lease = await sessionService
    .acquireLease({ ...KEY, owner: "test", ttlMs: 1_000 })
    .catch(() => undefined);
  await lease?.release();
  return lease !== undefined;
}

describe("Chat", () => {
  it("answers line by line, without the empty ones, until exit", async () => {
    const { chat, view } = await make(scripted("one", "two"));
    expect(await chat.run(new Lines(["a", "  ", "b", "exit", "c"]))).toBe(0);
    expect(view.lines.filter((line) => !/ready|done|ended|…/.test(line))).toEqual([
      "> a",
      "agent: one",
      "> b",
      "agent: two",
    ]);
  });

  it("goes on after a turn that failed, and counts it", async () => {
    const agent = new LlmAgent({
      name: "agent",
      model: new ScriptedLlm({ turns: [new Error("no luck"), "fine"] }),
    });
    const { chat, view } = await make(agent);
    expect(await chat.run(new Lines(["a", "b"]))).toBe(1);
    expect(view.lines.join("\n")).toMatch(/failed: .*no luck/);
    expect(view.lines).toContain("agent: fine");
  });

  it("stops the turn at an interrupt, and leaves at one while it waits", async () => {
    const lines = new Lines(["a"], true);
    const { chat, view, sessionService } = await make(silent(), lines);
    const ended = chat.run(lines);
    await view.shown("Well");
    chat.interrupt();
    await view.shown("done");
    expect(view.lines).toContain("INVOCATION_ABORTED");
    expect(await isFree(sessionService)).toBe(true);
    chat.interrupt();
    expect(await ended).toBe(0);
  });

  it("leaves at the second interrupt in a turn, whatever hangs, and gives the lease back", async () => {
    const hanging = new FunctionTool({
      name: "hang",
      description: "h",
      execute: () => new Promise(() => {}),
    });
    const agent = new LlmAgent({
      name: "agent",
      model: new ScriptedLlm({ turns: [calling("hang")] }),
      tools: [hanging],
    });
    const { chat, view, sessionService } = await make(agent);
    const ended = chat.run(new Lines(["a", "b"]));
    await view.shown("hang began");
    expect(await isFree(sessionService)).toBe(false);
    chat.interrupt();
    chat.interrupt();
    expect(await ended).toBe(0);
    expect(view.lines).toContain("hang stopped");
    expect(view.lines).not.toContain("> b");
    expect(await isFree(sessionService)).toBe(true);
  });

  it("says that the session is busy, waits, and goes on", async () => {
    const { chat, view, sessionService } = await make(scripted("at last"));
    const lease = await sessionService.acquireLease({ ...KEY, owner: "other", ttlMs: 60_000 });
    const ended = chat.run(new Lines(["a"]));
    await view.shown("is busy");
    expect(view.lines.at(-1)).toContain("60 s");
    expect(view.lines).not.toContain("agent: at last");
    await lease.release();
    expect(await ended).toBe(0);
    expect(view.lines).toContain("agent: at last");
  });

  it("gives up waiting for a busy session at an interrupt", async () => {
    const { chat, view, sessionService } = await make(scripted());
    await sessionService.acquireLease({ ...KEY, owner: "other", ttlMs: 60_000 });
    const ended = chat.run(new Lines(["a"]));
    await view.shown("is busy");
    chat.interrupt();
    expect(await ended).toBe(0);
    expect(view.lines).toEqual(expect.arrayContaining(["(stopped)", "done"]));
  });
});

describe("ToolWatch", () => {
  it("tells each call's own time, and what a failed one responds", async () => {
    let now = 0;
    const notices: ToolNotice[] = [];
    const tool = (name: string, execute: () => unknown): FunctionTool =>
      new FunctionTool({ name, description: name, execute });
    let release = (): void => {};
    const slow = new Promise<void>((resolve) => (release = resolve));
    const agent = new LlmAgent({
      name: "agent",
      model: new ScriptedLlm({ turns: [calling("slow", "bad"), "done"] }),
      tools: [
        tool("slow", async () => {
          await slow;
          now += 100;
          return "ok";
        }),
        tool("bad", () => {
          now += 5;
          setImmediate(release);
          throw new TypeError("no");
        }),
      ],
    });
    const plugins = [
      new ToolWatch(
        (notice) => notices.push(notice),
        () => now,
      ),
    ];
    const sessionService = new InMemorySessionService();
    await sessionService.createSession(KEY);
    await using runner = new Runner({
      app: new App({ name: KEY.appName, rootAgent: agent, plugins }),
      sessionService,
    });
    const newMessage = { role: "user", parts: [{ text: "go" }] };
    await runner.run({ userId: "u", sessionId: "s", newMessage });
    expect(notices.map(({ name, ended }) => [name, ended])).toEqual([
      ["slow", undefined],
      ["bad", undefined],
      ["bad", { ms: 5, response: { error: "no" } }],
      ["slow", { ms: 105, response: "ok" }],
    ]);
  });
});
