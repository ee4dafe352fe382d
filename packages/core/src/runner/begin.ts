import type { BaseAgent } from "../agents/base-agent.ts";
import type { Content } from "../content/content.ts";
import type { InvocationContext } from "../context/invocation-context.ts";
import { AdkError } from "../errors.ts";
import { newEvent, type NewEventMembers } from "../context/new-event.ts";
import type { Event } from "../events/event.ts";
import { equalJson } from "../internal/json.ts";
import { beforeRunNode, isRunAnswer } from "../log/agent-run.ts";
import { liveFrom } from "../log/rewind.ts";
import type { Accepted } from "./accept.ts";
import type { Commits } from "./commit.ts";
import { type CheckedRunRequest, checkMessage } from "./run-request.ts";
import { saveBlobs, storedForm } from "./save-blobs.ts";
import { selectAgent } from "./select-agent.ts";

/**
 * Begins an invocation, or takes one up again: the message passes the hooks and is stored (once, however often it is sent
 * under the same id), and the agent for this turn is picked.
 *
 * @param accept what another message, which a hook gave, means on the log.
 * @returns the context of that agent; of each, one after the other, when the message answers several; none when the log has
 * what a hook answered in place of the run.
 */
export async function begin(
  request: CheckedRunRequest,
  context: InvocationContext,
  commits: Commits,
  acceptedAtFirst: Accepted,
  accept: (message: Content) => Promise<Accepted>,
): Promise<readonly InvocationContext[]> {
  const { invocation, pluginManager } = context;
  let accepted = acceptedAtFirst;
  let { message } = request;
  const replaced =
    message &&
    (await pluginManager.first("onUserMessageCallback", {
      invocationContext: context,
      userMessage: message,
    }));
  if (replaced && replaced !== message) {
    message = checkMessage(replaced, "The message that a plugin's onUserMessageCallback gave");
    // A plugin may turn a text into an answer, which then belongs to the invocation of its call.
    accepted = await accept(message);
    invocation.id = accepted.invocationId;
  }
  checkStillAnswers(request, message);
  const logged = message && redactedMessage(message, context);
  invocation.userContent = (context.isResumable ? accepted.opened?.content : undefined) ?? logged;
  const isNew = message !== undefined && !isRetry(message, context, accepted, request);
  if (wasAnsweredByHook(context, accepted)) return [];
  // Before anything of this run is stored: what the log said then decides who takes the turn.
  const turns = pickTurns(context, accepted, isNew);
  const event = await messageEvent(request, context, isNew ? message : undefined, accepted);
  if (event) await commits.record(event, request.yieldUserMessage);
  const here = context.session.events.length;
  return turns.map((turn) => context.clone({ ...turn, childFrom: turn.childFrom ?? here }));
}

/** @throws AdkError `PLUGIN_FAILED` when a hook has made something else of an answer: its caller would take it for given. */
function checkStillAnswers(
  { answeredCallId }: CheckedRunRequest,
  message: Content | undefined,
): void {
  if (answeredCallId === undefined) return;
  if (message?.parts?.some((part) => part.functionResponse?.id === answeredCallId)) return;
  const hook = "onUserMessageCallback";
  throw new AdkError(
    "PLUGIN_FAILED",
    `A plugin's ${hook} has put a message that does not answer call ${answeredCallId} in the place of its answer; nothing was stored. Let it return a \`functionResponse\` with the \`id\` of the call, or nothing.`,
    { details: { hook, callId: answeredCallId } },
  );
}

/** What a hook answers in place of the run. */
export async function answerInstead(context: InvocationContext): Promise<Event | undefined> {
  const { pluginManager } = context;
  const content = await pluginManager.first("beforeRunCallback", { invocationContext: context });
  return content && newEvent(context, { nodeInfo: beforeRunNode(), content }, { author: "model" });
}

/** A run that is taken up again: its `beforeRunCallback` has answered, and that is stored. */
function wasAnsweredByHook(
  { isResumable, session: { events } }: InvocationContext,
  { opened }: Accepted,
): boolean {
  if (!isResumable || opened === undefined) return false;
  const isLive = liveFrom(events, 0);
  for (let index = events.lastIndexOf(opened) + 1; index < events.length; index++) {
    const event = events[index] as Event;
    if (event.invocationId === opened.invocationId && isRunAnswer(event) && isLive(index))
      return true;
  }
  return false;
}

interface Turn {
  readonly agent: BaseAgent;
  readonly branch: string | undefined;
  /** Where the agent's run begins; absent: here. */
  readonly childFrom: number | undefined;
}

/**
 * The agents that take this turn. A resumable invocation is entered where it was: at the agent that the log before it speaks
 * for, whose stored run leads on to the one that asked. Elsewhere an answer goes to the agent that asked, and to it alone.
 */
function pickTurns(
  { session, agent: root, invocation, isResumable }: InvocationContext,
  { answers = [], opened }: Accepted,
  isNew: boolean,
): readonly Turn[] {
  const start = opened ? session.events.lastIndexOf(opened) : -1;
  if (!isResumable && answers.length > 0) {
    const asking: Map<string, Turn> = new Map();
    for (const { author, branch } of answers) {
      const agent = root.findAgent(author);
      const childFrom = isNew ? Math.max(start, 0) : undefined;
      if (agent) asking.set(JSON.stringify([author, branch ?? null]), { agent, branch, childFrom });
    }
    if (asking.size > 0) return [...asking.values()];
  }
  const before = start === -1 ? session.events : session.events.slice(0, start);
  return [
    {
      agent: selectAgent(root, before, invocation.logger, invocation.kept),
      branch: undefined,
      childFrom: isResumable && start !== -1 ? start + 1 : undefined,
    },
  ];
}

/**
 * Whether the log has this message already.
 *
 * @throws AdkError `INVALID_ARGUMENT` for another message under the id of an invocation that has one.
 */
function isRetry(
  message: Content,
  context: InvocationContext,
  accepted: Accepted,
  request: CheckedRunRequest,
): boolean {
  const form = storedForm(message, accepted.invocationId, request.runConfig);
  const stored = redactedMessage(form, context);
  if (accepted.answered) return accepted.answered.some((event) => equalJson(event.content, stored));
  if (accepted.answers || !accepted.opened) return false;
  if (equalJson(accepted.opened.content, stored)) return true;
  throw new AdkError(
    "INVALID_ARGUMENT",
    `Invocation ${accepted.invocationId} has another message. Send the same one to retry it, or leave \`invocationId\` out for a new invocation.`,
    { details: { invocationId: accepted.invocationId } },
  );
}

/** As the log would have it. */
function redactedMessage(message: Content, context: InvocationContext): Content | undefined {
  const { redaction } = context.pluginManager;
  if (redaction === undefined) return message;
  const event = newEvent(context, { content: message }, { author: "user", branch: undefined });
  return redaction.whole(event).content;
}

/** An answer to calls of several branches is seen by all. */
function commonBranch(events: readonly Event[]): string | undefined {
  const [branch, ...others] = new Set(events.map((event) => event.branch));
  return others.length > 0 ? undefined : branch;
}

/** What of the request is to be stored: its message, when that is new, or its state alone. */
async function messageEvent(
  request: CheckedRunRequest,
  context: InvocationContext,
  message: Content | undefined,
  accepted: Accepted,
): Promise<Event | undefined> {
  const { stateDelta } = request;
  const hasMore = request.message === undefined && Object.keys(stateDelta).length > 0;
  if (message === undefined && !hasMore) return undefined;
  const saved =
    message && request.runConfig.saveInputBlobsAsArtifacts
      ? await saveBlobs(context, message)
      : { message, artifactDelta: {} };
  const members: NewEventMembers = {
    actions: { stateDelta, artifactDelta: saved.artifactDelta },
  };
  if (saved.message !== undefined) members.content = saved.message;
  const branch = accepted.answers && commonBranch(accepted.answers);
  return newEvent(context, members, { author: "user", branch });
}
