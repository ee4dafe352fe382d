import type { Content } from "../content/content.ts";
import type { Session } from "../sessions/session.ts";
import type { InvocationContext } from "./invocation-context.ts";
import type { RunConfig } from "./run-config.ts";
import { State, type StateValues } from "./state.ts";
import { AdkError } from "../errors.ts";
import { cloneJson } from "../internal/json.ts";

/** What instruction providers and toolsets see: everything of the invocation, nothing to write with. */
export class ReadonlyContext {
  readonly invocationContext: InvocationContext;

  constructor(invocationContext: InvocationContext) {
    this.invocationContext = invocationContext;
  }

  /** The message that started the invocation. */
  get userContent(): Content | undefined {
    return this.invocationContext.userContent;
  }
  get invocationId(): string {
    return this.invocationContext.invocationId;
  }
  get appName(): string {
    return this.invocationContext.appName;
  }
  get userId(): string {
    return this.invocationContext.userId;
  }
  get sessionId(): string {
    return this.invocationContext.session.id;
  }
  /** The session as the run sees it: its events are frozen, and grow with the run. */
  get session(): Session {
    return this.invocationContext.session;
  }
  /** Dotted path of parallel agents; absent outside of them. */
  get branch(): string | undefined {
    return this.invocationContext.branch;
  }
  /** The name of the running agent. */
  get agentName(): string {
    return this.invocationContext.agent.name;
  }
  get runConfig(): RunConfig {
    return this.invocationContext.runConfig;
  }
  /** Aborted when the run is to stop. */
  get abortSignal(): AbortSignal {
    return this.invocationContext.abortSignal;
  }

  /** Reads through to what the invocation sees, in copies; writing is refused. */
  get state(): Readonly<State> {
    const { state } = this.invocationContext.invocation;
    return new State(copiesOf(state), { delta: {}, removed: [] }, refuse);
  }
}

/** What is done to a copy changes nothing. */
function copiesOf(state: StateValues): StateValues {
  return {
    get: (key) => cloneJson(state.get(key)),
    has: (key) => state.has(key),
    keys: () => state.keys(),
    set: refuse,
  };
}

function refuse(key: string): never {
  throw new AdkError(
    "FAILED_PRECONDITION",
    `State ${key} cannot be written here: this context only reads. Write it in a callback or a tool.`,
  );
}
