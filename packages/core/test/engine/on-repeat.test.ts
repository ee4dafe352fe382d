import { describe, expect, it } from "vitest";
import {
  App,
  BaseSessionService,
  type Context,
  FunctionTool,
  InMemorySessionStore,
  LlmAgent,
  type OnRepeat,
  type PendingRequest,
  Runner,
} from "../../src/index.ts";
import { ScriptedLlm } from "../../src/testing/index.ts";
import { calls } from "./support.ts";

const KEY = { userId: "u", sessionId: "s" };
const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** An app whose tool pays, on one store; each process is a runner of its own. */
class Bank {
  readonly attempts: number[] = [];
  readonly payloads: unknown[] = [];
  readonly #store = new InMemorySessionStore();
  readonly #options: { onRepeat: OnRepeat; requireConfirmation: boolean };

  constructor(onRepeat: OnRepeat, requireConfirmation: boolean) {
    this.#options = { onRepeat, requireConfirmation };
  }

  /** A process that does something. With `hangs` it ends in the middle of the tool. */
  async process<T>(use: (runner: Runner) => Promise<T>, hangs = false): Promise<T | undefined> {
    let reach = (): void => {};
    const reached = new Promise<void>((resolve) => (reach = resolve));
    const pay = new FunctionTool({
      name: "pay",
      description: "Pays.",
      ...this.#options,
      execute: (_, toolContext?: Context) => {
        this.attempts.push(toolContext?.attempt ?? 0);
        this.payloads.push(toolContext?.toolConfirmation?.payload);
        reach();
        return hangs ? new Promise<never>(() => {}) : "paid";
      },
    });
    const turns = this.attempts.length === 0 && !this.#isAsked ? [calls(["pay", {}, "c1"])] : [];
    const model = new ScriptedLlm({ turns: [...turns, "done"] });
    const rootAgent = new LlmAgent({ name: "clerk", model, tools: [pay] });
    const resumabilityConfig = { isResumable: true };
    const runner = new Runner({
      app: new App({ name: "bank", rootAgent, resumabilityConfig }),
      sessionService: new BaseSessionService(this.#store),
      autoCreateSession: true,
      abortGraceMs: 1,
      logger: silent,
    });
    const work = use(runner);
    if (!hangs) {
      const result = await work;
      await runner.close();
      return result;
    }
    work.catch(() => undefined);
    await reached;
    await runner.close();
    return undefined;
  }

  #isAsked = false;

  start(hangs: boolean): Promise<unknown> {
    const newMessage = { role: "user", parts: [{ text: "pay" }] };
    const started = this.process(
      (runner) => runner.run({ ...KEY, invocationId: "inv", newMessage }),
      hangs,
    );
    this.#isAsked = true;
    return started;
  }

  resume(hangs = false): Promise<unknown> {
    return this.process((runner) => runner.run({ ...KEY, invocationId: "inv" }), hangs);
  }

  answer(callId: string, response: object, hangs = false): Promise<unknown> {
    return this.process(async (runner) => {
      for await (const event of runner.answer({ ...KEY, callId, response })) void event;
    }, hangs);
  }

  async pending(): Promise<readonly PendingRequest[]> {
    const page = await this.process((runner) => runner.listPending(KEY));
    return page?.requests ?? [];
  }

  /** Answers the one question that waits. */
  async say(
    confirmed: boolean,
    { hangs = false, payload }: { hangs?: boolean; payload?: unknown } = {},
  ) {
    const [question, ...others] = await this.pending();
    if (others.length > 0) throw new Error(`${others.length + 1} questions wait.`);
    const response = { confirmed, ...(payload === undefined ? {} : { payload }) };
    return this.answer(question?.callId ?? "", response, hangs);
  }
}

describe("a call that was interrupted in the middle", () => {
  describe.each([false, true])("(approved before: %s)", (approved) => {
    async function interrupted(onRepeat: OnRepeat): Promise<Bank> {
      const bank = new Bank(onRepeat, approved);
      await bank.start(!approved);
      if (approved) await bank.say(true, { hangs: true, payload: { limit: 5 } });
      expect(bank.attempts).toEqual([1]);
      return bank;
    }
    const payload = approved ? { limit: 5 } : undefined;

    it("is made again, and knows that, with onRepeat 'run'", async () => {
      const bank = await interrupted("run");
      await bank.resume();
      expect(bank.attempts).toEqual([1, 2]);
      expect(bank.payloads).toEqual([payload, payload]);
      expect(await bank.pending()).toEqual([]);
    });

    it("counts every process that may have made it", async () => {
      const bank = await interrupted("run");
      await bank.resume(true);
      await bank.resume(true);
      await bank.resume();
      expect(bank.attempts).toEqual([1, 2, 3, 4]);
    });

    it("is not made again with onRepeat 'fail'", async () => {
      const bank = await interrupted("fail");
      await bank.resume();
      expect(bank.attempts).toEqual([1]);
      expect(await bank.pending()).toEqual([]);
    });

    it("is made again with onRepeat 'ask' only after a person has agreed, each time", async () => {
      const bank = await interrupted("ask");
      await bank.resume();
      await bank.resume();
      expect(bank.attempts).toEqual([1]);
      expect((await bank.pending()).map(({ hint }) => hint)).toEqual([
        expect.stringContaining("may have been made already"),
      ]);
      await bank.say(true, { hangs: true });
      expect(bank.attempts).toHaveLength(2);
      await bank.resume();
      expect(bank.attempts).toHaveLength(2);
      await bank.say(true);
      expect(bank.attempts).toHaveLength(3);
      expect(bank.attempts).toEqual(bank.attempts.toSorted((left, right) => left - right));
      expect(new Set(bank.attempts).size).toBe(3);
      expect(bank.payloads).toEqual([payload, payload, payload]);
      expect(await bank.pending()).toEqual([]);
    });

    it("is not made again when the person refuses", async () => {
      const bank = await interrupted("ask");
      await bank.resume();
      await bank.say(false);
      expect(bank.attempts).toEqual([1]);
      expect(await bank.pending()).toEqual([]);
    });
  });
});
