import type { InvocationContext } from "../context/invocation-context.ts";
import type { OpenedSession } from "../sessions/requests.ts";
import type { Accepted } from "./accept.ts";
import type { Commits } from "./commit.ts";
import type { CheckedRunRequest } from "./run-request.ts";
import type { RunSettings } from "./run-settings.ts";
import type { StopSwitch } from "./stop-switch.ts";

/** What the steps of a run work with, once it has its session. */
export interface RunParts {
  readonly settings: RunSettings;
  readonly request: CheckedRunRequest;
  readonly opened: OpenedSession;
  /** What the request means on the session's log. */
  readonly accepted: Accepted;
  /** Of the root agent. */
  readonly context: InvocationContext;
  readonly commits: Commits;
  readonly stopSwitch: StopSwitch;
}
