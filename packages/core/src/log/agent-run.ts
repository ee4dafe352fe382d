import type { Event } from "../events/event.ts";
import { getFunctionCalls, getFunctionResponses } from "../events/predicates.ts";
import { liveFrom } from "./rewind.ts";

/** Where an agent's run begins: behind the event that started it. */
export interface RunStart {
  /** The log, or the part of it that was loaded. */
  readonly events: readonly Event[];
  /** Index of the first event that can belong to the run. */
  readonly from: number;
  readonly invocationId: string;
  readonly agent: string;
  readonly branch: string | undefined;
}

/** One run of an agent, as the log has it. */
export interface AgentRun {
  /** The agent's own events on its branch, its tool records, and the user's answers to its calls; up to and with its end. */
  readonly events: readonly Event[];
  /** Index in the log of the event that ends the run (`endOfAgent`). */
  readonly endIndex: number | undefined;
  /** Index behind the run, and behind what `afterAgentCallback` has left. */
  readonly nextIndex: number | undefined;
  /** The last checkpoint (`agentState`) and its index in the log. */
  readonly checkpoint:
    | { readonly state: Record<string, unknown>; readonly index: number }
    | undefined;
}

/**
 * Reads the run that begins at `start`. Answers are matched by the ids of the calls, never by branch: one message may answer
 * two branches. What was rewound is no part of it.
 */
export function agentRun(start: RunStart): AgentRun {
  const { events, from, invocationId, agent, branch } = start;
  const own: Event[] = [];
  let callIds: Set<string> | undefined;
  const isLive = liveFrom(events, from);
  let checkpoint: AgentRun["checkpoint"];
  for (let index = from; index < events.length; index++) {
    const event = events[index] as Event;
    if (event.invocationId !== invocationId || !isLive(index)) continue;
    if (event.author === "user") {
      if (getFunctionResponses(event).some(({ id }) => id !== undefined && callIds?.has(id)))
        own.push(event);
      continue;
    }
    if (event.author !== agent || event.branch !== branch) continue;
    own.push(event);
    for (const id of callIdsOf(event)) (callIds ??= new Set()).add(id);
    const { agentState, endOfAgent } = event.actions;
    if (agentState !== undefined) checkpoint = { state: agentState, index };
    if (endOfAgent)
      return { events: own, endIndex: index, nextIndex: behind(start, index, isLive), checkpoint };
  }
  return { events: own, endIndex: undefined, nextIndex: undefined, checkpoint };
}

function behind(
  { events, invocationId, agent, branch }: RunStart,
  endIndex: number,
  isLive: (index: number) => boolean,
): number {
  for (let index = endIndex + 1; index < events.length; index++) {
    const event = events[index] as Event;
    const isNext =
      event.invocationId === invocationId &&
      event.author === agent &&
      event.branch === branch &&
      isLive(index);
    if (!isNext) continue;
    return event.nodeInfo?.path.endsWith(AFTER_AGENT_PATH) ? index + 1 : endIndex + 1;
  }
  return endIndex + 1;
}

/** Ids of the calls of an event, those inside an agent tool's run included. */
export function* callIdsOf(event: Event): Generator<string, void, undefined> {
  for (const { id } of getFunctionCalls(event)) if (id !== undefined) yield id;
  if (event.toolRecord?.event) yield* callIdsOf(event.toolRecord.event);
}

/** The transfer that ended the run, and its index in the log; `undefined` when the run ended in another way. */
export function transferOf(
  start: RunStart,
  run: AgentRun,
): { readonly target: string; readonly index: number } | undefined {
  for (const event of run.events.toReversed()) {
    const target = event.actions.transferToAgent;
    if (target !== undefined && event.toolRecord === undefined)
      return { target, index: start.events.lastIndexOf(event) };
    // Words may still follow a transfer (of `afterAgentCallback`); a call or a response belongs to a run that went on.
    if (getFunctionCalls(event).length > 0 || getFunctionResponses(event).length > 0)
      return undefined;
  }
  return undefined;
}

/** Marks the event of a hook that answered in the agent's place. */
const BEFORE_AGENT_PATH = "@before_agent";

/** `nodeInfo` of the event with which `beforeAgentCallback` answered in the place of the agent. */
export function beforeAgentNode(agent: string): { path: string } {
  return { path: `${agent}${BEFORE_AGENT_PATH}` };
}

/** Marks the event that a hook has left behind the agent's end. */
const AFTER_AGENT_PATH = "@after_agent";

/** `nodeInfo` of the event that `afterAgentCallback` leaves: it is no part of the agent's next run. */
export function afterAgentNode(agent: string): { path: string } {
  return { path: `${agent}${AFTER_AGENT_PATH}` };
}

/** Whether a hook answered in the place of the agent. */
export function wasAnswered(run: AgentRun): boolean {
  return run.events.some((event) => event.nodeInfo?.path.endsWith(BEFORE_AGENT_PATH) ?? false);
}

/** Marks the event of a hook that answered in the place of the whole run. */
const BEFORE_RUN_PATH = "@before_run";

/** `nodeInfo` of the event with which `beforeRunCallback` answered in the place of the run. */
export function beforeRunNode(): { path: string } {
  return { path: BEFORE_RUN_PATH };
}

/** Whether a hook answered in the place of the run. */
export function isRunAnswer({ nodeInfo }: Event): boolean {
  return nodeInfo?.path === BEFORE_RUN_PATH;
}

/** Whether anything came behind an index on the way of a branch: of the branch itself or of those above it, not beside it. */
export function isFollowed(
  { events, invocationId, branch }: Omit<RunStart, "agent" | "from">,
  index: number,
): boolean {
  const isLive = liveFrom(events, index + 1);
  return events.some(
    (event, position) =>
      position > index &&
      event.invocationId === invocationId &&
      event.author !== "user" &&
      isLive(position) &&
      (event.branch === undefined ||
        event.branch === branch ||
        (branch?.startsWith(`${event.branch}.`) ?? false)),
  );
}

/** Marks the event that a failed run leaves. */
const FAILED_PATH = "@failed";

/** `nodeInfo` of the event that a failed run leaves; a run that goes on afterwards takes no notice of it. */
export function failedNode(agent: string): { path: string } {
  return { path: `${agent}${FAILED_PATH}` };
}

export function isFailure({ nodeInfo }: Event): boolean {
  return nodeInfo?.path.endsWith(FAILED_PATH) ?? false;
}
