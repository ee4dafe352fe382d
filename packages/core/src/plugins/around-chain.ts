import { SharedContext } from "../context/shared-context.ts";
import type { Context } from "../context/context.ts";
import { AdkError } from "../errors.ts";
import { describe } from "../internal/check-options.ts";
import type { Clock } from "../internal/clock.ts";
import { TappedStream } from "../internal/tapped-stream.ts";
import type { LlmRequest } from "../models/llm-request.ts";
import type { LlmResponse } from "../models/llm-response.ts";
import type { NextModelCall, NextToolCall, WrappedModelCall, WrappedToolCall } from "./around.ts";
import type { BasePlugin } from "./base-plugin.ts";
import { expectedAnswer } from "./check-answer.ts";
import { HookTimer } from "./hook-timer.ts";
import { pluginFailed } from "./plugin-failed.ts";

type Responses = AsyncGenerator<LlmResponse, void, undefined>;
type AroundHook = "aroundModelCall" | "aroundToolCall";

/** One call on its way through the plugins that stand around it, outermost first. */
export class AroundChain {
  readonly #plugins: readonly BasePlugin[];
  readonly #clock: Clock;
  readonly #isFinal: (error: unknown) => boolean;
  /** What any `next` has thrown: it passes the plugins further out unchanged. */
  readonly #thrown: Set<unknown> = new Set();
  #final: { readonly error: unknown } | undefined;

  /** @param isFinal whether an error of the real call ends the run, whatever the plugins make of it. */
  constructor(plugins: readonly BasePlugin[], clock: Clock, isFinal: (error: unknown) => boolean) {
    this.#plugins = plugins;
    this.#clock = clock;
    this.#isFinal = isFinal;
  }

  /** The error that ends the call whatever the plugins make of it; absent: they may answer in its place. */
  get final(): { readonly error: unknown } | undefined {
    return this.#final;
  }

  /** @param ask the real call. @throws what that throws; AdkError `PLUGIN_FAILED`. */
  model(call: WrappedModelCall, ask: (llmRequest: LlmRequest) => Responses): Responses {
    return this.#model(0, call, ask);
  }

  /** @param run the real call. @throws what that throws; AdkError `PLUGIN_FAILED`. */
  tool(call: WrappedToolCall, run: () => Promise<unknown>): Promise<unknown> {
    return this.#tool(0, call, run);
  }

  #model(
    index: number,
    call: WrappedModelCall,
    ask: (llmRequest: LlmRequest) => Responses,
  ): Responses {
    const plugin = this.#plugins[index];
    if (plugin === undefined) return this.#noting(() => ask(call.llmRequest));
    return this.#throughPlugin(plugin, call, (llmRequest) =>
      this.#model(index + 1, { ...call, llmRequest }, ask),
    );
  }

  #throughPlugin(
    plugin: BasePlugin,
    call: WrappedModelCall,
    inner: (llmRequest: LlmRequest) => Responses,
  ): Responses {
    const streams: Responses[] = [];
    const leave = (): Promise<unknown> =>
      Promise.allSettled(streams.map((stream) => stream.return()));
    const ask = (llmRequest: LlmRequest): Responses => {
      const stream = inner(llmRequest);
      streams.push(stream);
      return stream;
    };
    return new TappedStream(this.#responses(plugin, call, ask, leave), {
      leave: () => void leave(),
    });
  }

  /** @param leave closes all streams that `ask` has given. */
  async *#responses(
    plugin: BasePlugin,
    call: WrappedModelCall,
    ask: (llmRequest: LlmRequest) => Responses,
    leave: () => Promise<unknown>,
  ): Responses {
    const hook = "aroundModelCall";
    const entered = this.#enter(plugin, call.callbackContext);
    const { timer, context } = entered;
    let isPassedOn = false;
    const next: NextModelCall = (llmRequest = call.llmRequest) => {
      this.#checkNext(plugin, hook, isPassedOn);
      const stream = ask(llmRequest);
      return timer ? new TappedStream(stream, { step: (step) => timer.pause(step) }) : stream;
    };
    let responses: AsyncIterator<LlmResponse> | undefined;
    let isOver = false;
    try {
      const given: unknown = plugin.aroundModelCall({ ...call, callbackContext: context }, next);
      const iterator = (responses = iteratorOf(given));
      const step = (): Promise<IteratorResult<LlmResponse>> => iterator.next();
      for (;;) {
        const { done, value } = await (timer ? timer.run(step) : step());
        if (this.#final) throw this.#final.error;
        isOver = done === true;
        if (done) return;
        checkResponse(value);
        isPassedOn = true;
        yield value;
      }
    } catch (error) {
      entered.leave();
      // It may hang in its own work: nobody waits for its end.
      if (!isOver) void Promise.resolve(responses?.return?.()).catch(() => undefined);
      isOver = true;
      throw this.#failed(plugin, hook, error);
    } finally {
      isPassedOn = true;
      await leave();
      if (!isOver) await responses?.return?.();
      entered.leave();
    }
  }

  #noting(ask: () => Responses): Responses {
    let stream: Responses;
    try {
      stream = ask();
    } catch (error) {
      throw this.#note(error);
    }
    return new TappedStream(stream, { step: (step) => this.#noted(step) });
  }

  async #noted<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw this.#note(error);
    }
  }

  #note(error: unknown): unknown {
    this.#thrown.add(error);
    if (this.#isFinal(error)) this.#end(error);
    return error;
  }

  async #tool(index: number, call: WrappedToolCall, run: () => Promise<unknown>): Promise<unknown> {
    const plugin = this.#plugins[index];
    if (plugin === undefined) return await this.#noted(run());
    const hook = "aroundToolCall";
    const entered = this.#enter(plugin, call.toolContext);
    const { timer, context } = entered;
    let isOver = false;
    let isUnderWay = false;
    const next: NextToolCall = async () => {
      this.#checkNext(plugin, hook, isOver, isUnderWay);
      isUnderWay = true;
      try {
        const inner = this.#tool(index + 1, call, run);
        return await (timer ? timer.pause(inner) : inner);
      } finally {
        isUnderWay = false;
      }
    };
    try {
      const enter = (): Promise<unknown> =>
        plugin.aroundToolCall({ ...call, toolContext: context }, next);
      const value = await (timer ? timer.run(enter) : enter());
      if (this.#final) throw this.#final.error;
      return value;
    } catch (error) {
      throw this.#failed(plugin, hook, error);
    } finally {
      isOver = true;
      entered.leave();
    }
  }

  /** A plugin with a time of its own gets a context of its own, which refuses writes once the plugin is left. */
  #enter({ hookTimeoutMs }: BasePlugin, context: Context): Entered {
    if (hookTimeoutMs === undefined) return { timer: undefined, context, leave: () => undefined };
    const shared = new SharedContext(context);
    return {
      timer: new HookTimer(this.#clock, hookTimeoutMs),
      context: shared,
      leave: () => shared.revoke("the hook is over"),
    };
  }

  /** @throws AdkError `FAILED_PRECONDITION` when the call may not be made again; what has ended it. */
  #checkNext({ name }: BasePlugin, hook: AroundHook, isOver: boolean, isUnderWay = false): void {
    if (this.#final) throw this.#final.error;
    if (isOver)
      throw new AdkError(
        "FAILED_PRECONDITION",
        `${hook} of plugin ${name} called \`next\` after it had passed something on. Call it again only before that.`,
      );
    if (isUnderWay)
      throw new AdkError(
        "FAILED_PRECONDITION",
        `${hook} of plugin ${name} called \`next\` while its last call was under way. Await that first.`,
      );
  }

  /** What `next` has thrown as it is; anything else is the plugin's failure, which ends the run. */
  #failed(plugin: BasePlugin, hook: AroundHook, error: unknown): unknown {
    if (this.#final) return this.#final.error;
    if (this.#thrown.has(error)) return error;
    const failure = pluginFailed(plugin, hook, error);
    this.#end(failure);
    return failure;
  }

  #end(error: unknown): void {
    this.#final ??= { error };
  }
}

interface Entered {
  readonly timer: HookTimer | undefined;
  readonly context: Context;
  leave(): void;
}

function iteratorOf(given: unknown): AsyncIterator<LlmResponse> {
  const iterable = given as Partial<AsyncIterable<LlmResponse>> | undefined | null;
  if (typeof iterable?.[Symbol.asyncIterator] === "function")
    return (iterable as AsyncIterable<LlmResponse>)[Symbol.asyncIterator]();
  throw new AdkError(
    "INVALID_ARGUMENT",
    `it returned ${describe(given)}; return an async iterable of responses (async *aroundModelCall)`,
  );
}

function checkResponse(value: unknown): void {
  const expected = expectedAnswer("afterModelCallback", value);
  if (expected !== undefined)
    throw new AdkError("INVALID_ARGUMENT", `it passed on ${describe(value)}; pass on ${expected}`);
}
