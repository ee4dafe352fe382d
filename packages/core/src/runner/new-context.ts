import { InvocationContext } from "../context/invocation-context.ts";
import type { Invocation } from "../context/invocation.ts";
import { WorkingState } from "../context/working-state.ts";
import type { LogWindow } from "../log/window.ts";
import type { OpenedSession } from "../sessions/requests.ts";
import type { Commits } from "./commit.ts";
import type { CheckedRunRequest } from "./run-request.ts";
import type { RunSettings } from "./run-settings.ts";
import type { StopSwitch } from "./stop-switch.ts";

export interface NewContextParams {
  readonly request: CheckedRunRequest;
  readonly opened: OpenedSession;
  readonly invocationId: string;
  /** What the session's header said when it was opened. */
  readonly window: LogWindow;
  readonly stopSwitch: StopSwitch;
  readonly llmCalls: { made: number };
  /** Asked for when the first event is to be stored: they are made with the context. */
  readonly commits: () => Commits;
}

/** The root agent's context, and with it the invocation that all contexts of the run share. */
export function newContext(settings: RunSettings, params: NewContextParams): InvocationContext {
  const { request, opened, invocationId, window, stopSwitch, llmCalls, commits } = params;
  const { session, lease } = opened;
  const { compactions } = settings;
  const { message, runConfig } = request;
  const invocation: Invocation = {
    id: invocationId,
    session,
    kept: opened.kept,
    window,
    userContent: message,
    runConfig,
    sessionService: settings.sessionService,
    artifactService: settings.artifactsOf({
      appName: session.appName,
      userId: session.userId,
      sessionId: session.id,
    }),
    memoryService: settings.memoryService,
    credentialService: settings.credentialService,
    pluginManager: settings.pluginManager,
    state: new WorkingState(session),
    signal: stopSwitch.signal,
    stopReason: () => stopSwitch.reason,
    lease,
    resumable: settings.resumable,
    openedAt: session.lastSequence,
    contentsCache: settings.contentsCache,
    clock: settings.clock,
    newId: settings.newId,
    logger: settings.logger,
    abortGraceMs: settings.abortGraceMs,
    llmCalls,
    failures: new Map(),
    fatalErrors: new WeakSet(),
    callArguments: new Map(),
    record: (event) => commits().record(event),
    compact:
      compactions &&
      ((context) =>
        compactions.beforeModelCall(context, (event, header) => commits().summary(event, header))),
    runNested: (nested) => settings.runNested(settings, invocation, nested),
  };
  return new InvocationContext({ invocation, agent: settings.rootAgent });
}
