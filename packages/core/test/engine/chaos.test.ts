import { describe, expect, it } from "vitest";
import {
  AdkError,
  AgentTool,
  type BaseAgent,
  BasePlugin,
  type BaseTool,
  type Content,
  EXIT_LOOP,
  LongRunningFunctionTool,
  LoopAgent,
  ParallelAgent,
  SequentialAgent,
} from "../../src/index.ts";
import { delay } from "../../src/internal/clock.ts";
import type { ScriptedTurn } from "../../src/testing/index.ts";
import {
  agent,
  answer,
  calls,
  engine,
  type Engine,
  fired,
  getFunctionCalls,
  getFunctionResponses,
  historyProblems,
  never,
  settle,
  tool,
  transferTo,
  user,
} from "./support.ts";

/** A small generator with a seed: a failure can be run again. */
function random(seed: number): (below: number) => number {
  let state = seed * 7_919 + 13;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

const TOOLS: BaseTool[] = [
  tool("quick", (_args, { state }) => {
    const list = state.get<number[]>("list") ?? [];
    list.push(list.length);
    if (list.length === 1) state.set("list", list);
    return "ok";
  }),
  tool("slow", async (_args, context) => {
    await delay(context.invocationContext.invocation.clock, 50, context.abortSignal);
    return "slow";
  }),
  tool("wait", async (_args, { abortSignal }) => await fired(abortSignal), { timeoutMs: 400 }),
  tool("deaf", never, { timeoutMs: 300 }),
  tool("fails", () => {
    throw new Error("no");
  }),
  tool("fatal", () => {
    throw new AdkError("TOOL_FAILED", "no");
  }),
  new LongRunningFunctionTool({ name: "ask", description: "asks", execute: () => null }),
  EXIT_LOOP,
];

/** A tree of agents that do whatever; every request of every model is checked. */
function tree(pick: (below: number) => number, problems: string[]): BaseAgent {
  let names = 0;
  const make = (depth: number): BaseAgent => {
    const name = `a${++names}`;
    const kind = depth >= 3 ? 0 : pick(6);
    const subAgents = kind === 0 ? [] : Array.from({ length: 1 + pick(3) }, () => make(depth + 1));
    if (kind === 3) return new SequentialAgent({ name, subAgents });
    if (kind === 4) return new ParallelAgent({ name, subAgents });
    if (kind === 5) return new LoopAgent({ name, subAgents, maxIterations: 1 + pick(2) });
    const helper = depth < 2 && pick(4) === 0 ? make(3) : undefined;
    const turns = Array.from({ length: 200 }, () => (): never => turn() as never);
    const turn = (): ScriptedTurn => {
      const other = `a${1 + pick(names)}`;
      const name = (): string => TOOLS[pick(TOOLS.length)]?.name ?? "quick";
      const kinds: (() => ScriptedTurn)[] = [
        () => "a text",
        () => "another text",
        () => calls(["quick"]),
        () => calls([name()], [name()]),
        () => calls([name()], ["quick"], [name()]),
        () => calls(["made_up"]),
        () => transferTo(other),
        () => (pick(3) === 0 ? new Error("down") : "a third text"),
        () => [{ content: { role: "model", parts: [{ text: "a" }] }, partial: true }],
        () => (helper ? calls([helper.name, { request: "do" }], ["quick"]) : "a fourth"),
        () => never() as never,
      ];
      return (kinds[pick(kinds.length)] ?? kinds[0])?.() as ScriptedTurn;
    };
    return agent(name, turns, {
      tools: [...TOOLS, ...(helper ? [new AgentTool({ agent: helper })] : [])],
      subAgents,
      modelTimeoutMs: 700,
      beforeModelCallback: ({ request }) => {
        problems.push(...historyProblems(request.contents as Content[]));
        return undefined;
      },
    });
  };
  return make(0);
}

class Unreliable extends BasePlugin {
  readonly #pick: (below: number) => number;
  ended = 0;
  started = 0;
  constructor(pick: (below: number) => number) {
    super("unreliable");
    this.#pick = pick;
  }
  #maybe(): undefined {
    if (this.#pick(60) === 0) throw new Error("plugin down");
  }
  override async beforeRunCallback(): Promise<undefined> {
    this.started++;
  }
  override async onEventCallback(): Promise<undefined> {
    this.#maybe();
  }
  override async beforeToolCallback(): Promise<undefined> {
    this.#maybe();
  }
  override async afterModelCallback(): Promise<undefined> {
    this.#maybe();
  }
  override async afterRunCallback(): Promise<void> {
    this.ended++;
  }
  override async onRunErrorCallback(): Promise<void> {
    this.ended++;
  }
}

async function play(e: Engine, pick: (below: number) => number, turn: number): Promise<void> {
  const controller = new AbortController();
  const waiting = Object.keys((await e.session()).pendingCalls);
  const id = waiting[pick(Math.max(1, waiting.length))];
  const stream = e.stream(
    id !== undefined && pick(2) === 0 ? answer([id, "ask", { turn }]) : user(`message ${turn}`),
    {
      abortSignal: controller.signal,
      invocationId: id === undefined ? `e-${turn}` : undefined,
      runConfig: {
        maxLlmCalls: 12,
        streamingMode: pick(2) === 0 ? "sse" : "none",
        maxConcurrentTools: 1 + pick(3),
      },
    },
  );
  const ways = [
    "through",
    "through",
    "break",
    "return",
    "abort",
    "cancel",
    "leave and abort",
  ] as const;
  const way = ways[pick(ways.length)] ?? "through";
  let left = way === "through" ? 1_000 : 1 + pick(6);
  for (;;) {
    const next = stream.next().then(
      ({ done }) => done !== true,
      () => false,
    );
    let goesOn: boolean | undefined;
    void next.then((more) => {
      goesOn = more;
    });
    for (let wait = 0; goesOn === undefined && wait < 400; wait++) {
      if (--left === 0 && way !== "break") break;
      await e.clock.advance(way === "through" ? 200 : 20);
    }
    if (goesOn === false) return;
    if (left > 0) continue;
    if (way === "abort") controller.abort();
    else if (way === "cancel")
      await e.runner.cancel({ userId: "u", sessionId: "s", invocationId: `e-${turn}` });
    else {
      if (way === "leave and abort") controller.abort();
      const ended = stream.return(undefined);
      await e.clock.advance(7_000);
      await ended;
      return;
    }
    left = 1_000;
  }
}

describe("whatever happens", () => {
  it("a run ends, gives everything back, and leaves a log that can be gone on with (120 seeds)", async () => {
    const rejections: unknown[] = [];
    const note = (reason: unknown): void => void rejections.push(reason);
    process.on("unhandledRejection", note);
    let runs = 0;
    let sealed = 0;
    for (let seed = 1; seed <= 120; seed++) {
      const pick = random(seed);
      const problems: string[] = [];
      const plugin = new Unreliable(pick);
      const e = await engine({ agent: tree(pick, problems), plugins: [plugin], abortGraceMs: 500 });
      for (let turn = 0; turn < 6; turn++) {
        const where = `seed ${seed}, turn ${turn}`;
        await play(e, pick, turn);
        await settle();
        runs++;
        expect(await e.isBusy(), `${where}: lease`).toBe(false);
        expect(e.clock.pendingTimers, `${where}: timers`).toBe(0);
        expect(problems, `${where}: requests`).toEqual([]);
        expect(plugin.ended, `${where}: ends`).toBe(plugin.started);
        expect((await e.sessions.listInterrupted({ appName: "app" })).sessions, where).toEqual([]);
        const log = await e.log();
        expect(log.map(({ sequence }) => sequence)).toEqual(log.map((_, index) => index + 1));
        expect(log.some(({ partial }) => partial)).toBe(false);
        const own = log.filter(({ invocationId }) => invocationId === log.at(-1)?.invocationId);
        if (own.at(-1)?.errorCode !== "INVOCATION_ABORTED") continue;
        sealed++;
        const answered = new Set(own.flatMap(getFunctionResponses).map(({ id: called }) => called));
        expect(
          own.flatMap(getFunctionCalls).filter(({ id: called }) => !answered.has(called)),
          `${where}: open calls`,
        ).toEqual([]);
      }
      await e.runner.close();
    }
    await settle();
    process.off("unhandledRejection", note);
    expect(rejections).toEqual([]);
    expect(runs).toBe(720);
    expect(sealed).toBeGreaterThan(50);
  }, 60_000);
});
