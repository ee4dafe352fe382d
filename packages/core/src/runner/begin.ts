import type { BaseAgent } from "../agents/base-agent.ts";
import type { Content } from "../content/content.ts";
import type { InvocationContext } from "../context/invocation-context.ts";
import { AdkError } from "../errors.ts";
import { createEvent, type Event } from "../events/event.ts";
import { equalJson } from "../internal/json.ts";
import { type Accepted, accept } from "./accept.ts";
import type { Commits } from "./commit.ts";
import { type CheckedRunRequest, checkMessage } from "./run-request.ts";
import { saveBlobs, withoutBlobs } from "./save-blobs.ts";
import { selectAgent } from "./select-agent.ts";

/**
 * Begins an invocation, or takes one up again: the message passes the hooks and is stored (once, however often it is sent
 * under the same id), and the agent for this turn is picked.
 *
 * @returns the context of that agent; of each, one after the other, when the message answers several.
 */
export async function begin(
  request: CheckedRunRequest,
  context: InvocationContext,
  commits: Commits,
  acceptedAtFirst: Accepted,
): Promise<readonly InvocationContext[]> {
  const { invocation, pluginManager } = context;
  let accepted = acceptedAtFirst;
  let message = request.message as Content;
  const replaced = await pluginManager.first("onUserMessageCallback", {
    invocationContext: context,
    userMessage: message,
  });
  if (replaced && replaced !== message) {
    message = checkMessage(replaced, "The message that a plugin's onUserMessageCallback gave");
    accepted = acceptAgain(request, context, message, accepted);
  }
  invocation.userContent = message;
  // Before anything of this run is stored: what the log said then decides who takes the turn.
  const turns = pickAgents(context, accepted);
  if (!isRetry(message, accepted, request)) {
    const event = await messageEvent(request, context, message, accepted);
    await commits.record(event, request.yieldUserMessage);
  }
  return turns.map((turn) => context.clone(turn));
}

/** What a hook answers in place of the run. */
export async function answerInstead(context: InvocationContext): Promise<Event | undefined> {
  const { invocation, pluginManager } = context;
  const content = await pluginManager.first("beforeRunCallback", { invocationContext: context });
  return (
    content &&
    createEvent({
      id: invocation.newId(),
      timestamp: invocation.clock.now(),
      invocationId: invocation.id,
      author: "model",
      content,
    })
  );
}

/** A plugin may turn a text into an answer, which then belongs to the invocation of its call. */
function acceptAgain(
  request: CheckedRunRequest,
  context: InvocationContext,
  message: Content,
  before: Accepted,
): Accepted {
  const accepted = accept({
    message,
    invocationId: request.invocationId,
    events: context.session.events,
    resumable: context.isResumable,
    newInvocationId: () => before.invocationId,
  });
  context.invocation.id = accepted.invocationId;
  return accepted;
}

interface Turn {
  readonly agent: BaseAgent;
  readonly branch: string | undefined;
}

function pickAgents(
  { session, agent: root, invocation }: InvocationContext,
  { answers = [], opened }: Accepted,
): readonly Turn[] {
  const asking: Map<string, Turn> = new Map();
  for (const { author, branch } of answers) {
    const agent = root.findAgent(author);
    if (agent) asking.set(JSON.stringify([author, branch ?? null]), { agent, branch });
  }
  if (asking.size > 0) return [...asking.values()];
  const start = opened?.sequence === undefined ? undefined : session.events.indexOf(opened);
  const before = start === undefined ? session.events : session.events.slice(0, start);
  return [{ agent: selectAgent(root, before, invocation.logger), branch: undefined }];
}

/**
 * Whether the log has this message already.
 *
 * @throws AdkError `INVALID_ARGUMENT` for another message under the id of an invocation that has one.
 */
function isRetry(message: Content, accepted: Accepted, request: CheckedRunRequest): boolean {
  const stored = withStoredForm(message, accepted, request);
  if (accepted.answered) return accepted.answered.some((event) => equalJson(event.content, stored));
  if (!accepted.opened) return false;
  if (equalJson(accepted.opened.content, stored)) return true;
  throw new AdkError(
    "INVALID_ARGUMENT",
    `Invocation ${accepted.invocationId} has another message. Send the same one to retry it, or leave \`invocationId\` out for a new invocation.`,
    { details: { invocationId: accepted.invocationId } },
  );
}

function withStoredForm(message: Content, accepted: Accepted, request: CheckedRunRequest): Content {
  return request.runConfig.saveInputBlobsAsArtifacts
    ? withoutBlobs(message, accepted.invocationId)
    : message;
}

async function messageEvent(
  request: CheckedRunRequest,
  context: InvocationContext,
  message: Content,
  { answers = [] }: Accepted,
): Promise<Event> {
  const { invocation } = context;
  const saved = request.runConfig.saveInputBlobsAsArtifacts
    ? await saveBlobs(context, message)
    : { message, artifactDelta: {} };
  // Seen by all branches when it answers calls of several.
  const [branch, ...others] = new Set(answers.map((event) => event.branch));
  return createEvent({
    id: invocation.newId(),
    timestamp: invocation.clock.now(),
    invocationId: invocation.id,
    author: "user",
    ...(branch === undefined || others.length > 0 ? {} : { branch }),
    content: saved.message,
    actions: { stateDelta: request.stateDelta, artifactDelta: saved.artifactDelta },
  });
}
