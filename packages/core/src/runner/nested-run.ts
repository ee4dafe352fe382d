import type { SessionArtifactService } from "../artifacts/session-artifact-service.ts";
import type { Content, Part } from "../content/content.ts";
import type { Context } from "../context/context.ts";
import type { Invocation, NestedRunRequest, NestedRunResult } from "../context/invocation.ts";
import { AdkError } from "../errors.ts";
import type { Event } from "../events/event.ts";
import { ContentsCache } from "../flows/contents/cache.ts";
import { equalJson, setOwn } from "../internal/json.ts";
import { Stopped } from "../internal/stopped.ts";
import { agentRun, callIdsOf } from "../log/agent-run.ts";
import { pendingCalls } from "../log/pending.ts";
import { openRequests } from "../log/run-span.ts";
import { EventStream } from "./event-stream.ts";
import { type NestedSession, openNestedSession } from "./nested-session.ts";
import { Run } from "./run.ts";
import type { CheckedRunRequest } from "./run-request.ts";
import type { RunSettings } from "./run-settings.ts";

/**
 * The run of an agent that is used as a tool: through the same engine, in a session of its own. State that it writes reaches
 * the caller through the tool's context, and so do its artifacts. Signal, plugins and the limit of model calls are the
 * caller's. In an app that is resumable it may wait for an answer, and goes on when the caller's log has it.
 */
export async function runNested(
  settings: RunSettings,
  invocation: Invocation,
  { agent, message, toolContext, includePlugins }: NestedRunRequest,
): Promise<NestedRunResult> {
  const { clock, pluginManager, resumable } = settings;
  await using nested = await openNestedSession(toolContext);
  const { session, service } = nested;
  const key = { appName: session.appName, userId: session.userId };
  for (const event of nested.events) passOn(event, toolContext);
  const inner: RunSettings = {
    ...settings,
    rootAgent: agent,
    sessionService: service,
    // Of its own: what it keeps is gone with the session.
    contentsCache: new ContentsCache(),
    compactions: undefined,
    artifactsOf: () => forwarding(toolContext),
    ...(includePlugins ? {} : { pluginManager: pluginManager.withoutHooks() }),
  };
  const {
    streamingMode: _streaming,
    getSessionConfig: _window,
    ...runConfig
  } = invocation.runConfig;
  const request: CheckedRunRequest = {
    userId: session.userId,
    sessionId: session.id,
    message: nested.events.length === 0 ? message : newAnswers(toolContext, nested),
    // Derived from the call, so that the run is the same one after a crash.
    invocationId: resumable ? `e-${toolContext.functionCallId}` : undefined,
    stateDelta: {},
    runConfig,
    yieldUserMessage: false,
    abortSignal: toolContext.abortSignal,
  };
  const { llmCalls } = invocation;
  const stream = new EventStream({
    start: (handOff) => {
      const run = new Run(inner, request, handOff, {
        llmCalls,
        takesLateAnswers: true,
        callerStopReason: () => invocation.stopReason(),
      });
      run.start();
      return run;
    },
  });
  try {
    for await (const event of stream) passOn(event, toolContext);
  } catch (error) {
    passOnFatal(error, invocation);
    throw error;
  }
  if (toolContext.abortSignal.aborted) throw new Stopped();
  const events = (await service.getSession({ ...key, sessionId: session.id }))?.events ?? [];
  const result = resultOf(events, clock.now());
  if (result.isWaiting && !resumable) throw nobodyAnswers(agent.name, events, toolContext);
  return result;
}

/** What the run's session says: the same, whether the run has just ended or an earlier process has seen it to its end. */
function resultOf(events: readonly Event[], now: number): NestedRunResult {
  const invocationId = events[0]?.invocationId ?? "";
  const isWaiting =
    openRequests({ events, from: 0, invocationId, branch: undefined }, now).size > 0;
  const last = events.findLast(
    ({ author, content, errorCode, toolRecord }) =>
      author !== "user" &&
      toolRecord === undefined &&
      (content !== undefined || errorCode !== undefined),
  );
  return { last, isWaiting };
}

/** Answers in the caller's log to calls of the run that its own session does not have yet, as one message. */
function newAnswers(
  { invocationContext }: Context,
  { events }: NestedSession,
): Content | undefined {
  const callIds = new Set(events.flatMap((event) => [...callIdsOf(event)]));
  const known = events
    .filter(({ author }) => author === "user")
    .flatMap(({ content }) => content?.parts ?? []);
  const parts: Part[] = agentRun(invocationContext.runStart)
    .events.filter(({ author }) => author === "user")
    .flatMap(({ content }) => content?.parts ?? [])
    .filter(
      (part) =>
        callIds.has(part.functionResponse?.id ?? "") &&
        !known.some((other) => equalJson(other, part)),
    );
  return parts.length > 0 ? { role: "user", parts } : undefined;
}

/** State and artifacts that the run has written, in this process or before, reach the caller with the tool's response. */
function passOn({ actions, stateRemoved }: Event, { state, actions: own }: Context): void {
  for (const key of Object.keys(actions.stateDelta)) {
    if (!key.startsWith("temp:")) state.set(key, actions.stateDelta[key]);
  }
  for (const key of stateRemoved ?? []) state.delete(key);
  for (const filename of Object.keys(actions.artifactDelta))
    setOwn(own.artifactDelta, filename, actions.artifactDelta[filename]);
}

/** The session is gone when the call returns, and with it whatever waits in it: the caller's model has to know. */
function nobodyAnswers(
  agentName: string,
  events: readonly Event[],
  { actions }: Context,
): AdkError {
  delete actions.skipSummarization;
  const waiting = Object.values(pendingCalls(events)).map(({ name }) => name);
  return new AdkError(
    "FAILED_PRECONDITION",
    `Agent ${agentName} waits for an answer to ${waiting.join(", ")}, which nobody can give inside an agent tool of an app that is not resumable. Ask in another way, transfer to the agent, or make the app resumable.`,
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

/** The caller's artifacts; what is saved is recorded on the caller's event. */
function forwarding(toolContext: Context): SessionArtifactService | undefined {
  const service = toolContext.invocationContext.artifactService;
  return (
    service && {
      ...service,
      saveArtifact: ({ filename, artifact, customMetadata }) =>
        toolContext.saveArtifact(filename, artifact, customMetadata),
      saveArtifactStream: ({ filename, body, ...file }) =>
        toolContext.saveArtifactStream(filename, body, file),
    }
  );
}
