import {
  type BaseAgent,
  type BasePlugin,
  type BaseTool,
  type Content,
  type Event,
  FunctionTool,
  getFunctionCalls,
  getFunctionResponses,
  InMemoryArtifactService,
  InMemorySessionStore,
  type LlmResponse,
  LlmAgent,
  type LlmAgentConfig,
  type Logger,
  BaseSessionService,
  type Part,
  Runner,
  type RunAsyncRequest,
  type RunnerConfig,
  type Session,
  type SessionStore,
  type Context,
} from "../../src/index.ts";
import {
  faultStore,
  ScriptedLlm,
  type ScriptedTurn,
  StoreFaults,
  VirtualClock,
} from "../../src/testing/index.ts";

export const KEY = { appName: "app", userId: "u", sessionId: "s" } as const;

export interface Engine extends AsyncDisposable {
  readonly runner: Runner;
  readonly clock: VirtualClock;
  readonly store: SessionStore;
  readonly faults: StoreFaults;
  readonly sessions: BaseSessionService;
  readonly artifacts: InMemoryArtifactService;
  readonly logged: string[];
  /** Runs one message (a text, or answers) to its end. */
  say(message: string | Content, request?: Partial<RunAsyncRequest>): Promise<Event[]>;
  stream(
    message: string | Content,
    request?: Partial<RunAsyncRequest>,
  ): AsyncGenerator<Event, void, undefined>;
  /** All stored events. */
  log(): Promise<Event[]>;
  session(): Promise<Session>;
  /** Whether somebody holds the session. */
  isBusy(): Promise<boolean>;
  /** Another runner on the same store, over a service of its own. */
  another(config?: Partial<RunnerConfig>): Runner;
}

export interface EngineOptions extends Partial<RunnerConfig> {
  agent?: BaseAgent;
  plugins?: BasePlugin[];
  state?: Record<string, unknown>;
}

/** A runner with one session, everything in memory, on a clock that stands still. */
export async function engine({ state, ...options }: EngineOptions): Promise<Engine> {
  const clock = new VirtualClock();
  const faults = new StoreFaults();
  const inner = new InMemorySessionStore({ clock });
  const store = faultStore(inner, { faults, clock });
  const sessions = new BaseSessionService(store, { clock });
  const artifacts = new InMemoryArtifactService();
  const logged: string[] = [];
  const note = (message: string): void => void logged.push(message);
  const logger: Logger = { debug: () => undefined, info: note, warn: note, error: note };
  let ids = 0;
  const config: RunnerConfig = {
    ...(options.app ? {} : { appName: KEY.appName }),
    sessionService: sessions,
    artifactService: artifacts,
    clock,
    logger,
    newId: () => `id-${++ids}`,
    ...options,
  };
  const runner = new Runner(config);
  const all: Runner[] = [runner];
  await sessions.createSession({ ...KEY, ...(state ? { state } : {}) });
  const request = (
    message: string | Content,
    more: Partial<RunAsyncRequest> = {},
  ): RunAsyncRequest => ({
    userId: KEY.userId,
    sessionId: KEY.sessionId,
    newMessage: typeof message === "string" ? user(message) : message,
    ...more,
  });
  const session = async (): Promise<Session> => {
    const found = await sessions.getSession(KEY);
    if (!found) throw new Error("The session is gone.");
    return found;
  };
  return {
    runner,
    clock,
    store,
    faults,
    sessions,
    artifacts,
    logged,
    say: (message, more) => runner.run(request(message, more)),
    stream: (message, more) => runner.runAsync(request(message, more)),
    session,
    log: async () => (await session()).events,
    async isBusy() {
      const probe = new BaseSessionService(inner, { clock });
      try {
        const lease = await probe.acquireLease({ ...KEY, owner: "probe", ttlMs: 1_000 });
        await lease.release();
        return false;
      } catch {
        return true;
      }
    },
    another(more = {}) {
      const other = new Runner({
        ...config,
        sessionService: new BaseSessionService(inner, { clock }),
        ...more,
      });
      all.push(other);
      return other;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(all.map((one) => one.close().catch(() => undefined)));
    },
  };
}

export function user(text: string): Content {
  return { role: "user", parts: [{ text }] };
}

/** What a person answers to calls that wait. */
export function answer(...answers: [id: string, name: string, response: object][]): Content {
  return {
    role: "user",
    parts: answers.map(([id, name, response]) => ({
      functionResponse: { id, name, response: { ...response } },
    })),
  };
}

/** A model's answer that makes these calls. */
export function calls(
  ...made: [name: string, args?: Record<string, unknown>, id?: string | undefined][]
): LlmResponse {
  return {
    content: {
      role: "model",
      parts: made.map(([name, args = {}, id]) => ({
        functionCall: { name, args, ...(id === undefined ? {} : { id }) },
      })),
    },
  };
}

export function transferTo(agent: string, id?: string): LlmResponse {
  return calls(["transfer_to_agent", { agent_name: agent }, id]);
}

export function llm(...turns: ScriptedTurn[]): ScriptedLlm {
  return new ScriptedLlm({ turns });
}

/** An LLM agent, its model and what it was asked. */
export function agent(
  name: string,
  turns: ScriptedTurn[],
  config: Partial<LlmAgentConfig> = {},
): LlmAgent & { readonly llm: ScriptedLlm } {
  const model = new ScriptedLlm({ turns, model: `model-of-${name}` });
  return Object.assign(new LlmAgent({ name, model, ...config }), { llm: model });
}

export function tool(
  name: string,
  execute: (args: Record<string, unknown>, context: Context) => unknown,
  options: { timeoutMs?: number } = {},
): BaseTool {
  return new FunctionTool({
    name,
    description: name,
    parameters: { type: "object" },
    execute,
    ...options,
  }) as BaseTool;
}

/** `author: what it says` for each event: texts, `call(name)`, `name → response`, `!CODE`. */
export function told(events: readonly Event[]): string[] {
  return events.map((event) => `${event.author}: ${wordsOf(event)}`);
}

function wordsOf(event: Event): string {
  const words = (event.content?.parts ?? []).map(partWords);
  if (event.errorCode !== undefined) words.push(`!${event.errorCode}`);
  if (event.actions.transferToAgent !== undefined) words.push(`⇒ ${event.actions.transferToAgent}`);
  return `${event.partial ? "~" : ""}${words.join(" ")}`;
}

function partWords({ text, functionCall, functionResponse }: Part): string {
  if (functionCall) return `${functionCall.name}(${json(functionCall.args ?? {})})`;
  if (functionResponse)
    return `${functionResponse.name} → ${json(functionResponse.response ?? {})}`;
  return text ?? "?";
}

function json(value: object): string {
  return Object.keys(value).length === 0 ? "" : JSON.stringify(value);
}

/** The same for contents of a request. */
export function contentWords(contents: readonly Content[]): string[] {
  return contents.map(({ role, parts }) => `${role}: ${(parts ?? []).map(partWords).join(" ")}`);
}

export async function collect(stream: AsyncIterable<Event>): Promise<Event[]> {
  const events: Event[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

/** Lets everything that waits for no timer go on as far as it can. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 6; turn++)
    await new Promise<void>((resolve) => void setImmediate(resolve));
}

/** A promise that is opened by hand. */
export function latch<T = void>(): { promise: Promise<T>; open(value: T): void } {
  let open: (value: T) => void = () => undefined;
  const promise = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

/** Resolves when the signal fires, and never before. */
export function fired(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

export function never(): Promise<never> {
  return new Promise(() => undefined);
}

/** Every call in the contents has its response in the content right after it, and no response is without one. */
export function historyProblems(contents: readonly Content[]): string[] {
  const problems: string[] = [];
  for (const [index, { parts = [] }] of contents.entries()) {
    const made = parts.flatMap((part) => (part.functionCall ? [part.functionCall] : []));
    const next = contents[index + 1]?.parts ?? [];
    for (const { id } of made)
      if (!next.some((part) => part.functionResponse?.id === id))
        problems.push(`call ${id} has no response`);
    const before = contents[index - 1]?.parts ?? [];
    for (const { functionResponse: response } of parts)
      if (response && !before.some((part) => part.functionCall?.id === response.id))
        problems.push(`response ${response.id} has no call`);
  }
  return problems;
}

export { getFunctionCalls, getFunctionResponses };
