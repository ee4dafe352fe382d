import type { Context } from "../context/context.ts";
import type { Invocation, NestedRunRequest } from "../context/invocation.ts";
import type { SessionArtifactService } from "../artifacts/session-artifact-service.ts";
import { AdkError } from "../errors.ts";
import type { Event } from "../events/event.ts";
import { ContentsCache } from "../flows/contents/cache.ts";
import { setOwn } from "../internal/json.ts";
import { Stopped } from "../internal/stopped.ts";
import { PluginManager } from "../plugins/plugin-manager.ts";
import { InMemorySessionService } from "../sessions/in-memory-session-service.ts";
import { EventStream } from "./event-stream.ts";
import { Run } from "./run.ts";
import type { CheckedRunRequest } from "./run-request.ts";
import type { RunSettings } from "./run-settings.ts";

/**
 * The run of an agent that is used as a tool: through the same engine, in a session of its own that lives in memory as long
 * as the call. It starts with a copy of the caller's state; state that it writes reaches the caller through the tool's
 * context, and so do its artifacts. Signal, plugins and the limit of model calls are the caller's.
 */
export async function* runNested(
  settings: RunSettings,
  invocation: Invocation,
  { agent, message, toolContext, includePlugins }: NestedRunRequest,
): AsyncGenerator<Event, void, undefined> {
  const { appName, clock, newId, logger } = settings;
  const { userId } = toolContext;
  await using sessionService = new InMemorySessionService({ clock, newId });
  const { id: sessionId } = await sessionService.createSession({
    appName,
    userId,
    state: copiedState(toolContext),
  });
  const nested: RunSettings = {
    ...settings,
    rootAgent: agent,
    sessionService,
    // Of its own: what it keeps is gone with the session.
    contentsCache: new ContentsCache(),
    artifactsOf: () => forwarding(toolContext),
    resumable: false,
    ...(includePlugins ? {} : { pluginManager: new PluginManager([], { clock, logger }) }),
  };
  const {
    streamingMode: _streaming,
    getSessionConfig: _window,
    ...runConfig
  } = invocation.runConfig;
  const request: CheckedRunRequest = {
    userId,
    sessionId,
    message,
    invocationId: undefined,
    stateDelta: {},
    runConfig,
    yieldUserMessage: false,
    abortSignal: toolContext.abortSignal,
  };
  const { llmCalls } = invocation;
  const stream = new EventStream({
    start: (handOff) => {
      const run = new Run(nested, request, handOff, { llmCalls });
      run.start();
      return run;
    },
  });
  try {
    for await (const event of stream) {
      for (const key of Object.keys(event.actions.stateDelta))
        toolContext.state.set(key, event.actions.stateDelta[key]);
      for (const key of event.stateRemoved ?? []) toolContext.state.delete(key);
      yield event;
    }
  } catch (error) {
    passOnFatal(error, invocation);
    throw error;
  }
  if (toolContext.abortSignal.aborted) throw new Stopped();
  const session = await sessionService.getSession({ appName, userId, sessionId });
  const waiting = Object.values(session?.pendingCalls ?? {}).map(({ name }) => name);
  if (waiting.length > 0) throw nobodyAnswers(agent.name, waiting, toolContext);
}

/** The session is gone when the call returns, and with it whatever waits in it: the caller's model has to know. */
function nobodyAnswers(agentName: string, waiting: readonly string[], { actions }: Context): Error {
  delete actions.skipSummarization;
  return new AdkError(
    "FAILED_PRECONDITION",
    `Agent ${agentName} waits for an answer to ${waiting.join(", ")}, which nobody can give inside an agent tool. Ask in another way, or transfer to the agent.`,
    { details: { agent: agentName, waiting } },
  );
}

/** What could not be stored in the session of the tool ends the caller's run too. */
function passOnFatal(error: unknown, invocation: Invocation): void {
  const isOfSession =
    AdkError.isInstance(error) &&
    ["SESSION_FENCED", "SESSION_GONE", "EVENT_TOO_LARGE", "NOT_SERIALIZABLE"].includes(error.code);
  if (isOfSession) invocation.fatalErrors.add(error);
}

function copiedState({ state }: Context): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  const values = state.toRecord();
  for (const key of Object.keys(values))
    if (!key.startsWith("temp:") && !key.startsWith("_adk")) setOwn(copy, key, values[key]);
  return copy;
}

/** The caller's artifacts; what is saved is recorded on the caller's event. */
function forwarding(toolContext: Context): SessionArtifactService | undefined {
  const service = toolContext.invocationContext.artifactService;
  return (
    service && {
      ...service,
      saveArtifact: ({ filename, artifact, customMetadata }) =>
        toolContext.saveArtifact(filename, artifact, customMetadata),
    }
  );
}
