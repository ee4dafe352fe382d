import {
  App,
  type AppOptions,
  type BaseAgent,
  type BasePlugin,
  BaseSessionService,
  type Content,
  type Context,
  type Event,
  FunctionTool,
  InMemoryArtifactService,
  InMemorySessionStore,
  type LlmResponse,
  type Logger,
  Runner,
  type RunAsyncRequest,
  type RunnerConfig,
} from "@adk/core";
import { VirtualClock } from "@adk/core/testing";
import { SqliteSessionService } from "@adk/sessions-sqlite";
import { freshFolder } from "@adk/test-services";

export const KEY = { appName: "app", userId: "u", sessionId: "s" } as const;

export interface AppParts extends Partial<RunnerConfig> {
  root: BaseAgent;
  plugins: BasePlugin[];
  eventsCompactionConfig?: AppOptions["eventsCompactionConfig"];
}

/** One store, one session, and as many processes as a test likes. */
export interface World extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly artifacts: InMemoryArtifactService;
  /** Warnings and errors of the runners. */
  readonly logged: string[];
  /** A process of its own: a new runner over a new service on the same store. */
  process(parts: AppParts): Promise<Process>;
  log(): Promise<Event[]>;
  /** On `sqlite`: the file with the sessions. */
  readonly path: string;
}

export interface Process {
  readonly runner: Runner;
  say(message: string | Content | undefined, request?: Partial<RunAsyncRequest>): Promise<Event[]>;
  /** Leaves the run behind this many full events, and closes: what a crash leaves. */
  sayAndLeave(
    message: string | Content,
    events: number,
    request?: Partial<RunAsyncRequest>,
  ): Promise<void>;
}

/** Where sessions may be: in memory, and on a disk. */
export const STORES = ["memory", "sqlite"] as const;

export async function world(kind: (typeof STORES)[number] = "memory"): Promise<World> {
  const clock = new VirtualClock();
  const artifacts = new InMemoryArtifactService();
  const logged: string[] = [];
  const note = (message: string): void => void logged.push(message);
  const logger: Logger = { debug: () => undefined, info: () => undefined, warn: note, error: note };
  const open: BaseSessionService[] = [];
  const runners: Runner[] = [];
  const store = new InMemorySessionStore({ clock });
  const folder = kind === "sqlite" ? await freshFolder() : undefined;
  const connect = async (): Promise<BaseSessionService> => {
    const service = folder
      ? await SqliteSessionService.connect({ path: `${folder.path}/sessions.db`, clock })
      : new BaseSessionService(store, { clock });
    open.push(service);
    return service;
  };
  const own = await connect();
  await own.createSession(KEY);
  return {
    clock,
    path: `${folder?.path}/sessions.db`,
    artifacts,
    logged,
    async process({ root, plugins, eventsCompactionConfig, ...config }) {
      const app = new App({
        name: KEY.appName,
        rootAgent: root,
        plugins,
        resumabilityConfig: { isResumable: true },
        eventsCompactionConfig,
      });
      const sessionService = await connect();
      const runner = new Runner({
        app,
        sessionService,
        artifactService: artifacts,
        clock,
        logger,
        ...config,
      });
      runners.push(runner);
      const request = (
        message: string | Content | undefined,
        more: Partial<RunAsyncRequest> = {},
      ): RunAsyncRequest => ({
        userId: KEY.userId,
        sessionId: KEY.sessionId,
        ...(message === undefined ? {} : { newMessage: asContent(message) }),
        ...more,
      });
      return {
        runner,
        say: (message, more) => runner.run(request(message, more)),
        async sayAndLeave(message, events, more) {
          let left = events;
          for await (const event of runner.runAsync(request(message, more)))
            if (!event.partial && --left === 0) break;
          await runner.close();
        },
      };
    },
    async log() {
      return (await own.getSession(KEY))?.events ?? [];
    },
    async [Symbol.asyncDispose]() {
      for (const runner of runners) await runner.close().catch(() => undefined);
      for (const service of open) await service[Symbol.asyncDispose]();
      await folder?.[Symbol.asyncDispose]();
    },
  };
}

function asContent(message: string | Content): Content {
  return typeof message === "string" ? { role: "user", parts: [{ text: message }] } : message;
}

export const SSE = { runConfig: { streamingMode: "sse" } } as const;

/** A model's answer that makes these calls. */
export function calls(
  ...made: [name: string, id: string, args?: Record<string, unknown>][]
): LlmResponse {
  return {
    content: {
      role: "model",
      parts: made.map(([name, id, args = {}]) => ({ functionCall: { id, name, args } })),
    },
  };
}

export function says(text: string): LlmResponse {
  return { content: { role: "model", parts: [{ text }] } };
}

export function tool(
  name: string,
  execute: (args: Record<string, unknown>, context: Context) => unknown,
  options: { isLongRunning?: boolean; requireConfirmation?: boolean } = {},
): FunctionTool<{ type: "object" }> {
  return new FunctionTool({
    name,
    description: name,
    parameters: { type: "object" } as const,
    execute: (args: unknown, context: Context) => execute(args as Record<string, unknown>, context),
    ...options,
  });
}

/** The responses in these events, by call. */
export function responses(events: readonly Event[]): Record<string, Record<string, unknown>> {
  const found: Record<string, Record<string, unknown>> = {};
  for (const { content } of events)
    for (const { functionResponse } of content?.parts ?? [])
      if (functionResponse?.id) found[functionResponse.id] = functionResponse.response ?? {};
  return found;
}

/** The last event that says something, be it an error. */
export function lastSaid(events: readonly Event[]): Event | undefined {
  return events.findLast(({ content, errorCode }) => content ?? errorCode);
}
