import type { BaseAgent } from "../agents/base-agent.ts";
import { equalJson } from "../internal/json.ts";
import { agentRun, isRunAnswer, type RunStart, transferOf } from "../log/agent-run.ts";
import { liveEvents } from "../log/rewind.ts";
import { openRequests } from "../log/run-span.ts";
import type { OpenedSession } from "../sessions/requests.ts";
import type { Accepted } from "./accept.ts";
import type { CheckedRunRequest } from "./run-request.ts";
import type { RunSettings } from "./run-settings.ts";
import { storedForm } from "./save-blobs.ts";
import { isAborted } from "./seal.ts";
import { selectAgent } from "./select-agent.ts";

/**
 * Whether there is nothing to take up again: the invocation has ended, was aborted, or waits for an answer that the request
 * does not bring; and its last run has come to its end, so that the header does not name it as open.
 */
export function isSettled(
  { rootAgent, clock, logger }: RunSettings,
  request: CheckedRunRequest,
  { session, kept, openInvocationId }: OpenedSession,
  accepted: Accepted,
): boolean {
  const { events } = session;
  const { invocationId, opened } = accepted;
  if (opened === undefined || openInvocationId === invocationId) return false;
  if (bringsAnswer(request, accepted) || bringsOther(request, accepted)) return false;
  const start = events.lastIndexOf(opened);
  const live = liveEvents(events).filter((event) => event.invocationId === invocationId);
  if (isAborted(live)) return true;
  const span = { events, from: start + 1, invocationId, branch: undefined };
  if (openRequests(span, clock.now()).size > 0) return true;
  if (live.some(isRunAnswer)) return true;
  const agent = selectAgent(rootAgent, events.slice(0, start), logger, kept);
  return hasEnded(rootAgent, { ...span, agent: agent.name });
}

/** Whether the invocation was aborted, and all that can be left to do is to seal what it has left open. */
export function isLeftToSeal(
  request: CheckedRunRequest,
  { session }: OpenedSession,
  accepted: Accepted,
): boolean {
  const { invocationId, opened } = accepted;
  if (opened === undefined || bringsAnswer(request, accepted)) return false;
  if (bringsOther(request, accepted)) return false;
  return isAborted(
    liveEvents(session.events).filter((event) => event.invocationId === invocationId),
  );
}

/** Whether the request answers something, and that is not stored yet. */
function bringsAnswer(
  { message }: CheckedRunRequest,
  { answers, answered = [] }: Accepted,
): boolean {
  return answers !== undefined && !answered.some((event) => equalJson(event.content, message));
}

/** Whether the message is not the one that is stored, unless a hook still makes it that. */
function bringsOther(
  { message, runConfig }: CheckedRunRequest,
  { answers, opened, invocationId }: Accepted,
): boolean {
  if (message === undefined || answers !== undefined) return false;
  return !equalJson(opened?.content, storedForm(message, invocationId, runConfig));
}

/** Whether the agent's run has ended, and those of all that it was handed over to. */
function hasEnded(root: BaseAgent, start: RunStart): boolean {
  const run = agentRun(start);
  if (run.endIndex === undefined) return false;
  const transfer = transferOf(start, run);
  if (transfer === undefined || root.findAgent(transfer.target) === undefined) return true;
  return hasEnded(root, { ...start, agent: transfer.target, from: transfer.index + 1 });
}
