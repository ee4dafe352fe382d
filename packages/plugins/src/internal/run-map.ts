import type { CallbackContext, InvocationContext } from "@adk/core";

/**
 * Values of runs, by name; a run's are gone with it.
 *
 * The key of a run is its signal: an isolated plugin gets a new view of the run in each hook, and the same signal in all.
 */
export class RunMap<V> {
  readonly #byRun: WeakMap<AbortSignal, Map<string, V>> = new WeakMap();

  get({ invocation }: InvocationContext, name: string): V | undefined {
    return this.#byRun.get(invocation.signal)?.get(name);
  }

  set({ invocation }: InvocationContext, name: string, value: V): V {
    const values = this.#byRun.get(invocation.signal) ?? new Map<string, V>();
    this.#byRun.set(invocation.signal, values);
    values.set(name, value);
    return value;
  }

  delete({ invocation }: InvocationContext, name: string): void {
    this.#byRun.get(invocation.signal)?.delete(name);
  }

  /** All values of the run, which are forgotten here. */
  take({ invocation }: InvocationContext): V[] {
    const values = [...(this.#byRun.get(invocation.signal)?.values() ?? [])];
    this.#byRun.delete(invocation.signal);
    return values;
  }
}

/** Names an agent in its branch: it runs once at a time there, and asks its model one thing at a time. */
export function agentKey({ agentName, branch = "" }: CallbackContext): string {
  return `agent ${agentName}\0${branch}`;
}

/** Names the call of a model that the agent of the context makes. */
export function modelKey(context: CallbackContext): string {
  return `model of ${agentKey(context)}`;
}

/** Names the call of a tool. */
export function toolKey({ functionCallId = "" }: Pick<CallbackContext, "functionCallId">): string {
  return `tool ${functionCallId}`;
}
