import { frozenView } from "../internal/frozen-view.ts";
import { readonlyView } from "../internal/readonly-view.ts";
import type { Session } from "../sessions/session.ts";
import type { Event } from "../events/event.ts";
import { InvocationContext } from "./invocation-context.ts";
import type { Invocation } from "./invocation.ts";

/** A run as an isolated plugin sees it, which may only read: copies, and services that write nothing. */
export function observedInvocationContext(context: InvocationContext): InvocationContext {
  const { invocation, agent, branch, abortSignal, runFrom } = context;
  const observed = new InvocationContext({
    invocation: observedInvocation(invocation),
    agent,
    branch,
    abortSignal,
    runFrom,
  });
  Object.freeze(observed);
  return observed;
}

function observedInvocation(invocation: Invocation): Invocation {
  const { state, lease, llmCalls, failures, contentsCache } = invocation;
  const { sessionService, artifactService, memoryService, credentialService } = invocation;
  const refused = readonlyView(invocation, "The run", []);
  let session: Session | undefined;
  return Object.freeze<Invocation>({
    ...invocation,
    get session(): Session {
      return (session ??= observedSession(invocation.session));
    },
    kept: Object.freeze([...invocation.kept]),
    window: frozenView(invocation.window),
    userContent: frozenView(invocation.userContent),
    runConfig: frozenView(invocation.runConfig),
    sessionService: readonlyView(sessionService, "The session service", [
      "getSession",
      "listSessions",
      "listEvents",
      "getUserState",
      "getAppState",
      "subscribe",
    ]),
    artifactService:
      artifactService &&
      readonlyView(artifactService, "The artifact service", [
        "loadArtifact",
        "openArtifact",
        "listArtifactKeys",
        "listVersions",
        "listArtifactVersions",
        "getArtifactVersion",
      ]),
    memoryService: memoryService && readonlyView(memoryService, "The memory", ["searchMemory"]),
    credentialService:
      credentialService && readonlyView(credentialService, "The credentials", ["loadCredential"]),
    pluginManager: invocation.pluginManager.withoutHooks(),
    state: readonlyView(state, "State", ["get", "has", "keys"]),
    lease: Object.freeze({ epoch: lease.epoch, attempt: lease.attempt }),
    contentsCache: readonlyView(contentsCache, "The contents", []),
    llmCalls: Object.freeze({ made: llmCalls.made }),
    failures: new Map(failures),
    fatalErrors: new WeakSet(),
    callArguments: new Map(),
    runNested: (request) => refused.runNested(request),
    record: (event) => refused.record(event),
    compact: undefined,
  });
}

/** Its events are frozen as they are. */
function observedSession({ events, ...session }: Session): Session {
  return Object.freeze({ ...frozenView(session), events: Object.freeze([...events]) as Event[] });
}
